"""The base class of harvesters: sources that read a server page by page."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from indexer.sources.base import Item
    from indexer.sources.http_client import HttpClient
    from peerscope.settings import Settings


@dataclass(frozen=True, slots=True)
class Selection:
    """Which works of a server to fetch, as given on the command line. Days are inclusive."""

    query: str | None = None
    filter_: str | None = None
    set_: str | None = None
    since: date | None = None
    until: date | None = None
    limit: int | None = None
    url: str | None = None
    prefix: str | None = None

    def options(self) -> set[str]:
        """Return the names of the options that are set, as on the command line."""
        return {field.name.rstrip("_") for field in fields(self) if getattr(self, field.name) is not None}


class Harvester(ABC):
    """A source that reads a server: at most `limit` records (None: all). Its size is unknown."""

    size: None = None
    position = 0
    #: The name by which the server is selected.
    format = ""

    def __init__(self, name: str, client: HttpClient, limit: int | None) -> None:
        """Store the name shown in messages; no request is sent yet."""
        self.name, self.client, self.limit = name, client, limit

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """Yield the Items of all pages; each page is requested when the one before has been consumed."""

    def __iter__(self) -> Iterator[Item]:
        with self.client:
            yield from islice(self.items(), self.limit)


@dataclass(frozen=True, slots=True)
class RemoteSource:
    """A server that can be harvested with `peerscope index --source NAME`."""

    name: str
    options: frozenset[str]
    """Options it understands besides `since`, `until` and `limit`: `query`, `filter`, `set`."""
    open: Callable[[Selection, Settings], Harvester]
    is_limit_enough: bool = True
    """Whether `--limit` alone selects works; False where the server needs a query or days as well."""

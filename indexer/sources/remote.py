"""What the sources that ask a server have in common: no size, a limit, and a client that is closed at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.sources.base import Item
    from indexer.sources.web import Web


class Feed(ABC):
    """Records of a server, page by page, `limit` of them at the most (None: all)."""

    size: None = None
    position = 0

    def __init__(self, name: str, web: Web, limit: int | None) -> None:
        """Name the source; nothing is asked yet."""
        self.name, self.web, self.limit = name, web, limit

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """Return the Items of all pages; the next page is asked for when the one before it is used up."""

    def __iter__(self) -> Iterator[Item]:
        with self.web:
            yield from islice(self.items(), self.limit)

"""Kinds of records inside JSON documents, and where responses of servers have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Keys that lead to the list of records in a response.
CONTAINERS = (
    ("results",),
    ("message", "items"),
    ("message",),
    ("items",),
    ("resultList", "result"),
    ("hits", "hits"),
    ("response", "docs"),
    ("notes",),
    ("data",),
    ("group",),
    ("activities-summary", "works", "group"),
    ("works", "group"),
    ("bulk",),
    ("result",),
    ("records",),
)
#: Keys under which a list has each record as one of several values.
_WRAPPERS = ("_source", "metadata", "attributes", "work", "paper", "citedPaper", "citingPaper")


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """A kind of record: the format's name, how a value is recognized, and the function that converts one."""

    name: str
    is_one: Callable[[object], bool]
    convert: Callable[[Any], dict[str, Any]]
    is_version: bool = False
    """Whether files may contain older versions of the same work after the newest."""


def contained(document: object) -> list[Any] | None:
    """Return the list of records in a response, None when there is none."""
    for keys in CONTAINERS:
        value = document
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list):
            return value
        if isinstance(value, dict) and keys[-1] in {"data", "message"}:
            return [value]
    return None


def unwrapped(value: object) -> Iterator[Any]:
    """Yield a value, and the values under the keys with which responses wrap records."""
    yield value
    if isinstance(value, dict):
        for key in _WRAPPERS:
            inner = value.get(key)
            if isinstance(inner, dict):
                yield from unwrapped(inner)


def texts_of(value: object) -> Iterator[str]:
    """Yield the texts in a value that is a text, a list of them, or anything else."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)


def date_parts(value: object) -> str | None:
    """Return the first of `date-parts` as `2019-10-02`, or the part of it that is known."""
    parts = value.get("date-parts") if isinstance(value, dict) else None
    numbers = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    texts = []
    for number in numbers[:3]:
        if not str(number).isdecimal():
            break
        texts.append(str(number).zfill(2))
    return "-".join(texts) or None

"""Paging through lists, by page number or by cursor."""

from __future__ import annotations

import base64
import binascii
import json
import math
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import TransportError

from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DEFAULT_PER_PAGE = 25
MAX_PER_PAGE = 100
#: OpenSearch's `index.max_result_window`: beyond it, a page would cost as much as all pages before it.
WINDOW = 10_000


@dataclass(frozen=True)
class Pagination:
    """One page of a list; pages count from 1. `cursor` takes the place of the page number beyond the window.

    `reads_on` says how one begins to read by cursor, in words for people; None for a list that cannot be.
    """

    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    cursor: str | None = None
    reads_on: str | None = None

    def __post_init__(self) -> None:
        if self.cursor is None and self.offset + self.per_page > WINDOW:
            window = f"the first {WINDOW:,} results"
            further = "This list has no cursor; narrow it, for example with filters."
            if self.reads_on:
                further = f"To read on, start with {self.reads_on} and follow meta.next_cursor."
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                f"page {str(self.page)[:20]} of {self.per_page} lies beyond {window}. {further}",
                {"page": [f"Lies beyond {window}; {'use cursor' if self.reads_on else 'there is no cursor'}."]},
                for_readers=f"Only {window} can be paged through. Narrow the search with more words or filters.",
            )

    @property
    def offset(self) -> int:
        """Number of results before this page."""
        return (self.page - 1) * self.per_page

    def after(self, count: int) -> Pagination | None:
        """Return the next page of a list of `count` results; None after the last one and at the end of the window."""
        end = self.offset + self.per_page
        if self.cursor is not None or end >= count or end + self.per_page > WINDOW:
            return None
        return replace(self, page=self.page + 1)

    def before(self) -> Pagination | None:
        """Return the previous page; None for the first."""
        return replace(self, page=self.page - 1) if self.page > 1 and self.cursor is None else None


def place(pagination: Pagination, order: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the part of a request that says which hits, in a total order that OpenSearch itself sorts by.

    Raises Problem for a cursor that is not one of ours.
    """
    asked: dict[str, Any] = {"sort": order, "size": pagination.per_page, "track_scores": True}
    if pagination.cursor is None:
        return {**asked, "from": pagination.offset}
    after = decode_cursor(pagination.cursor, order)
    return {**asked, "search_after": after[:-1]} if after else asked


def best_score(pagination: Pagination, answer: Mapping[str, Any]) -> float | None:
    """Return the best score of the whole list; after a cursor, the response has only that of its page."""
    kept = _decoded(pagination.cursor or "*")
    return kept[-1] if kept and isinstance(kept[-1], int | float) else answer["hits"]["max_score"]


def next_cursor(pagination: Pagination, answer: Mapping[str, Any]) -> str | None:
    """Return the cursor that continues after an answer to a request with `place`; None at the end and for pages."""
    hits = answer["hits"]["hits"]
    if pagination.cursor is None or len(hits) < pagination.per_page:
        return None
    return encode_cursor([*hits[-1]["sort"], best_score(pagination, answer)])


@contextmanager
def own_cursor(pagination: Pagination) -> Iterator[None]:
    """Raise the 400 for an invalid cursor where OpenSearch rejects its values."""
    try:
        yield
    except TransportError as error:
        if pagination.cursor and error.status_code == HTTPStatus.BAD_REQUEST:
            raise foreign_cursor() from error
        raise


def encode_cursor(sort_values: list[Any]) -> str:
    """Return the opaque cursor that continues after a hit with these sort values."""
    return base64.urlsafe_b64encode(json.dumps(sort_values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, order: Sequence[Mapping[str, Any]]) -> list[Any] | None:
    """Return what a cursor holds, the values to sort by and the best score; None for `*`, the beginning.

    Raises Problem when it is not one that a list in this order gave.
    """
    if cursor == "*":
        return None
    values = _decoded(cursor)
    if values is None or len(values) != len(order) + 1:
        raise foreign_cursor()
    # Of the fields to sort by, only a text can be missing; OpenSearch fails for a number that is null.
    fields = (field for one in order for field in one)
    if any(value is None and not field.endswith(".sort") for field, value in zip(fields, values, strict=False)):
        raise foreign_cursor()
    return values


def _decoded(cursor: str) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return list(values) if isinstance(values, list) and all(map(_is_plain, values)) else None


def _is_plain(value: object) -> bool:
    """Return whether a value can be a sort value: no list or object, nor a number that only Python's JSON has."""
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, int | str | None)


def foreign_cursor() -> Problem:
    """Return the 400 for an invalid cursor."""
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "cursor is not one that this list gave for this sort; start with cursor=* and follow meta.next_cursor.",
        {"cursor": ["Not a valid cursor."]},
    )

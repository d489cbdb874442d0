"""Which part of a list is asked for, and the links to the parts around it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from search_api.errors import Problem

DEFAULT_PER_PAGE = 25
MAX_PER_PAGE = 100
#: OpenSearch's own `index.max_result_window`: beyond it every page costs as much as all pages before it.
WINDOW = 10_000


@dataclass(frozen=True)
class Pagination:
    """One page of a list; pages count from 1. `cursor` takes the place of the page number beyond the window."""

    page: int = 1
    per_page: int = DEFAULT_PER_PAGE
    cursor: str | None = None

    def __post_init__(self) -> None:
        if self.offset + self.per_page > WINDOW:
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                f"page {self.page} of {self.per_page} lies beyond the first {WINDOW:,} results. "
                "To read on, start with cursor=* (with mode=keyword, or without q) and follow meta.next_cursor.",
                {"page": [f"Lies beyond the first {WINDOW:,} results; use cursor."]},
            )

    @property
    def offset(self) -> int:
        """Results before this page."""
        return (self.page - 1) * self.per_page

    def after(self, count: int) -> Pagination | None:
        """Give the next page of a list of `count` results; None after the last one and at the window's end."""
        end = self.offset + self.per_page
        if self.cursor is not None or end >= count or end + self.per_page > WINDOW:
            return None
        return replace(self, page=self.page + 1)

    def before(self) -> Pagination | None:
        """Give the page before; None for the first."""
        return replace(self, page=self.page - 1) if self.page > 1 and self.cursor is None else None


def encode_cursor(sort_values: list[Any]) -> str:
    """Give the opaque cursor that continues after a hit with these sort values."""
    return base64.urlsafe_b64encode(json.dumps(sort_values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Any] | None:
    """Give the sort values in a cursor; None for `*`, the beginning. Raises Problem when it is not one of ours."""
    if cursor == "*":
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    scalar = isinstance(values, list) and all(isinstance(value, int | float | str | None) for value in values)
    if not scalar or len(values) != length:
        raise foreign_cursor()
    return list(values)


def foreign_cursor() -> Problem:
    """Give the 400 for a cursor that is not one of ours."""
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "cursor is not one that this list gave for this sort; start with cursor=* and follow meta.next_cursor.",
        {"cursor": ["Not a valid cursor."]},
    )

"""Pages of short lists that are read from the database as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from search_api.http.paging import Pagination
from search_api.retrieval.listing import envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")


def page_of(found: Sequence[T], args: Mapping[str, Any], show: Callable[[T], Any] = lambda one: one) -> dict[str, Any]:
    """Return the page of a list that `args` requests, each row serialized by `show`."""
    place = Pagination(args["page"], args["per_page"])
    page = [show(one) for one in found[place.offset : place.offset + place.per_page]]
    return envelope(page, count=len(found), pagination=place)

"""What a search is for, as a sentence: the title of its feed, and its name among the things that somebody follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from search_api.http.services import Services
    from search_api.retrieval.filters import Filter


def title(text: str, asked: Iterable[Filter]) -> str:
    """Say as a sentence what a search is for: `Works on “x”, topic Machine Learning, year 2015-2020`."""
    return ", ".join([f"Works on “{text}”" if text else "Works", *(one.sentence() for one in asked)])


def labelled(services: Services, one: Filter) -> Filter:
    """Put names in the place of ids, where there are names."""
    index = queries.FACETS[one.name].labels if one.name in queries.FACETS else None
    if index is None:
        return one
    names = services.labels(services.names.name(index), [*one.wanted, *one.excluded])
    return replace(
        one,
        wanted=tuple(names.get(value, value) for value in one.wanted),
        excluded=tuple(names.get(value, value) for value in one.excluded),
    )

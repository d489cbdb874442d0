"""Facets: how the results spread over topics, years, venues, people.

A facet's own selection does not shrink it, so that another value can be chosen beside the first. Facets without a
selection ride along with the search; each one with a selection is counted by a request of its own, with all filters
but its own, since a vector search has its filters inside and cannot be widened afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.retrieval.filters import Filter

#: Values shown of one facet; years are all shown, there are few.
SIZE = 20
YEARS = 200


@dataclass(frozen=True)
class Facet:
    """What is counted, and the index whose documents hold the labels of its keys; without one, `called` makes them."""

    path: str
    labels: str | None = None
    by_key: bool = False
    called: Callable[[str], str] = str

    def aggregation(self) -> dict[str, Any]:
        """Return the OpenSearch aggregation."""
        if self.by_key:
            return {"terms": {"field": self.path, "size": YEARS, "order": {"_key": "desc"}}}
        return {"terms": {"field": self.path, "size": SIZE}}

    def chosen(self, chosen: Filter) -> dict[str, Any]:
        """Return the aggregation that counts the values chosen, which may be rarer than those shown.

        Only values that are keys of this facet: a year may be a span. Empty when there is none.
        """
        terms = {value: {"term": {self.path: value}} for value in chosen.wanted}
        keys = {key: term for key, term in terms.items() if chosen.field.clause(key) == term}
        return {"chosen": {"filters": {"filters": keys}}} if keys else {}


def riding_along(facets: Mapping[str, Facet], asked: Sequence[str], filters: Sequence[Filter]) -> dict[str, Any]:
    """Return the aggregations that the search itself can count: those asked for that have no selection."""
    selected = {one.name for one in filters}
    return {name: facets[name].aggregation() for name in asked if name not in selected}


def apart(asked: Sequence[str], filters: Sequence[Filter]) -> list[str]:
    """Name the facets that need a request of their own."""
    selected = {one.name for one in filters}
    return [name for name in asked if name in selected]


def with_chosen(buckets: list[dict[str, Any]], chosen: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the buckets shown and, behind them, those of values that are chosen and not among them."""
    shown = {bucket["key"] for bucket in buckets}
    return buckets + [{"key": key, **counted} for key, counted in chosen.items() if key not in shown]


def values(
    buckets: Iterable[Mapping[str, Any]], labels: Mapping[str, str], chosen: Filter | None
) -> list[dict[str, Any]]:
    """Turn an aggregation's buckets into what goes over the wire: `key`, `label`, `count`, `is_selected`."""
    return [
        {
            "key": (key := str(bucket["key"])),
            "label": labels.get(key, key),
            "count": bucket["doc_count"],
            "is_selected": chosen is not None and chosen.selects(key),
        }
        for bucket in buckets
    ]

"""Facets: how the results of a search are distributed over topics, years, venues, researchers.

A facet ignores the filter on its own field, so that a second value can be chosen. Facets of fields without a filter are
aggregations of the search itself ("inline"). Each facet of a filtered field needs a request with all other filters
("separate"), because a vector search contains its filters and cannot be widened afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.retrieval.filters import Facet, Field, Filter

Body = dict[str, Any]


def inline_aggregations(fields: Mapping[str, Field], names: Sequence[str], filters: Sequence[Filter]) -> Body:
    """Return the aggregations for the search request itself: the facets `names` whose fields have no filter."""
    separate = separate_facets(names, filters)
    return {name: facet.aggregation() for name in names if name not in separate and (facet := fields[name].facet)}


def separate_facets(names: Sequence[str], filters: Sequence[Filter]) -> list[str]:
    """Return those of the facets `names` that need a request of their own because their fields have a filter."""
    filtered = {filter_.name for filter_ in filters}
    return [name for name in names if name in filtered]


def separate_aggregations(facet: Facet, filter_: Filter) -> Body:
    """Return the aggregations of a separate request: the facet, and the selected values, which may be rare.

    A value such as a span of years is not a key of the facet and is left out.
    """
    terms = {value: {"term": {facet.path: value}} for value in filter_.wanted}
    keys = {key: term for key, term in terms.items() if filter_.field.clause(key) == term}
    selected = {"selected": {"filters": {"filters": keys}}} if keys else {}
    return {"facet": facet.aggregation(), **selected}


def read_facets(
    services: Services,
    index: str,
    fields: Mapping[str, Field],
    names: Sequence[str],
    filters: Sequence[Filter],
    response: Mapping[str, Any],
    query_without: Callable[[str], Body],
) -> dict[str, list[Body]]:
    """Return the facets `names` with labels, in this order.

    The inline ones are in `response`. The separate ones are counted in `index`; `query_without` returns the query for a
    name: the search with all filters except that on the facet's own field.
    """
    by_name = {filter_.name: filter_ for filter_ in filters}
    buckets = {name: counted["buckets"] for name, counted in response.get("aggregations", {}).items()}
    for name in separate_facets(names, filters):
        facet = fields[name].facet
        assert facet is not None  # noqa: S101 (the schema accepts names of facets only)
        body = {"size": 0, "query": query_without(name), "aggs": separate_aggregations(facet, by_name[name])}
        counted = services.search(index, body)["aggregations"]
        selected = counted.get("selected", {"buckets": {}})["buckets"]
        buckets[name] = with_selected(counted["facet"]["buckets"], selected)
    return {
        name: facet_values(buckets[name], _labels(services, facet, buckets[name]), by_name.get(name))
        for name in names
        if (facet := fields[name].facet)
    }


def _labels(services: Services, facet: Facet, buckets: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    keys = [str(bucket["key"]) for bucket in buckets]
    if facet.names:
        return services.labels(services.names.name(facet.names), keys)
    return {key: facet.label(key) for key in keys}


def with_selected(buckets: list[Body], selected: Mapping[str, Mapping[str, Any]]) -> list[Body]:
    """Return the buckets, followed by those of selected values that are not among them."""
    keys = {bucket["key"] for bucket in buckets}
    return buckets + [{"key": key, **bucket} for key, bucket in selected.items() if key not in keys]


def facet_values(buckets: Iterable[Mapping[str, Any]], labels: Mapping[str, str], filter_: Filter | None) -> list[Body]:
    """Return the values of a facet as in `FacetValue`: `key`, `label`, `count`, `is_selected`."""
    return [
        {
            "key": (key := str(bucket["key"])),
            "label": labels.get(key, key),
            "count": bucket["doc_count"],
            "is_selected": filter_ is not None and filter_.selects(key),
        }
        for bucket in buckets
    ]

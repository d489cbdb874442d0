"""Facets: how the results of a search are distributed over topics, years, venues, researchers.

All facets of a list are counted in the request for the list itself. A facet ignores the filter on its own field, so
that a second value can be chosen: filters on counted fields are applied after the aggregations (`post_filter`), and
each aggregation applies those on the other fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.retrieval.filters import clauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.retrieval.filters import Facet, Field, Filter

Body = dict[str, Any]


def counting(
    fields: Mapping[str, Field], names: Sequence[str], filters: Sequence[Filter], fixed: Sequence[Body] = ()
) -> tuple[list[Body], Body]:
    """Return clauses for the query of a list, and the parts of its request that count the facets `names`.

    The clauses and the `post_filter` among the parts together apply all `filters` and the `fixed` clauses.
    """
    late = {filter_.name: filter_ for filter_ in filters if filter_.name in names}
    early = [filter_.clause() for filter_ in filters if filter_.name not in late]
    parts: Body = {"post_filter": {"bool": {"filter": clauses(late.values())}}} if late else {}
    if names:
        parts["aggs"] = {name: _aggregation(fields[name], name, late) for name in names}
    return [*early, *fixed], parts


def _aggregation(field: Field, name: str, late: Mapping[str, Filter]) -> Body:
    """Return the aggregation of a facet under the filters on other counted fields, named `values` and `selected`."""
    assert field.facet is not None  # noqa: S101 (the schema accepts names of facets only)
    aggregations = {"values": field.facet.aggregation()}
    if name in late and (keys := _selected(field.facet, late[name])):
        aggregations["selected"] = {"filters": {"filters": keys}}
    return {"filter": {"bool": {"filter": clauses(late.values(), without=name)}}, "aggs": aggregations}


def _selected(facet: Facet, filter_: Filter) -> Body:
    """Return a clause for each selected value that is a key of the facet, unlike a span of years; it may be rare."""
    terms = {value: {"term": {facet.path: value}} for value in filter_.wanted}
    return {key: term for key, term in terms.items() if filter_.field.clause(key) == term}


def read_facets(
    services: Services,
    fields: Mapping[str, Field],
    names: Sequence[str],
    filters: Sequence[Filter],
    counted: Mapping[str, Any],
) -> dict[str, list[Body]]:
    """Return the facets `names` with labels, in this order. `counted` are the aggregations of `counting`."""
    by_name = {filter_.name: filter_ for filter_ in filters}
    buckets = {
        name: with_selected(counted[name]["values"]["buckets"], counted[name].get("selected", {}).get("buckets", {}))
        for name in names
    }
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

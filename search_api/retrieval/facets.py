"""Facets: how the results of a search are distributed over topics, years, venues, researchers.

All facets of a list are counted in the request for the list itself. A facet ignores the filter on its own field, so
that a second value can be chosen: filters on counted fields are applied after the aggregations (`post_filter`), and
each aggregation applies those on the other fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.retrieval.cache import ExpiringCache
from search_api.retrieval.filters import clauses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.retrieval.filters import Facet, Field, Filter

Body = dict[str, Any]

#: Names of facet values that are cached (about 10 MB), and for how many seconds.
MAX_LABELS = 50_000
SECONDS = 600.0


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
    """Return the aggregation of a facet under the filters on other counted fields, named `values` and `selected`.

    Without filters it is that of the values alone: to apply none takes a tenth of the time of six facets.
    """
    assert field.facet is not None  # noqa: S101 (the schema accepts names of facets only)
    if not late:
        return field.facet.aggregation()
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
    generation: str | None = None,
) -> dict[str, list[Body]]:
    """Return the facets `names` with labels, in this order. `counted` are the aggregations of `counting`.

    `generation` is the index that they count.
    """
    facets = {name: facet for name in names if (facet := fields[name].facet)}
    by_name = {filter_.name: filter_ for filter_ in filters}
    buckets = {
        name: with_selected(
            counted[name].get("values", counted[name])["buckets"], counted[name].get("selected", {}).get("buckets", {})
        )
        for name in facets
    }
    keys = {name: [str(bucket["key"]) for bucket in buckets[name]] for name in facets}
    named: dict[str, list[str]] = {}
    for name, facet in facets.items():
        if facet.names:
            named.setdefault(facet.names, []).extend(keys[name])
    labels = services.shared(Labels).of(services, generation, named)
    return {
        name: facet_values(
            buckets[name],
            labels[facet.names] if facet.names else {key: facet.label(key) for key in keys[name]},
            by_name.get(name),
        )
        for name, facet in facets.items()
    }


class Labels:
    """Cache of the names of topics, researchers and institutions by generation and id. Safe for several threads.

    Names never change within a generation, so that those of the new one appear when it goes live. They expire, because
    after a rollback the next generation has the name of the discarded one.
    """

    def __init__(self) -> None:
        """Start empty; names expire after `SECONDS`."""
        self._known: ExpiringCache[tuple[str, str, str], str] = ExpiringCache(MAX_LABELS, SECONDS)

    def of(
        self, services: Services, generation: str | None, wanted: Mapping[str, Sequence[str]]
    ) -> dict[str, dict[str, str]]:
        """Return the names of ids by kind, such as `topics`; missing ones are omitted. At most one request is sent.

        Without a `generation`, because there are no hits, all names are read.
        """
        found: dict[str, dict[str, str]] = {kind: {} for kind in wanted}
        missing: list[tuple[str, str]] = []
        for kind, ids in wanted.items():
            for id_ in ids:
                if generation and (name := self._known.get((generation, kind, id_))):
                    found[kind][id_] = name
                else:
                    missing.append((kind, id_))
        for (kind, id_), name in services.labels_of(missing).items():
            found[kind][id_] = name
            if generation:
                self._known.put((generation, kind, id_), name)
        return found


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

"""Browsing topics and institutions: both are names with works, listed and counted in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from search_api.http.args import CursorArgs
from search_api.http.paging import Pagination, next_cursor, place
from search_api.retrieval.filters import Sort
from search_api.retrieval.listing import count_of, envelope
from search_api.retrieval.terms import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.http.services import Services

Body = dict[str, Any]

SORTS = {
    "works_count": Sort([{"works_count": "desc"}, {"id": "asc"}], "number of works"),
    "name": Sort([{"name.sort": "asc"}, {"id": "asc"}], "name"),
}
SOURCE = {"excludes": ["indexed_at"]}
#: Researchers and topics shown on the page of a topic or institution.
LEADING = 10
#: Words of a name that are matched.
MAX_WORDS = 50
#: Works per year; all years are returned.
YEARS: Body = {"terms": {"field": "year", "size": 200, "order": {"_key": "asc"}}}


class BrowseArgs(CursorArgs):
    """Parameters of a list of topics or institutions."""

    q = fields.String(
        load_default="", validate=validate.Length(max=500), metadata={"description": "Part of the name, or an id."}
    )
    sort = fields.String(
        load_default="works_count",
        validate=validate.OneOf(tuple(SORTS)),
        metadata={"description": "By number of works or by name."},
    )


def query(text: str) -> Body:
    """Return the query for names that contain all words, the last one possibly incomplete, or for an id.

    An empty text matches all.
    """
    if not text:
        return {"match_all": {}}
    names = ["name.suggest", "name.suggest._2gram", "name.suggest._3gram"]
    by_name = {
        "multi_match": {
            "query": shorten(text, MAX_WORDS, MAX_WORDS),
            "type": "bool_prefix",
            "operator": "and",
            "fields": names,
        }
    }
    by_id = {"term": {"id": {"value": text, "case_insensitive": True}}}
    return {"bool": {"should": [by_name, by_id]}}


def pagination_of(args: Mapping[str, Any]) -> Pagination:
    """Return the requested part of a list. Raises Problem (400) beyond the window."""
    return Pagination(args["page"], args["per_page"], args["cursor"], reads_on="cursor=*")


def request(args: Mapping[str, Any], clauses: Sequence[Body] = ()) -> Body:
    """Return the request body for a list as `BrowseArgs` describe it."""
    return {
        "query": {"bool": {"must": [query(args["q"].strip())], "filter": list(clauses)}},
        **place(pagination_of(args), SORTS[args["sort"]].order),
        "track_total_hits": True,
        "_source": SOURCE,
    }


def to_list(
    response: Mapping[str, Any], args: Mapping[str, Any], serialize: Callable[[list[Any]], Sequence[Mapping[str, Any]]]
) -> Body:
    """Return the list of a response to `request`; `serialize` turns stored documents into results."""
    results = serialize([hit["_source"] for hit in response["hits"]["hits"]])
    pagination = pagination_of(args)
    following = next_cursor(pagination, response)
    return envelope(results, **count_of(response), pagination=pagination, next_cursor=following)


def counts_by_year(buckets: Iterable[Mapping[str, Any]]) -> list[Body]:
    """Return the buckets of `YEARS` as in `YearCount`."""
    return [{"year": bucket["key"], "works": bucket["doc_count"]} for bucket in buckets]


def with_names(
    services: Services, index: str, buckets: Sequence[Mapping[str, Any]], count: str, **extras: Callable[[Any], Any]
) -> list[Body]:
    """Return buckets of ids as `id`, `name` and the number of works under the key `count`.

    Each of `extras` computes a further value from the bucket.
    """
    names = services.labels(index, [bucket["key"] for bucket in buckets])
    return [
        {
            "id": bucket["key"],
            "name": names.get(bucket["key"], bucket["key"]),
            count: bucket["doc_count"],
            **{key: compute(bucket) for key, compute in extras.items()},
        }
        for bucket in buckets
    ]

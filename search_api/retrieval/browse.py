"""Topics and institutions are both names with works behind them: what browsing them has in common stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import fields, validate

from search_api.http.args import CursorArgs
from search_api.http.paging import Pagination, next_cursor, place
from search_api.retrieval.listing import count_of, envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.http.services import Services

Body = dict[str, Any]

SORTS: dict[str, list[Body]] = {
    "works_count": [{"works_count": "desc"}, {"id": "asc"}],
    "name": [{"name.sort": "asc"}, {"id": "asc"}],
}
SOURCE = {"excludes": ["indexed_at"]}
#: Researchers and topics shown beside one of them.
LEADING = 10
#: Years are all shown, there are few.
YEARS: Body = {"terms": {"field": "year", "size": 200, "order": {"_key": "asc"}}}


class GroupsArgs(CursorArgs):
    """A list of topics or institutions."""

    q = fields.String(
        load_default="", validate=validate.Length(max=500), metadata={"description": "Part of the name, or an id."}
    )
    sort = fields.String(
        load_default="works_count",
        validate=validate.OneOf(tuple(SORTS)),
        metadata={"description": "Most works first, or by name."},
    )


def query(text: str) -> Body:
    """Match by the words of a name in any order, the last of which may be only begun; or by id. All without a text."""
    if not text:
        return {"match_all": {}}
    names = ["name.suggest", "name.suggest._2gram", "name.suggest._3gram"]
    by_name = {"multi_match": {"query": text, "type": "bool_prefix", "operator": "and", "fields": names}}
    by_id = {"term": {"id": {"value": text, "case_insensitive": True}}}
    return {"bool": {"should": [by_name, by_id]}}


def pagination_of(args: Mapping[str, Any]) -> Pagination:
    """Return which part of a list is asked for. Raises Problem (400)."""
    return Pagination(args["page"], args["per_page"], args["cursor"], reads_on="cursor=*")


def request(args: Mapping[str, Any], clauses: Sequence[Body] = ()) -> Body:
    """Return the request for a list as `GroupsArgs` describes it."""
    return {
        "query": {"bool": {"must": [query(args["q"].strip())], "filter": list(clauses)}},
        **place(pagination_of(args), SORTS[args["sort"]]),
        "track_total_hits": True,
        "_source": SOURCE,
    }


def page(answer: Mapping[str, Any], args: Mapping[str, Any], dress: Callable[[list[Body]], list[Body]]) -> Body:
    """Make a list of the answer to `request`. `dress` makes results of what is stored."""
    results = dress([hit["_source"] for hit in answer["hits"]["hits"]])
    pagination = pagination_of(args)
    following = next_cursor(pagination, answer)
    return envelope(results, **count_of(answer), pagination=pagination, took_ms=answer["took"], next_cursor=following)


def by_year(buckets: Iterable[Mapping[str, Any]]) -> list[Body]:
    """Return `counts_by_year` of the buckets of `YEARS`."""
    return [{"year": bucket["key"], "works": bucket["doc_count"]} for bucket in buckets]


def named(
    services: Services, index: str, buckets: Sequence[Mapping[str, Any]], count: str, **more: Callable[[Any], Any]
) -> list[Body]:
    """Return each bucket as `id`, `name` and its number of works under `count`; `more` computes further parts of it."""
    names = services.labels(index, [bucket["key"] for bucket in buckets])
    return [
        {
            "id": bucket["key"],
            "name": names.get(bucket["key"], bucket["key"]),
            count: bucket["doc_count"],
            **{part: compute(bucket) for part, compute in more.items()},
        }
        for bucket in buckets
    ]

"""Search for works: `GET /works` starts here. Pages, feeds and exports call it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.http.paging import Pagination, own_cursor
from search_api.retrieval.facets import counting, read_facets
from search_api.retrieval.listing import envelope
from search_api.works import queries, result_set, spelling
from search_api.works.documents import to_result
from search_api.works.fields import FIELDS
from search_api.works.plan import Plan, Search, plan
from search_api.works.reading import read_all, read_page, score_parts, sorted_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.works.documents import WorkResult
    from search_api.works.reading import Page

Result = dict[str, Any]

#: How a list is read beyond the window of pages, for error messages.
READS_ON = "cursor=* (with mode=keyword, or without q)"
#: Attempts to read a result set and its works from one generation; a second one is needed when another was published.
ATTEMPTS = 3
#: Works that are offered when nothing is found, and the nearest ones among which filters select them.
NEAREST = 5
CANDIDATES = 50


def search(
    services: Services, args: Mapping[str, Any], fixed: Sequence[Result] = (), fields: Sequence[str] | None = None
) -> Result:
    """Return the list that `WorksArgs` describe; `fixed` are clauses besides its filters (works of a researcher).

    With `fields`, names of fields of `schemas.Work`, results have at least those; by default all.
    """
    asked, pagination, page = _page(services, args, fixed, queries.source(fields))
    results = [to_result(hit, page.best, asked.ranked_mode) for hit in page.hits]
    if args["explain"] and asked.query.source:
        _explain(services, asked, results)
    return envelope(
        results,
        count=page.count,
        pagination=pagination,
        facets=read_facets(services, FIELDS, args["facets"], asked.filters, page.counted, page.generation),
        mode=asked.ranked_mode,
        next_cursor=page.next_cursor,
        degraded=asked.degraded,
        did_you_mean=_did_you_mean(services, asked, page),
        notes={
            "interpreted": asked.interpretation and asked.interpretation.to_dict(),
            "entities": asked.named.to_list(),
            "nearest": _nearest(services, asked) if not page.count else [],
            "expanded": asked.query.forms
            and [{"short": short, "long": long} for short, long in asked.named.abbreviations],
            "author": asked.named.author(asked.query.source),
        },
    )


def _page(
    services: Services, args: Mapping[str, Any], fixed: Sequence[Result], source: Any
) -> tuple[Plan, Pagination, Page]:
    """Return the prepared search and its page, both over one generation of the collection; `source` are fields."""
    pagination = Pagination(args["page"], args["per_page"], args["cursor"], READS_ON)

    def page_searches(asked: Plan) -> list[Search]:
        return sorted_page(services, asked, pagination, *_read(asked, args, source))

    for _ in range(ATTEMPTS):
        with own_cursor(pagination):
            asked = plan(services, args, fixed, page_searches)
        page = read_page(services, asked, pagination, *_read(asked, args, source))
        if page.generation is None or asked.found.generation in {None, page.generation}:
            break
        result_set.forget(services, asked.mode, asked.query)
    return asked, pagination, page


def search_all(
    services: Services, args: Mapping[str, Any], limit: int, fixed: Sequence[Result] = ()
) -> Iterator[WorkResult]:
    """Yield all results of a search, at most `limit`, while they are read; the first has the best score."""
    asked = plan(services, args, fixed)
    mode = asked.ranked_mode if asked.sort == "relevance" else None
    best = None
    for hit in read_all(services, asked, limit):
        best = hit["_score"] if best is None else best
        yield to_result(hit, best, mode)


def _read(asked: Plan, args: Mapping[str, Any], source: Any) -> tuple[Result, tuple[list[Result], Result]]:
    """Return what is read of each work, and how the list is narrowed and counted."""
    read: Result = {"_source": source}
    if args["highlight"] and asked.query.source:
        read["highlight"] = queries.highlight(asked.query)
    return read, counting(FIELDS, args["facets"], asked.filters, asked.fixed)


def _explain(services: Services, asked: Plan, results: Sequence[WorkResult]) -> None:
    """Add to each result the two parts of its score as `match`."""
    # Any word: a result may have fewer than a hybrid search demands of its keyword matches.
    keyword = queries.any_word(asked.query)
    parts = score_parts(services, [result["id"] for result in results], keyword, asked.found.vector, asked.weights)
    for result in results:
        result["match"] = parts[result["id"]]


def _nearest(services: Services, asked: Plan) -> list[Result]:
    """Return up to `NEAREST` works that are too far from the query to be results, but pass the filters."""
    candidates = dict(list(asked.found.nearby.items())[:CANDIDATES])
    if not candidates:
        return []
    query = {"bool": {"filter": [queries.only(list(candidates)), *asked.clauses()]}}
    body = {"query": query, "size": CANDIDATES, "_source": ["id", "title"]}
    works = [hit["_source"] for hit in services.search(services.names.works, body)["hits"]["hits"]]
    works.sort(key=lambda work: -candidates[work["id"]])
    return [{"id": work["id"], "title": work["title"], "semantic": candidates[work["id"]]} for work in works[:NEAREST]]


def _did_you_mean(services: Services, asked: Plan, page: Page) -> str | None:
    """Return another spelling of a keyword search, and of a hybrid one whose words match nothing."""
    is_needed = page.has_unknown_words or not asked.found.has_keyword_hits
    return spelling.suggest(services, asked) if is_needed else None

"""Reads the result set of a search under its filters: one page or all of it, in the same total order.

A ranked list has the best keyword hits and the neighbours in the order of their fused scores. More works may match by
keyword; they follow with a score of 0, in the order of their keyword scores, so that a list is as long as its count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from search_api.http.paging import best_score, next_cursor, own_cursor, place
from search_api.retrieval import clauses, ranking
from search_api.retrieval.hits import count_only, hit_ids, hit_scores, only_fields
from search_api.works import queries, spelling
from search_api.works.documents import only_id, read_hits, reading, with_scores
from search_api.works.fields import SORTS
from search_api.works.plan import Sent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.http.paging import Pagination
    from search_api.http.services import Services
    from search_api.retrieval.ranking import RankingWeights
    from search_api.works.documents import WorkHit
    from search_api.works.plan import Plan
    from search_api.works.result_set import ResultSet

Body = dict[str, Any]

#: Works per request when a whole list is read: about 1.5 MB.
CHUNK = 500


@dataclass(frozen=True)
class Page:
    """One page of a list: its hits, the number of all results and the best score of the list.

    `counted` are the aggregations. `has_unknown_words` says that a word of a keyword search occurs nowhere.
    """

    hits: Sequence[WorkHit]
    count: int
    best: float | None = None
    counted: Mapping[str, Any] = field(default_factory=dict)
    has_unknown_words: bool = False
    next_cursor: str | None = None

    @property
    def generation(self) -> str | None:
        """The index that the hits are from; None if there are none."""
        return self.hits[0]["_index"] if self.hits else None


def read_page(
    services: Services, plan: Plan, pagination: Pagination, read: Body, narrowing: tuple[list[Body], Body]
) -> Page:
    """Return one page. `read` names what is read of each work, `narrowing` is the result of `facets.counting`."""
    if plan.is_ranked:
        return ranked_page(services, plan.found, plan.clauses(), pagination, read, narrowing)
    with own_cursor(pagination):
        sent = plan.sent or Sent.send(services, sorted_page(services, plan, pagination, read, narrowing))
    words = [spelling.looked_up(body) for _, body in sent.searches]
    checks = {word: found for word, found in zip(words, sent.responses, strict=True) if word}
    # The search before the checks counts; it is the first one or follows it.
    response, counted = sent.responses[0], sent.responses[-len(checks) - 1]
    hits: list[WorkHit] = response["hits"]["hits"]
    count = counted["hits"]["total"]["value"]
    if counted is not response and len(hits) < min(pagination.per_page, count - pagination.offset):
        body = _uncounted(_sorted(plan, pagination, read, narrowing))
        hits = services.search(services.names.works, body)["hits"]["hits"]
    if plan.found.ranked:
        hits = [{**hit, "_score": plan.found.ranked.get(hit["_id"], 0.0)} for hit in hits]
    return Page(
        hits,
        count,
        best_score(pagination, response),
        counted.get("aggregations", {}),
        bool(spelling.missing(services, list(checks), list(checks.values()))),
        next_cursor(pagination, response),
    )


def sorted_page(
    services: Services, plan: Plan, pagination: Pagination, read: Body, narrowing: tuple[list[Body], Body]
) -> list[tuple[str, Body]]:
    """Return the searches for a page in an order that OpenSearch sorts by; in keyword mode also one for each new word.

    Those find out whether the word occurs: looking for other spellings takes longer than the search itself. A
    separate search counts a list that is ranked by words, so that OpenSearch does not have to score all works.
    """
    bodies = [_sorted(plan, pagination, read, narrowing)]
    if _is_best_first(plan, pagination):
        early, counting = narrowing
        best = {"bool": {"must": [queries.best_with_any_word(plan.query)], "filter": early}}
        count = {**count_only({"bool": {"filter": [plan.found.clause(), *early]}}), **counting}
        bodies = [{**_uncounted(bodies[0]), "query": best}, count]
    is_keyword = plan.query.source and plan.mode == "keyword"
    words = services.shared(spelling.KnownWords).unseen(services, plan.query) if is_keyword else []
    checks = [spelling.occurrence(word, plan.query.languages) for word in words]
    return [(services.names.works, body) for body in (*bodies, *checks)]


def _sorted(plan: Plan, pagination: Pagination, read: Body, narrowing: tuple[list[Body], Body]) -> Body:
    """Return the search for a page in the plan's order, for all works of the set, with their number and facets."""
    early, counting = narrowing
    query = {"bool": {"must": [plan.found.clause()], "filter": early}}
    return {"query": query, "track_total_hits": True, **read, **counting, **place(pagination, plan.order)}


def _uncounted(search: Body) -> Body:
    """Return a search without what counts its works: their number and facets."""
    return {name: part for name, part in search.items() if name != "aggs"} | {"track_total_hits": False}


def _is_best_first(plan: Plan, pagination: Pagination) -> bool:
    """Return whether a page has the best works by words, which are searched apart from the number of all."""
    return (
        bool(plan.query.embedding_text) and (plan.mode, plan.sort) == ("keyword", "relevance") and not pagination.cursor
    )


def ranked_page(
    services: Services,
    found: ResultSet,
    filters: list[Body],
    pagination: Pagination,
    read: Body,
    narrowing: tuple[list[Body], Body],
) -> Page:
    """Return one page of a result set in the order of its scores; `filters` are all clauses that narrow it."""
    index, end = services.names.works, pagination.offset + pagination.per_page
    early, counting = narrowing
    ids = list(found.ranked)
    searches = _totals(found, filters, early, counting)
    if filters:
        searches["passing"] = _passing(found, filters)
    elif (shown := ids[pagination.offset : end]) and not _is_known(found, read):
        searches["works"] = reading(shown, read)
    responses = dict(
        zip(searches, services.search_together([(index, body) for body in searches.values()]), strict=True)
    )
    if filters:
        passing = set(hit_ids(responses["passing"]))
        ids = [id_ for id_ in ids if id_ in passing]
    scores = {id_: found.ranked[id_] for id_ in ids[pagination.offset : end]}
    if "works" in responses:
        hits = with_scores(responses["works"], scores)
    elif _is_known(found, read):
        hits = [only_id(id_, score, found.generation or "") for id_, score in scores.items()]
    else:
        hits = read_hits(services, scores, read)
    if "count" in responses:
        count = responses["count"]["hits"]["total"]["value"]
    elif "shared" in responses and found.matching is not None:
        count = found.matching + len(found.neighbours) - responses["shared"]["hits"]["total"]["value"]
    else:
        count = len(ids) if filters or found.size is None else found.size
    if len(ids) < min(end, count):
        window = {"from": max(0, pagination.offset - len(ids)), "size": pagination.per_page - len(scores)}
        hits += _rest(services, found, filters, {**read, **window})
    best = next(iter(found.ranked.values()), None)
    return Page(hits, count, best, responses.get("count", {}).get("aggregations", {}))


def _is_known(found: ResultSet, read: Body) -> bool:
    """Return whether a page needs only what the set itself has: the ids of works of the current generation."""
    return found.is_new and read == {"_source": ["id"]}


def _totals(found: ResultSet, filters: list[Body], early: list[Body], counting: Body) -> dict[str, Body]:
    """Return the searches that count a list: all its works, or those neighbours that were counted by keyword."""
    if (found.is_complete if filters else found.size is not None) and not counting:
        return {}
    if found.matching is not None and not (filters or counting):
        return {"shared": count_only({"bool": {"filter": [found.keyword, queries.only(found.neighbours)]}})}
    return {"count": {**count_only({"bool": {"filter": [found.clause(), *early]}}), **counting}}


def _passing(found: ResultSet, filters: list[Body]) -> Body:
    """Return the request for those of the ranked works that pass the filters."""
    ranked = queries.only(list(found.ranked))
    return {
        "query": {"bool": {"filter": [ranked, *filters]}},
        "size": max(1, len(found.ranked)),
        "sort": ["_doc"],
        "track_total_hits": False,
        **only_fields(),
    }


def _rest(services: Services, found: ResultSet, filters: list[Body], parts: Body) -> list[WorkHit]:
    """Return hits by keyword that follow the ranked ones, with score 0."""
    query = {"bool": {"must": [found.rest()], "filter": filters}}
    body = {"query": query, "sort": SORTS["relevance"].order, "track_total_hits": False, **parts}
    hits: list[WorkHit] = services.search(services.names.works, body)["hits"]["hits"]
    return [{**hit, "_score": 0.0} for hit in hits]


def read_all(services: Services, plan: Plan, limit: int) -> Iterator[WorkHit]:
    """Yield all hits of a search, at most `limit`, with one chunk in memory at a time; each with its score, if any."""
    hits = (
        _ranked_then_rest(services, plan)
        if plan.is_ranked
        else _scroll(services, plan.found.clause(), plan.clauses(), plan.order)
    )
    return islice(hits, limit)


def _ranked_then_rest(services: Services, plan: Plan) -> Iterator[WorkHit]:
    found, filters = plan.found, plan.clauses()
    ids = list(found.ranked)
    if filters and ids:
        passing = set(hit_ids(services.search(services.names.works, _passing(found, filters))))
        ids = [id_ for id_ in ids if id_ in passing]
    for start in range(0, len(ids), CHUNK):
        scores = {id_: found.ranked[id_] for id_ in ids[start : start + CHUNK]}
        yield from read_hits(services, scores, {"_source": queries.SOURCE})
    if not found.is_complete:
        for hit in _scroll(services, found.rest(), filters, SORTS["relevance"].order):
            yield {**hit, "_score": 0.0}


def _scroll(services: Services, query: Body, filters: list[Body], order: list[Body]) -> Iterator[WorkHit]:
    """Yield a list to its end, each chunk after the last hit of the previous one."""
    body: Body = {
        "query": {"bool": {"must": [query], "filter": filters}},
        "_source": queries.SOURCE,
        "size": CHUNK,
        "sort": order,
        "track_scores": True,
        "track_total_hits": False,
    }
    while hits := services.search(services.names.works, body)["hits"]["hits"]:
        yield from hits
        if len(hits) < CHUNK:
            return
        body["search_after"] = hits[-1]["sort"]


def score_parts(
    services: Services,
    ids: Sequence[str],
    keyword: Body,
    vector: NDArray[np.float32] | None,
    weights: RankingWeights,
) -> dict[str, dict[str, float]]:
    """Return the parts of each work's score: `keyword`, a share of the best of all works, and `semantic`, a cosine."""
    if not ids:
        return {}
    index, among = services.names.works, queries.only(ids)
    slim: Body = {"size": len(ids), "track_total_hits": False, **only_fields()}
    searches = [
        (index, {"query": keyword, "size": 1, **only_fields()}),
        (index, {"query": {"bool": {"must": [keyword], "filter": [among]}}, **slim}),
    ]
    if vector is not None:
        searches.append((index, {"query": clauses.knn(vector, [among], weights, k=len(ids)), **slim}))
    best, by_words, *by_vector = services.search_together(searches)
    parts = {id_: {"keyword": 0.0, "semantic": 0.0} for id_ in ids}
    for id_, score in hit_scores(by_words).items():
        parts[id_]["keyword"] = ranking.relative(score, best["hits"]["max_score"])
    for response in by_vector:
        for id_, score in hit_scores(response).items():
            parts[id_]["semantic"] = ranking.cosine_of(score)
    return parts

"""Works like some and unlike others, and why: for one that is indexed, for a text, for examples, among candidates."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import numpy as np

from search_api.http.errors import Problem
from search_api.http.paging import Pagination
from search_api.http.timing import took_ms
from search_api.retrieval import filters, ranking
from search_api.retrieval.listing import count_of, envelope
from search_api.works import queries
from search_api.works.parts import parts
from search_api.works.plan import own_ids
from search_api.works.reading import fused_page
from search_api.works.search import Result, dressed, find, find_ids, scored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from search_api.http.services import Services


@dataclass(frozen=True)
class Wish:
    """What is asked for: stored works on both sides, and a text; `vector` is where they point, if it can be known."""

    like: Sequence[Result]
    unlike: Sequence[Result] = ()
    text: str = ""
    vector: NDArray[np.float32] | None = None

    @property
    def ids(self) -> list[str]:
        """The works that are examples."""
        return [work["id"] for work in (*self.like, *self.unlike)]

    def keyword(self, index: str, *, include: bool = False) -> Result:
        """Return the keyword clause."""
        like, unlike = ([work["id"] for work in works] for works in (self.like, self.unlike))
        return queries.more_like(index, like, unlike, self.text, include=include)


def similar(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """Return works like one: by its telling words and by its vector, itself left out, each with reasons."""
    work = find(services, given)
    return _nearest(services, Wish([work], vector=_direction([work["embedding"]], [])), args)


def similar_to(services: Services, body: Mapping[str, Any], args: Mapping[str, Any]) -> Result:
    """Return works as `SimilarTo` describes them. Raises Problem (422) that names ids which no work has."""
    like, unlike, candidates = _known(services, body)
    wish = _wish(services, like, unlike, (body["text"] or "").strip())
    if body["candidates"] is None:
        return _nearest(services, wish, args)
    return _among(services, wish, candidates, args)


def _known(services: Services, body: Mapping[str, Any]) -> list[list[str]]:
    """Return the works' own ids for `like`, `unlike` and `candidates`, each once, in the order given."""
    given = {name: body[name] or [] for name in ("like", "unlike", "candidates")}
    found = find_ids(services, [one for ids in given.values() for one in ids])
    errors = {
        name: [f"No work has the id {one[:200]!r}." for one in ids if one not in found] for name, ids in given.items()
    }
    if errors := {name: messages for name, messages in errors.items() if messages}:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Unknown ids in {', '.join(errors)}.", errors)
    return [list(dict.fromkeys(found[one] for one in ids)) for ids in given.values()]


def _wish(services: Services, like: Sequence[str], unlike: Sequence[str], text: str) -> Wish:
    """Read the examples, and give the direction they point in; none when a text cannot be embedded."""
    body = {"size": len(like) + len(unlike), "query": queries.only([*like, *unlike])}
    hits = services.search(services.names.works, body)["hits"]["hits"] if like or unlike else []
    stored = {hit["_id"]: hit["_source"] for hit in hits}
    liked, disliked = [stored[id_] for id_ in like], [stored[id_] for id_ in unlike]
    vectors = [work["embedding"] for work in liked]
    if text:
        if (vector := services.embed_query(text)) is None:
            return Wish(liked, disliked, text)
        vectors.append(vector)
    return Wish(liked, disliked, text, _direction(vectors, [work["embedding"] for work in disliked]))


def _direction(liked: Sequence[Any], disliked: Sequence[Any]) -> NDArray[np.float32]:
    return ranking.towards(np.array(liked, dtype=np.float32), np.array(disliked, dtype=np.float32))


def _filters(services: Services, args: Mapping[str, Any]) -> list[Result]:
    return filters.clauses(filters.parse(queries.FILTERS, own_ids(services, args)))


def _nearest(services: Services, wish: Wish, args: Mapping[str, Any]) -> Result:
    """Search all works but the examples."""
    pagination = Pagination(args["page"], args["per_page"])
    clauses = [*_filters(services, args), queries.not_these(wish.ids)]
    keyword = wish.keyword(services.names.works)
    words = {"bool": {"must": [keyword], "filter": clauses}}
    extras = {"_source": queries.SOURCE, "track_total_hits": True}
    if wish.vector is None:
        place: Result = {"from": pagination.offset, "size": pagination.per_page}
        place |= {"sort": queries.SORTS["relevance"], "track_scores": True}
        answer = services.search(services.names.works, {"query": words, **extras, **place})
        hits, mode = answer["hits"]["hits"], "keyword"
    else:
        fused = ranking.hybrid(keyword, ranking.knn(wish.vector, clauses), clauses)
        pipeline = ranking.fusion(ranking.SIMILAR_SEMANTIC_WEIGHT)
        answer, hits = fused_page(services, fused, words, pagination, {**extras, "search_pipeline": pipeline})
        mode = "hybrid"
    results = [scored(hit, answer["hits"]["max_score"], mode) for hit in hits]
    _explain(services, wish, keyword, results)
    return _listed(results, wish, pagination, **count_of(answer))


def _among(services: Services, wish: Wish, candidates: Sequence[str], args: Mapping[str, Any]) -> Result:
    """Score each candidate that passes the filters, on its own, and give all of them."""
    clauses = [*_filters(services, args), queries.only(candidates)]
    body = {"query": {"bool": {"filter": clauses}}, "_source": queries.SOURCE, "size": max(1, len(candidates))}
    answer = services.search(services.names.works, body)
    results = [dressed(hit["_source"]) for hit in answer["hits"]["hits"]]
    # Among the candidates an example is one like any other.
    keyword = wish.keyword(services.names.works, include=not set(wish.ids).isdisjoint(candidates))
    _explain(services, wish, keyword, results)
    for result in results:
        found = result["reasons"]
        is_hybrid = wish.vector is not None
        result["score"] = ranking.alone(found["keyword"], found["semantic"]) if is_hybrid else found["keyword"]
    results.sort(key=lambda result: (-result["score"], result["id"]))
    pagination = Pagination(1, max(1, len(candidates)))
    return _listed(results, wish, pagination, count=len(results))


def _listed(results: list[Result], wish: Wish, pagination: Pagination, **count: Any) -> Result:
    is_hybrid = wish.vector is not None
    mode, degraded = ("hybrid", []) if is_hybrid else ("keyword", ["semantic"])
    return envelope(results, pagination=pagination, took_ms=took_ms(), mode=mode, degraded=degraded, **count)


def _explain(services: Services, wish: Wish, keyword: Result, results: Sequence[Result]) -> None:
    """Return each result its reasons."""
    found = parts(services, [result["id"] for result in results], keyword, wish.vector)
    for result in results:
        result["reasons"] = {**shared(wish.like, result), **found[result["id"]]}


def shared(examples: Sequence[Mapping[str, Any]], other: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Return the topics and researchers that a work shares with any of the examples, in the examples' order."""
    topics = {topic["id"] for topic in other["topics"]}
    people = {entry["id"] for entry in other["researchers"]}
    shared_topics = {topic["id"]: topic for work in examples for topic in work["topics"] if topic["id"] in topics}
    names = {entry["id"]: entry["name"] for work in examples for entry in work["researchers"]}
    return {
        "shared_topics": list(shared_topics.values()),
        "shared_authors": [{"id": id_, "name": name} for id_, name in names.items() if id_ in people],
    }

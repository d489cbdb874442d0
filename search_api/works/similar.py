"""Similar works and the reasons for each: to a stored work, to a text, to examples, or among given candidates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import numpy as np

from search_api.http.errors import Problem
from search_api.http.paging import Pagination, place
from search_api.retrieval import filters, ranking
from search_api.retrieval.listing import envelope, noting_unknown
from search_api.retrieval.ranking import RankingWeights
from search_api.retrieval.vectors import VectorStore
from search_api.works import queries
from search_api.works.documents import find_canonical, find_ids, serialize_work, to_result
from search_api.works.fields import SORTS
from search_api.works.plan import parse_filters
from search_api.works.reading import Page, ranked_page, score_parts
from search_api.works.result_set import first_pass, similar_set

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mappings.documents import WorkDocument, WorkTopic
    from search_api.http.services import Services
    from search_api.works.documents import Named, WorkResult
    from search_api.works.result_set import FirstPass

Result = dict[str, Any]


@dataclass(frozen=True)
class SimilarityRequest:
    """What results should be similar to: stored works, unwanted ones, and a text.

    `excluded` are ids of works that are not returned. `vector` is the direction of the examples and the text,
    float32[d], unit length; None if the text could not be embedded.
    """

    like: Sequence[WorkDocument]
    weights: RankingWeights
    unlike: Sequence[WorkDocument] = ()
    text: str = ""
    excluded: Sequence[str] = ()
    vector: NDArray[np.float32] | None = None

    @property
    def ids(self) -> list[str]:
        """The ids of all examples."""
        return [work["id"] for work in (*self.like, *self.unlike)]

    @property
    def whole_text(self) -> str:
        """The text with those of the wanted works."""
        works = (text for work in self.like for text in (work["title"], work.get("abstract")))
        return " ".join(filter(None, (self.text, *works)))

    @property
    def mode(self) -> str:
        """`hybrid`, or `keyword` without a vector."""
        return "keyword" if self.vector is None else "hybrid"

    def keyword(self, index: str, *, include: bool = False) -> Result:
        """Return the keyword clause; it matches the examples themselves only with `include`."""
        like, unlike = ([work["id"] for work in works] for works in (self.like, self.unlike))
        return queries.more_like(index, like, unlike, self.text, include=include)


def similar(services: Services, id_: str, args: Mapping[str, Any]) -> Result:
    """Return works similar to a stored one by significant terms and by vector, itself excluded, each with reasons."""
    work = find_canonical(services, id_)
    weights = RankingWeights.from_settings(services.settings)
    return _nearest(services, SimilarityRequest([work], weights, vector=_direction([work["embedding"]], [])), args)


def similar_to(services: Services, body: Mapping[str, Any], args: Mapping[str, Any]) -> Result:
    """Return works as `schemas.SimilarTo` describes them; `meta.unknown` lists the given ids that no work has.

    Raises Problem (422) that names them if nothing else is left to search by, or no candidate.
    """
    stored, unknown = _stored_ids(services, body)
    text = (body["text"] or "").strip()
    if not (text or stored["like"]) or (body["candidates"] and not stored["candidates"]):
        errors = {name: [f"No work has the id {id_[:200]!r}." for id_ in ids] for name, ids in unknown.items() if ids}
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"Unknown ids in {', '.join(errors)}.", errors)
    request = replace(_request(services, stored["like"], stored["unlike"], text), excluded=stored["exclude"])
    if body["candidates"] is None:
        answer = _nearest(services, request, args)
    else:
        answer = _score_candidates(services, request, stored["candidates"], args)
    return noting_unknown(answer, unknown)


def _stored_ids(services: Services, body: Mapping[str, Any]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the stored ids in each field of the body, each once and in order, and the unknown ids."""
    given = {name: body[name] or [] for name in ("like", "unlike", "candidates", "exclude")}
    stored = find_ids(services, [id_ for ids in given.values() for id_ in ids])
    known = {name: list(dict.fromkeys(stored[id_] for id_ in ids if id_ in stored)) for name, ids in given.items()}
    return known, {name: [id_ for id_ in ids if id_ not in stored] for name, ids in given.items()}


def _request(services: Services, like: Sequence[str], unlike: Sequence[str], text: str) -> SimilarityRequest:
    """Read the examples and compute their direction; no direction if the text cannot be embedded."""
    weights = RankingWeights.from_settings(services.settings)
    body = {"size": len(like) + len(unlike), "query": queries.only([*like, *unlike])}
    hits = services.search(services.names.works, body)["hits"]["hits"] if like or unlike else []
    works: dict[str, WorkDocument] = {hit["_id"]: hit["_source"] for hit in hits}
    liked, disliked = [works[id_] for id_ in like], [works[id_] for id_ in unlike]
    vectors: list[Any] = [work["embedding"] for work in liked]
    if text:
        if (vector := services.embed_query(text)) is None:
            return SimilarityRequest(liked, weights, disliked, text)
        vectors.append(vector)
    direction = _direction(vectors, [work["embedding"] for work in disliked])
    return SimilarityRequest(liked, weights, disliked, text, vector=direction)


def _direction(liked: Sequence[Any], disliked: Sequence[Any]) -> NDArray[np.float32]:
    return ranking.rocchio(np.array(liked, dtype=np.float32), np.array(disliked, dtype=np.float32))


def _nearest(services: Services, request: SimilarityRequest, args: Mapping[str, Any]) -> Result:
    """Search all works but the examples and the excluded ones."""
    pagination = Pagination(args["page"], args["per_page"])
    passing = filters.clauses(parse_filters(services, args))
    others = [queries.not_these([*request.ids, *request.excluded])]
    significant = request.keyword(services.names.works)
    keyword = {"bool": {"must": [significant], "filter": others}}
    if request.vector is None:
        query = {"bool": {"must": [keyword], "filter": passing}}
        body = {"query": query, "_source": queries.SOURCE, "track_total_hits": True}
        response = services.search(services.names.works, body | place(pagination, SORTS["relevance"].order))
        page = Page(response["hits"]["hits"], response["hits"]["total"]["value"], response["hits"]["max_score"])
        known = {}
    else:
        first = first_pass(services, keyword, request.vector, others, request.weights)
        weight = request.weights.similar_semantic_weight
        found = similar_set(services, first, keyword, request.vector, weight, request.whole_text)
        page = ranked_page(services, found, passing, pagination, {"_source": queries.SOURCE}, (passing, {}))
        known = _known_parts(services, request.vector, first, page) if not request.unlike else {}
    results = [to_result(hit, page.best, request.mode) for hit in page.hits]
    _add_reasons(services, request, significant, results, known)
    return _list(results, request, pagination, count=page.count)


def _score_candidates(
    services: Services, request: SimilarityRequest, candidates: Sequence[str], args: Mapping[str, Any]
) -> Result:
    """Score each candidate that passes the filters independently of the others, and return all of them."""
    choice = [queries.only(candidates), queries.not_these(request.excluded)]
    passing = [*filters.clauses(parse_filters(services, args)), *choice]
    body = {"query": {"bool": {"filter": passing}}, "_source": queries.SOURCE, "size": max(1, len(candidates))}
    response = services.search(services.names.works, body)
    results = [serialize_work(hit["_source"]) for hit in response["hits"]["hits"]]
    # An example may be a candidate too.
    keyword = request.keyword(services.names.works, include=not set(request.ids).isdisjoint(candidates))
    _add_reasons(services, request, keyword, results, {})
    weight = 0.0 if request.vector is None else request.weights.similar_semantic_weight
    for result in results:
        parts = result["reasons"]
        result["score"] = ranking.candidate_score(parts["keyword"], parts["semantic"], weight)
    results.sort(key=lambda result: (-result["score"], result["id"]))
    return _list(results, request, Pagination(1, max(1, len(candidates))), count=len(results))


def _list(results: list[WorkResult], request: SimilarityRequest, pagination: Pagination, **count: Any) -> Result:
    degraded = ["semantic"] if request.vector is None else []
    return envelope(results, pagination=pagination, mode=request.mode, degraded=degraded, **count)


def _known_parts(
    services: Services, vector: NDArray[np.float32], first: FirstPass, page: Page
) -> dict[str, dict[str, float]]:
    """Return the parts of scores, as `score_parts` does, of those works of a page for which both are known.

    Those of neighbours are. A work that only its words have found is compared if its vector is in memory.
    """
    ids = [hit["_id"] for hit in page.hits]
    semantic = first.semantic
    if others := [id_ for id_ in ids if id_ in first.keyword and id_ not in semantic]:
        vectors = services.shared(VectorStore).of(first.generation)
        semantic = semantic | (vectors.nearest_of(others, vector, len(others)) if vectors else {})
    keyword, best = first.keyword | first.keyword_of_near, max(first.keyword.values(), default=None)
    return {
        id_: {
            "keyword": ranking.relative(keyword.get(id_, 0.0), best),
            "semantic": ranking.cosine_of(semantic[id_]),
        }
        for id_ in ids
        if id_ in semantic
    }


def _add_reasons(
    services: Services,
    request: SimilarityRequest,
    keyword: Result,
    results: Sequence[WorkResult],
    known: Mapping[str, dict[str, float]],
) -> None:
    """Add `reasons` to each result; `known` are parts of scores by id, of which the others are read."""
    unknown = [result["id"] for result in results if result["id"] not in known]
    parts = {**known, **score_parts(services, unknown, keyword, request.vector, request.weights)}
    for result in results:
        part = parts[result["id"]]
        result["reasons"] = {
            "shared_topics": shared_topics(request.like, result),
            "shared_authors": shared_authors(request.like, result),
            "keyword": part["keyword"],
            "semantic": part["semantic"],
        }


def shared_topics(examples: Sequence[WorkDocument], other: WorkDocument) -> list[WorkTopic]:
    """Return the topics that a work shares with any of the examples, in the examples' order."""
    topics = {topic["id"] for topic in other["topics"]}
    return list({topic["id"]: topic for work in examples for topic in work["topics"] if topic["id"] in topics}.values())


def shared_authors(examples: Sequence[WorkDocument], other: WorkDocument) -> list[Named]:
    """Return the researchers who are authors of a work and of any of the examples, in the examples' order."""
    authors = {author["id"] for author in other["researchers"]}
    names = {author["id"]: author["name"] for work in examples for author in work["researchers"]}
    return [{"id": id_, "name": name} for id_, name in names.items() if id_ in authors]

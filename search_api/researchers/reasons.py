"""Why a researcher is similar to others: shared topics, the closest pairs of works, and joint works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.researchers import queries
from search_api.researchers.documents import read, serialize_researcher
from search_api.researchers.oeuvre import PAIRS, closest_works
from search_api.retrieval import clauses, ranking
from search_api.retrieval.hits import hit_scores, only_fields
from search_api.retrieval.ranking import RankingWeights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mappings.documents import ResearcherDocument, ResearcherTopic
    from search_api.http.services import Services
    from search_api.researchers.candidates import Candidates, SimilarPeopleRequest
    from search_api.researchers.documents import ResearcherResult
    from search_api.researchers.oeuvre import Oeuvre, Pair
    from search_api.retrieval.hits import Scores

Result = dict[str, Any]

#: Shared topics from which the closest pairs of works are taken.
MAIN_TOPICS = 3


def add_reasons(
    services: Services,
    request: SimilarPeopleRequest,
    found: Candidates,
    page: Sequence[str],
    examples: Mapping[str, Oeuvre],
    others: Mapping[str, Oeuvre],
) -> list[ResearcherResult]:
    """Return the researchers of a page as results with `reasons`; those that are not stored are left out.

    With a text, each result has also the `works` that match it best.
    """
    parts, stored = _read_parts(services, request, found, page)
    people = [id_ for id_ in page if id_ in stored and id_ in others]
    shared = {id_: shared_topics(request.like, stored[id_]) for id_ in people}
    pairs = {id_: _closest(examples, others[id_], id_, [topic["id"] for topic in shared[id_]]) for id_ in people}
    joint = {id_: sorted({work for own in examples.values() for work in own.joint(id_)})[:PAIRS] for id_ in people}
    matching = {id_: [] if request.vector is None else others[id_].nearest(request.vector) for id_ in people}
    titles = _read_titles(services, pairs, joint, matching)
    together = request.joint_works
    results = []
    for id_ in people:
        result = serialize_researcher(services, stored[id_])
        named = [*joint[id_], *(work for pair in pairs[id_] for work in pair[:2])]
        result["reasons"] = {
            "shared_topics": shared[id_],
            "closest_works": [list(pair[:3]) for pair in pairs[id_]],
            "joint_works": joint[id_],
            "titles": {work: titles[work] for work in named if work in titles},
            "works_together": together.get(id_, 0),
            "keyword": parts[id_]["keyword"],
            "semantic": parts[id_]["semantic"],
        }
        if request.vector is not None:
            known = [(work, cosine) for work, cosine in matching[id_] if work in titles]
            result["works"] = [{"id": work, "title": titles[work], "score": cosine} for work, cosine in known]
        results.append(result)
    return results


def _closest(examples: Mapping[str, Oeuvre], other: Oeuvre, id_: str, topics: Sequence[str]) -> list[Pair]:
    """Return the closest pairs of works, of all examples, that were not written together."""
    for person in examples:
        other = other.without(person)
    own = [example.without(id_) for example in examples.values()]
    pairs = [pair for works in own for pair in closest_works(works, other, topics[:MAIN_TOPICS])]
    return sorted(dict.fromkeys(pairs), key=lambda pair: (not pair.is_on_topic, -pair.cosine))[:PAIRS]


def _read_titles(
    services: Services,
    pairs: Mapping[str, Sequence[Pair]],
    joint: Mapping[str, Sequence[str]],
    matching: Mapping[str, Sequence[tuple[str, float]]],
) -> dict[str, str]:
    ids = {work for closest in pairs.values() for pair in closest for work in pair[:2]}
    ids |= {work for works in joint.values() for work in works}
    ids |= {work for best in matching.values() for work, _ in best}
    stored = read(services, services.names.works, sorted(ids), {"includes": ["title"]})
    return {id_: work["title"] for id_, work in stored.items()}


def _read_parts(
    services: Services, request: SimilarPeopleRequest, found: Candidates, page: Sequence[str]
) -> tuple[dict[str, dict[str, float]], dict[str, ResearcherDocument]]:
    """Return score parts and the stored researchers of the page, in one request.

    The parts are the keyword score, as a share of the best of all researchers, and the cosine of mean embeddings. Those
    that the search for candidates did not return are requested.
    """
    index = services.names.researchers
    weights = RankingWeights.from_settings(services.settings)
    keyword, semantic = dict(found.keyword), dict(found.semantic)
    asked = [(index, queries.stored(page, queries.SUMMARY))]
    further: list[Scores] = []
    if others := [] if found.has_all else [id_ for id_ in page if id_ not in keyword]:
        among = {"bool": {"must": [request.keyword(index)], "filter": [queries.these(others)]}}
        asked.append((index, _scores_of(others, among)))
        further.append(keyword)
    directions = request.directions()[:1]
    if directions and (others := [id_ for id_ in page if id_ not in semantic]):
        near = clauses.knn(directions[0], [queries.these(others)], weights, k=len(others))
        asked.append((index, _scores_of(others, near)))
        further.append(semantic)
    stored, *responses = services.search_together(asked)
    for scores, response in zip(further, responses, strict=True):
        scores.update(hit_scores(response))
    parts = {
        id_: {
            "keyword": ranking.relative(keyword.get(id_, 0.0), found.best),
            "semantic": ranking.cosine_of(semantic.get(id_, 0.0)),
        }
        for id_ in page
    }
    return parts, {hit["_id"]: hit["_source"] for hit in stored["hits"]["hits"]}


def _scores_of(ids: Sequence[str], query: Result) -> Result:
    """Return the request for the scores of these researchers."""
    return {"query": query, "size": len(ids), "track_total_hits": False, **only_fields()}


def shared_topics(examples: Sequence[ResearcherDocument], other: ResearcherDocument) -> list[ResearcherTopic]:
    """Return the topics that an example and another researcher share, those first that are main topics of both.

    The order is by the smaller of the two shares of works; `count` counts works of the examples.
    """
    theirs = {topic["id"]: topic["count"] / max(1, other["works_count"]) for topic in other["topics"]}
    works = max(1, sum(example["works_count"] for example in examples))
    topics: dict[str, ResearcherTopic] = {}
    for example in examples:
        for topic in example["topics"]:
            if topic["id"] in theirs:
                before = topics[topic["id"]]["count"] if topic["id"] in topics else 0
                topics[topic["id"]] = {**topic, "count": before + topic["count"]}
    return sorted(topics.values(), key=lambda topic: (-min(topic["count"] / works, theirs[topic["id"]]), topic["id"]))

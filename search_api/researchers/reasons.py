"""Why a researcher is similar to others: shared topics, the closest pairs of works, and joint works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search_api.researchers import queries
from search_api.researchers.documents import documents_of, read, serialize_researcher
from search_api.researchers.oeuvre import PAIRS, closest_works, known_topics
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

Result = dict[str, Any]

#: Shared topics from which the closest pairs of works are taken.
MAIN_TOPICS = 3
#: Fields of works in the reasons.
TITLE = {"includes": ["title"]}


@dataclass(frozen=True)
class Evidence:
    """Works in the reasons, by researcher: the closest pairs, joint works, and those that match a text."""

    pairs: Mapping[str, Sequence[Pair]]
    joint: Mapping[str, Sequence[str]]
    matching: Mapping[str, Sequence[tuple[str, float]]]

    @classmethod
    def of(
        cls,
        request: SimilarPeopleRequest,
        topics: Mapping[str, Mapping[str, Any]],
        examples: Mapping[str, Oeuvre],
        others: Mapping[str, Oeuvre],
    ) -> Evidence:
        """Return the works for those of the `others` of whom there are `topics`, as a stored researcher has them."""
        people = [id_ for id_ in topics if id_ in others]
        main = {id_: [topic["id"] for topic in shared_topics(request.like, topics[id_])] for id_ in people}
        return cls(
            {id_: _closest(examples, others[id_], id_, main[id_]) for id_ in people},
            {id_: sorted({work for own in examples.values() for work in own.joint(id_)})[:PAIRS] for id_ in people},
            {id_: [] if request.vector is None else others[id_].nearest(request.vector) for id_ in people},
        )

    @property
    def works(self) -> list[str]:
        """The ids of all these works."""
        ids = {work for closest in self.pairs.values() for pair in closest for work in pair[:2]}
        ids |= {work for works in self.joint.values() for work in works}
        return sorted(ids | {work for best in self.matching.values() for work, _ in best})


def add_reasons(
    services: Services,
    request: SimilarPeopleRequest,
    found: Candidates,
    page: Sequence[str],
    examples: Mapping[str, Oeuvre],
    others: Mapping[str, Oeuvre],
) -> list[ResearcherResult]:
    """Return the researchers of a page as results with `reasons`; those that are not stored are left out.

    With a text, each result has also the `works` that match it best. The titles of works are read with the researchers
    if the topics of these are in memory.
    """
    topics = known_topics(services, page, found.generation)
    evidence = Evidence.of(request, topics, examples, others)
    parts, stored, titles = _read(services, request, found, page, evidence.works)
    if not topics:
        evidence = Evidence.of(request, stored, examples, others)
        titles = read(services, services.names.works, evidence.works, TITLE)
    together = request.joint_works
    results = []
    for id_ in (id_ for id_ in page if id_ in stored and id_ in others):
        result = serialize_researcher(services, stored[id_])
        pairs, joint = evidence.pairs[id_], evidence.joint[id_]
        named = [*joint, *(work for pair in pairs for work in pair[:2])]
        result["reasons"] = {
            "shared_topics": shared_topics(request.like, stored[id_]),
            "closest_works": [list(pair[:3]) for pair in pairs],
            "joint_works": list(joint),
            "titles": {work: titles[work]["title"] for work in named if work in titles},
            "works_together": together.get(id_, 0),
            "keyword": parts[id_]["keyword"],
            "semantic": parts[id_]["semantic"],
        }
        if request.vector is not None:
            known = [(work, cosine) for work, cosine in evidence.matching[id_] if work in titles]
            result["works"] = [{"id": work, "title": titles[work]["title"], "score": cosine} for work, cosine in known]
        results.append(result)
    return results


def _closest(examples: Mapping[str, Oeuvre], other: Oeuvre, id_: str, topics: Sequence[str]) -> list[Pair]:
    """Return the closest pairs of works, of all examples, that were not written together."""
    for person in examples:
        other = other.without(person)
    own = [example.without(id_) for example in examples.values()]
    pairs = [pair for works in own for pair in closest_works(works, other, topics[:MAIN_TOPICS])]
    return sorted(dict.fromkeys(pairs), key=lambda pair: (not pair.is_on_topic, -pair.cosine))[:PAIRS]


def _read(
    services: Services, request: SimilarPeopleRequest, found: Candidates, page: Sequence[str], works: Sequence[str]
) -> tuple[dict[str, dict[str, float]], dict[str, ResearcherDocument], dict[str, Any]]:
    """Return score parts and the stored researchers of the page, and the titles of works, in one request.

    The parts are the keyword score, as a share of the best of all researchers, and the cosine of mean embeddings. Those
    that the search for candidates did not return are requested.
    """
    index = services.names.researchers
    weights = RankingWeights.from_settings(services.settings)
    parts = {"keyword": dict(found.keyword), "semantic": dict(found.semantic)}
    searches = {"stored": (index, queries.stored(page, queries.SUMMARY))}
    if works:
        searches["titles"] = (services.names.works, queries.stored(works, TITLE))
    if others := [] if found.has_all else [id_ for id_ in page if id_ not in parts["keyword"]]:
        among = {"bool": {"must": [request.keyword(index)], "filter": [queries.these(others)]}}
        searches["keyword"] = (index, _scores_of(others, among))
    directions = request.directions()[:1]
    if directions and (others := [id_ for id_ in page if id_ not in parts["semantic"]]):
        near = clauses.knn(directions[0], [queries.these(others)], weights, k=len(others))
        searches["semantic"] = (index, _scores_of(others, near))
    responses = dict(zip(searches, services.search_together([*searches.values()]), strict=True))
    for name in parts.keys() & responses.keys():
        parts[name] |= hit_scores(responses[name])
    scores = {
        id_: {
            "keyword": ranking.relative(parts["keyword"].get(id_, 0.0), found.best),
            "semantic": ranking.cosine_of(parts["semantic"].get(id_, 0.0)),
        }
        for id_ in page
    }
    return scores, documents_of(responses["stored"]), documents_of(responses["titles"]) if works else {}


def _scores_of(ids: Sequence[str], query: Result) -> Result:
    """Return the request for the scores of these researchers."""
    return {"query": query, "size": len(ids), "track_total_hits": False, **only_fields()}


def shared_topics(examples: Sequence[ResearcherDocument], other: Mapping[str, Any]) -> list[ResearcherTopic]:
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

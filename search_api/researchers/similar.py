"""Similar researchers and the reasons for each.

Two steps. Candidates come from a hybrid search over researchers: significant terms of their titles, and the mean
embedding. Then their works are compared with this researcher's one by one, and the best matches order them: a mean
embedding alone cannot tell someone with two fields from someone between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from search_api.http.paging import Pagination
from search_api.researchers import queries
from search_api.researchers.documents import find, serialize_researcher
from search_api.researchers.fields import FIELDS
from search_api.retrieval import clauses, filters, ranking
from search_api.retrieval.clauses import decode_short_vector
from search_api.retrieval.hits import fuse, hit_id, hit_scores, only_fields
from search_api.retrieval.listing import envelope
from search_api.retrieval.ranking import RankingWeights

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from mappings.documents import ResearcherDocument, ResearcherTopic
    from search_api.http.services import Services

Result = dict[str, Any]
#: One of the researcher's own works, one of the other's, and their cosine.
Pair = tuple[str, str, float]

#: Pairs of works in the reasons.
PAIRS = 3


@dataclass(frozen=True)
class Oeuvre:
    """Works of one researcher: their ids, the ids of the authors of each, and their vectors, float32[n, d]."""

    ids: Sequence[str]
    authors: Sequence[Collection[str]]
    vectors: NDArray[np.float32]

    @classmethod
    def from_hits(cls, hits: Iterable[Mapping[str, Any]]) -> Oeuvre:
        """Build it from hits whose fields contain the vector as `SHORT_VECTOR` and the ids of researchers."""
        works = [(hit_id(hit), hit["fields"]) for hit in hits]
        vectors = np.stack([decode_short_vector(fields["short"][0]) for _, fields in works])
        authors = [set(fields["researchers.id"]) for _, fields in works]
        return cls([id_ for id_, _ in works], authors, vectors)

    def without(self, researcher_id: str) -> Oeuvre:
        """Return the works without this other author, possibly none."""
        rows = [row for row, authors in enumerate(self.authors) if researcher_id not in authors]
        if len(rows) == len(self.ids):
            return self
        return Oeuvre([self.ids[row] for row in rows], [self.authors[row] for row in rows], self.vectors[rows])


def oeuvres(response: Mapping[str, Any]) -> dict[str, Oeuvre]:
    """Return the works of each researcher in a response to `queries.sample_of`."""
    buckets = response["aggregations"]["researchers"]["buckets"]
    return {bucket["key"]: Oeuvre.from_hits(bucket["works"]["hits"]["hits"]) for bucket in buckets}


def similar(services: Services, id_: str, args: Mapping[str, Any]) -> Result:
    """Return the researchers most similar to one, each with a score in [0, 1] and reasons."""
    researcher = find(services, id_)
    asked = filters.parse(FIELDS, args)
    pagination = Pagination(args["page"], args["per_page"])
    joint_works = {person["id"]: person["works"] for person in researcher["collaborators"]}
    excluded = [researcher["id"], *(joint_works if "collaborators" in args["exclude"] else ())]
    ids = candidates(services, researcher, [*filters.clauses(asked), queries.none_of(excluded)])
    compared = read_oeuvres(services, researcher["id"], ids)
    scores = {other: similarity(*both) for other, both in compared.items()}
    ranked = sorted(scores, key=lambda other: (-scores[other], other))
    page = ranked[pagination.offset : pagination.offset + pagination.per_page]
    pairs = {other: closest_works(*compared[other]) for other in page}
    parts, titles, stored = read_reasons(services, researcher, ranked, pairs)
    results = []
    for other in page:
        if other in stored:
            result = serialize_researcher(stored[other])
            result["score"] = scores[other]
            result["reasons"] = {
                "shared_topics": shared_topics(researcher, stored[other]),
                "closest_works": pairs[other],
                "titles": {work: titles[work] for *both, _ in pairs[other] for work in both if work in titles},
                "works_together": joint_works.get(other, 0),
                "keyword": parts[other]["keyword"],
                "semantic": parts[other]["semantic"],
            }
            results.append(result)
    return envelope(results, count=len(ranked), pagination=pagination, mode="hybrid")


def candidates(services: Services, researcher: ResearcherDocument, passing: list[Result]) -> list[str]:
    """Return the ids of the candidates that pass the clauses, by the fused scores of keywords and vector.

    Only ids: reading 50 documents with their vectors took 335 ms where the search itself took 28.
    """
    weights, index = RankingWeights.from_settings(services.settings), services.names.researchers
    significant = queries.more_like(index, researcher["id"])
    keyword = {"bool": {"must": [significant], "filter": passing}}
    semantic = clauses.knn(researcher["embedding"], passing, weights, k=ranking.CANDIDATES)
    slim = {"track_total_hits": False, **only_fields()}
    by_words, by_vector = services.search_together(
        [
            (index, {"query": keyword, "size": ranking.DEPTH, **slim}),
            (index, {"query": semantic, "size": ranking.CANDIDATES, **slim}),
        ]
    )
    fused = fuse(hit_scores(by_words), hit_scores(by_vector), weights.candidates_semantic_weight)
    return list(fused)[: ranking.CANDIDATES]


def read_oeuvres(services: Services, id_: str, others: Sequence[str]) -> dict[str, tuple[Oeuvre, Oeuvre]]:
    """Return for each other researcher a pair: this one's works and the other's, both without their joint works.

    Joint works say only that the two have collaborated.
    """
    index = services.names.works
    bodies = [queries.sample_of([id_], ranking.OWN_WORKS), queries.sample_of(others, ranking.CANDIDATE_WORKS)]
    own, of_others = (oeuvres(response) for response in services.search_together([(index, body) for body in bodies]))
    if not (works := own.get(id_)):
        return {}
    return {other: (works.without(other), of_others[other].without(id_)) for other in others if other in of_others}


def similarity(own: Oeuvre, other: Oeuvre) -> float:
    """Return the similarity of two bodies of work in [0, 1]; 0 if either is empty."""
    return ranking.best_match_mean(own.vectors, other.vectors) if own.ids and other.ids else 0.0


def closest_works(own: Oeuvre, other: Oeuvre) -> list[Pair]:
    """Return the closest pairs of works."""
    pairs = ranking.closest_pairs(own.vectors, other.vectors, PAIRS) if own.ids and other.ids else []
    return [(own.ids[row], other.ids[column], cosine) for row, column, cosine in pairs]


def shared_topics(researcher: ResearcherDocument, other: ResearcherDocument) -> list[ResearcherTopic]:
    """Return the topics of both, those most frequent in this researcher's works first."""
    topics = {topic["id"] for topic in other["topics"]}
    return [topic for topic in researcher["topics"] if topic["id"] in topics]


def read_reasons(
    services: Services, researcher: ResearcherDocument, ids: Sequence[str], pairs: Mapping[str, Sequence[Pair]]
) -> tuple[dict[str, dict[str, float]], dict[str, str], dict[str, ResearcherDocument]]:
    """Return score parts by researcher, titles by work, and the stored researchers of the page, in one request.

    The parts are the keyword score, as a share of the best of `ids`, and the cosine of mean embeddings. The page is the
    keys of `pairs`.
    """
    index = services.names.researchers
    slim: Result = {"size": max(1, len(ids)), "track_total_hits": False, **only_fields()}
    weights = RankingWeights.from_settings(services.settings)
    among = queries.these(ids)
    more_like = {"bool": {"must": [queries.more_like(index, researcher["id"])], "filter": [among]}}
    nearest = clauses.knn(researcher["embedding"], [among], weights, k=max(1, len(ids)))
    works = sorted({work for closest in pairs.values() for *both, _ in closest for work in both})
    keyword, semantic, titles, stored = services.search_together(
        [
            (index, {"query": more_like, **slim}),
            (index, {"query": nearest, **slim}),
            (services.names.works, queries.stored(works, {"includes": ["title"]})),
            (index, queries.stored(list(pairs), queries.SUMMARY)),
        ]
    )
    parts = {id_: {"keyword": 0.0, "semantic": 0.0} for id_ in ids}
    for id_, score in hit_scores(keyword).items():
        parts[id_]["keyword"] = ranking.relative(score, keyword["hits"]["max_score"])
    for id_, score in hit_scores(semantic).items():
        parts[id_]["semantic"] = ranking.cosine_of(score)
    return (
        parts,
        {hit["_id"]: hit["_source"]["title"] for hit in titles["hits"]["hits"]},
        {hit["_id"]: hit["_source"] for hit in stored["hits"]["hits"]},
    )

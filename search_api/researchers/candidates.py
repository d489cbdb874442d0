"""Candidates for similar researchers: whom they should be similar to, and the hybrid search that finds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from mappings import Generation
from search_api.researchers import queries
from search_api.retrieval import clauses, ranking
from search_api.retrieval.hits import best_first, best_of, fused, generation_of, hit_scores, only_fields
from search_api.retrieval.ranking import RankingWeights

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from mappings.documents import ResearcherDocument
    from search_api.http.services import Services
    from search_api.retrieval.hits import Scores

Result = dict[str, Any]

#: Researchers who are removed from the hits of a search, rather than excluded by a clause.
FEW = 20


@dataclass(frozen=True)
class SimilarPeopleRequest:
    """Whom results should be similar to: stored researchers, others whom they should not resemble, and a text.

    `vector` is the text's embedding, float32[d]; None without a text, or if it could not be embedded. `exclude` are
    further ids that are no results.
    """

    like: Sequence[ResearcherDocument]
    unlike: Sequence[ResearcherDocument] = ()
    text: str = ""
    vector: NDArray[np.float32] | None = None
    exclude: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_degraded(self) -> bool:
        """Whether the text could not be embedded."""
        return bool(self.text) and self.vector is None

    @property
    def joint_works(self) -> dict[str, int]:
        """The number of works that each co-author wrote with the examples, summed over these."""
        together: dict[str, int] = {}
        for example in self.like:
            for person in example.get("collaborators") or ():
                together[person["id"]] = together.get(person["id"], 0) + person["works"]
        return together

    def directions(self) -> list[NDArray[np.float32]]:
        """Return vectors near which candidates are searched, float32[d]: one for all examples, then one per group."""
        liked: list[Any] = [example["embedding"] for example in self.like]
        liked += [] if self.vector is None else [self.vector]
        if not liked:
            return []
        vectors = np.asarray(liked, np.float32)
        disliked = np.asarray([example["embedding"] for example in self.unlike], np.float32)
        groups = ranking.spread_groups(vectors, ranking.GROUPS) if len(vectors) > 1 else []
        return [ranking.rocchio(vectors[rows], disliked) for rows in (np.arange(len(vectors)), *groups)]

    def keyword(self, index: str) -> Result:
        """Return the keyword clause: significant terms of the examples' titles and of the text."""
        like, unlike = ([example["id"] for example in people] for people in (self.like, self.unlike))
        return queries.more_like(index, like, unlike, self.text)


@dataclass(frozen=True)
class Candidates:
    """Candidates with their fused scores, best first.

    `keyword` maps the best keyword matches to their scores, and `has_all` says whether these are all matches that pass
    the filters. `best` is the highest keyword score of all researchers, including those who do not pass. `semantic`
    maps the nearest researchers in the first direction to their scores. `generation` is the name of the index of works
    in the generation that was searched, None without hits.
    """

    scores: Mapping[str, float]
    keyword: Scores
    has_all: bool
    best: float
    semantic: Scores
    generation: str | None


def candidates(
    services: Services, request: SimilarPeopleRequest, filters: list[Result], excluded: Collection[str] = ()
) -> Candidates:
    """Return the candidates that pass the filters and are not excluded, by the fused scores of keywords and vectors.

    Only ids and scores: reading 50 documents with their vectors took 335 ms where the search itself took 28.
    """
    weights, index = RankingWeights.from_settings(services.settings), services.names.researchers
    passing, keyword = [*filters, queries.none_of(sorted(excluded))], request.keyword(index)
    # A few excluded researchers are removed from the hits here: then one search has the best of all, too.
    if not filters and len(excluded) <= FEW:
        words: list[Result] = [{"query": keyword, "size": ranking.DEPTH + len(excluded)}]
    else:
        among = {"bool": {"must": [keyword], "filter": passing}}
        words = [{"query": keyword, "size": 1}, {"query": among, "size": ranking.DEPTH}]
    directions, most = request.directions(), ranking.CANDIDATES
    near = [{"query": clauses.knn(vector, passing, weights, k=most), "size": most} for vector in directions]
    slim = {"track_total_hits": False, **only_fields()}
    responses = services.search_together([(index, {**body, **slim}) for body in (*words, *near)])
    scores = [hit_scores(response) for response in responses]
    by_words, by_vectors = scores[len(words) - 1], scores[len(words) :]
    by_keyword = dict(islice(((id_, score) for id_, score in by_words.items() if id_ not in excluded), ranking.DEPTH))
    nearest: dict[str, float] = {}
    for by_vector in by_vectors:
        for id_, cosine in by_vector.items():
            nearest[id_] = max(cosine, nearest.get(id_, 0.0))
    most += ranking.CANDIDATES_PER_DIRECTION * max(0, len(directions) - 1)
    generation = Generation.of_index(services.names.prefix, generation_of(*responses) or "", "researchers")
    return Candidates(
        best_first(best_of(fused(by_keyword, nearest, weights.candidates_semantic_weight), most)),
        by_keyword,
        len(by_keyword) < ranking.DEPTH,
        max(scores[0].values(), default=0.0),
        by_vectors[0] if by_vectors else {},
        generation.works if generation else None,
    )

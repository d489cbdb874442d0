"""Who works on something: works found for a text vote for the researchers who wrote them.

A search over works, not over researchers: the mean embedding of someone with two fields lies between them, and the
titles of a long career hold every word. Words and meaning vote apart, and the two votes are averaged.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from search_api import ranking
from search_api.researchers import queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.services import Services

Result = dict[str, Any]
#: The scores of each researcher's works: researcher id -> work id -> score.
Votes = dict[str, dict[str, float]]


class Expert(NamedTuple):
    """A researcher, their score in [0, 1], and the works that speak for them, (id, score in [0, 1]), best first."""

    id: str
    score: float
    works: tuple[tuple[str, float], ...]


class Side(NamedTuple):
    """What one way of searching says: votes, and the score of the best work of all."""

    votes: Votes
    best: float


def rank_experts(
    services: Services, text: str, *, mode: str = "hybrid", candidates: Sequence[str] | None = None
) -> list[Expert]:
    """Give the researchers who work on a text, best first (ties by id), each with the works that speak for them.

    `mode` is `hybrid`, `semantic` or `keyword`; without the embedding model it is by keyword. With `candidates`
    (researchers' own ids), exactly those are given, all of them, by an exact search among all their works.
    """
    vector = services.embed_query(text) if mode != "keyword" else None
    return experts(services, text if mode != "semantic" or vector is None else None, vector, candidates)


def experts(
    services: Services,
    text: str | None,
    vector: NDArray[np.float32] | Sequence[float] | None,
    candidates: Sequence[str] | None = None,
    clauses: Sequence[Result] = (),
) -> list[Expert]:
    """Do as `rank_experts`, by the words of `text`, by `vector`, or by both. `clauses` hold for the works that vote."""
    sides = []
    if text is not None:
        sides.append(by_words(services, text, candidates, clauses))
    if vector is not None:
        sides.append(by_meaning(services, vector, candidates, clauses))
    people = set(candidates) if candidates is not None else {id_ for side in sides for id_ in side.votes}
    return sorted((_expert(id_, sides) for id_ in people), key=lambda one: (-one.score, one.id))


def _expert(id_: str, sides: Sequence[Side]) -> Expert:
    """Average what the sides say of a researcher and of each of their works."""
    score = sum(ranking.vote(list(side.votes.get(id_, {}).values()), side.best) for side in sides) / len(sides)
    works: dict[str, float] = defaultdict(float)
    for side in sides:
        for work, points in side.votes.get(id_, {}).items():
            works[work] += ranking.relative(points, side.best) / len(sides)
    ordered = sorted(works.items(), key=lambda item: (-item[1], item[0]))
    return Expert(id_, score, tuple(ordered[: ranking.VOTES]))


def by_words(
    services: Services, text: str, candidates: Sequence[str] | None = None, clauses: Sequence[Result] = ()
) -> Side:
    """Let works vote by BM25."""
    query = queries.works_on(text)
    if candidates is None:
        answer = services.search(services.names.works, queries.votes(query, clauses, ranking.VOTING_KEYWORD))
        return Side(_authors(answer["hits"]["hits"]), answer["hits"]["max_score"] or 0.0)
    best = services.search(services.names.works, queries.votes(query, clauses, 1))["hits"]["max_score"] or 0.0
    return Side(_own_works(services, query, candidates, clauses), best)


def by_meaning(
    services: Services,
    vector: NDArray[np.float32] | Sequence[float],
    candidates: Sequence[str] | None = None,
    clauses: Sequence[Result] = (),
) -> Side:
    """Let works vote by their cosine to a vector."""
    query = ranking.knn(vector, list(clauses), k=ranking.VOTING_NEAREST)
    size = ranking.VOTING_NEAREST if candidates is None else 1
    hits = services.search(services.names.works, queries.votes(query, (), size))["hits"]["hits"]
    best = ranking.cosine_of(hits[0]["_score"]) if hits else 0.0
    if candidates is None:
        return Side(_cosines(_authors(hits)), best)
    return Side(_cosines(_own_works(services, queries.cosine(vector), candidates, clauses)), best)


def _authors(hits: Iterable[Mapping[str, Any]]) -> Votes:
    votes: Votes = defaultdict(dict)
    for hit in hits:
        for id_ in hit["fields"]["researchers.id"]:
            votes[id_][hit["_id"]] = hit["_score"]
    return votes


def _own_works(services: Services, query: Result, candidates: Sequence[str], clauses: Sequence[Result]) -> Votes:
    """Give the best works of each candidate for a query, by a search among their works alone."""
    if not candidates:
        return {}
    answer = services.search(services.names.works, queries.best_works_of(query, candidates, clauses, ranking.VOTES))
    return {
        bucket["key"]: {hit["_id"]: hit["_score"] for hit in bucket["works"]["hits"]["hits"]}
        for bucket in answer["aggregations"]["researchers"]["buckets"]
    }


def _cosines(votes: Votes) -> Votes:
    return {id_: {work: ranking.cosine_of(score) for work, score in works.items()} for id_, works in votes.items()}

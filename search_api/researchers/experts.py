"""Who works on something: works found for a text vote for the researchers who wrote them.

A search over works, not over researchers: the mean embedding of someone with two fields lies between them, and the
titles of a long career hold every word. Words and meaning vote apart, and the two votes are averaged.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from search_api.researchers import queries
from search_api.retrieval import ranking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.http.services import Services

Result = dict[str, Any]
#: The scores of each researcher's works: researcher id -> work id -> score.
Votes = dict[str, dict[str, float]]

#: Candidates whose works are searched in one request: 1,000 at once took .7 to 1.6 s, and OpenSearch has 1.8.
TOGETHER = 250


class Expert(NamedTuple):
    """A researcher, their score in [0, 1], and the works that speak for them, (id, score in [0, 1]), best first."""

    id: str
    score: float
    works: tuple[tuple[str, float], ...]


class Side(NamedTuple):
    """What one way of searching says: votes, the score of the best work of all, and how sharply votes are weighed."""

    votes: Votes
    best: float
    sharpness: float = 1.0


def rank_experts(
    services: Services, text: str, *, mode: str = "hybrid", candidates: Sequence[str] | None = None
) -> list[Expert]:
    """Return the researchers who work on a text, best first (ties by id), each with the works that speak for them.

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
    sides = _sides(services, text, vector, candidates, clauses)
    people = set(candidates) if candidates is not None else {id_ for side in sides for id_ in side.votes}
    return sorted((_expert(id_, sides) for id_ in people), key=lambda one: (-one.score, one.id))


def _sides(
    services: Services,
    text: str | None,
    vector: NDArray[np.float32] | Sequence[float] | None,
    candidates: Sequence[str] | None,
    clauses: Sequence[Result],
) -> list[Side]:
    """Let works vote by BM25, by cosine, or by both: all asked at once."""
    size = {"words": ranking.VOTING_KEYWORD, "meaning": ranking.VOTING_NEAREST} if candidates is None else {}
    best: dict[str, Result] = {}
    exact: dict[str, Result] = {}
    if text is not None:
        exact["words"] = queries.works_on(text)
        best["words"] = queries.votes(exact["words"], clauses, size.get("words", 1))
    if vector is not None:
        exact["meaning"] = queries.cosine(vector)
        near = ranking.knn(vector, list(clauses), k=ranking.VOTING_NEAREST)
        best["meaning"] = queries.votes(near, (), size.get("meaning", 1))
    answers = services.search_together([(services.names.works, body) for body in best.values()])
    own = _votes_of(services, list(exact.values()), candidates or (), clauses)
    found = [_authors(answer) for answer in answers[: len(best)]] if candidates is None else own
    tops = [answer["hits"]["max_score"] or 0.0 for answer in answers[: len(best)]]
    return [
        Side(votes, top) if kind == "words" else Side(_cosines(votes), ranking.cosine_of(top), ranking.SHARPNESS)
        for kind, votes, top in zip(best, found, tops, strict=True)
    ]


def _expert(id_: str, sides: Sequence[Side]) -> Expert:
    """Average what the sides say of a researcher and of each of their works."""
    votes = (ranking.vote(side.votes.get(id_, {}).values(), side.best, side.sharpness) for side in sides)
    score = sum(votes) / len(sides)
    works: dict[str, float] = defaultdict(float)
    for side in sides:
        for work, points in side.votes.get(id_, {}).items():
            works[work] += ranking.relative(points, side.best) / len(sides)
    ordered = sorted(works.items(), key=lambda item: (-item[1], item[0]))
    return Expert(id_, score, tuple(ordered[: ranking.VOTES]))


def _authors(answer: Mapping[str, Any]) -> Votes:
    votes: Votes = defaultdict(dict)
    for hit in answer["hits"]["hits"]:
        for id_ in hit["fields"]["researchers.id"]:
            votes[id_][hit["_id"]] = hit["_score"]
    return votes


def _votes_of(
    services: Services, asked: Sequence[Result], candidates: Sequence[str], clauses: Sequence[Result]
) -> list[Votes]:
    """Return the candidates' best works for each question; some candidates at a time, for each answer has its limit."""
    found: list[Votes] = [{} for _ in asked]
    for start in range(0, len(candidates), TOGETHER):
        some = candidates[start : start + TOGETHER]
        bodies = [queries.best_works_of(query, some, clauses, ranking.VOTES) for query in asked]
        answers = services.search_together([(services.names.works, body) for body in bodies])
        for votes, answer in zip(found, answers, strict=True):
            votes.update(_own_works(answer))
    return found


def _own_works(answer: Mapping[str, Any]) -> Votes:
    """Return each candidate's best works, out of the answer to a search among their works alone."""
    return {
        bucket["key"]: {hit["_id"]: hit["_score"] for hit in bucket["works"]["hits"]["hits"]}
        for bucket in answer["aggregations"]["researchers"]["buckets"]
    }


def _cosines(votes: Votes) -> Votes:
    return {id_: {work: ranking.cosine_of(score) for work, score in works.items()} for id_, works in votes.items()}

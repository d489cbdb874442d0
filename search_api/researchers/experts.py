"""Experts on a text: works that match it vote for their authors.

This is a search over works, not researchers: the mean embedding of someone with two fields lies between them, and the
titles of a long career contain every word. Keyword and semantic scores vote separately, and the votes are averaged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from peerscope.embedding import similarity_of
from search_api.researchers import queries
from search_api.researchers.documents import serialize_researcher
from search_api.retrieval import clauses, ranking
from search_api.retrieval.hits import best_first, hit_id, hit_scores
from search_api.retrieval.ranking import RankingWeights, Voting
from search_api.retrieval.terms import significant_terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.researchers.documents import ResearcherResult

Result = dict[str, Any]

#: Candidates per request: 1,000 at once took .7 to 1.6 s, and OpenSearch has 1.8.
BATCH = 250
#: Members of a team that a result names.
MEMBERS = 50


@dataclass
class Hits:
    """Works that a search has found, one row for each of their authors: ids of researchers and works, and scores.

    They are columns rather than tuples, because a request has thousands of rows.
    """

    researchers: list[str] = field(default_factory=list)
    works: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def add(self, work: str, score: float, researchers: Sequence[str]) -> None:
        """Add a work of these researchers."""
        self.researchers += researchers
        self.works += [work] * len(researchers)
        self.scores += [score] * len(researchers)


@dataclass(frozen=True)
class Votes:
    """The votes of one kind of search, one per row: a researcher, one of their works, and its score.

    `numbers` has the number of each researcher, `researchers` that of each row, int[m]. `works` are ids, `shares` their
    scores as shares of that of the best work of all, float64[m]. `sharpness` is the power to which they are raised.
    """

    numbers: Mapping[str, int]
    researchers: NDArray[np.intp]
    works: Sequence[str]
    shares: NDArray[np.float64]
    sharpness: float

    @classmethod
    def of(cls, hits: Hits, best: float, sharpness: float) -> Votes:
        """Return the votes of these works; `best` is the score of the best work of all."""
        numbers = {id_: number for number, id_ in enumerate(dict.fromkeys(hits.researchers))}
        rows = np.fromiter(map(numbers.__getitem__, hits.researchers), np.intp, len(hits.researchers))
        shares = ranking.shares_of(np.array(hits.scores, np.float64), best)
        return cls(numbers, rows, hits.works, shares, sharpness)

    def scores(self, voting: Voting) -> dict[str, float]:
        """Return the score of each researcher."""
        scores = ranking.votes(self.researchers, self.shares, voting, self.sharpness)
        return dict(zip(self.numbers, scores.tolist(), strict=True))

    def shares_of(self, id_: str) -> dict[str, float]:
        """Return the shares of the works of a researcher by id; none if they got no votes."""
        rows = np.flatnonzero(self.researchers == self.numbers.get(id_, -1)).tolist()
        return {self.works[row]: float(self.shares[row]) for row in rows}


@dataclass  # not frozen: the thousands who get votes would take four times as long
class Expert:
    """A researcher and their score in [0, 1].

    `chosen` are supporting works that are chosen already, `sides` the votes of each kind of search otherwise. `members`
    are ids of others whose support is the same works, if experts were grouped into teams.
    """

    id: str
    score: float
    chosen: tuple[tuple[str, float], ...] = ()
    members: tuple[str, ...] = ()
    sides: Sequence[Votes] = field(default=(), repr=False, compare=False)

    @cached_property
    def works(self) -> tuple[tuple[str, float], ...]:
        """Supporting works as (id, score in [0, 1]), best first: the mean of the sides' scores.

        They are computed on use, because few of the thousands who got votes are shown.
        """
        if not self.sides:
            return self.chosen
        works: dict[str, float] = defaultdict(float)
        for votes in self.sides:
            for work, share in votes.shares_of(self.id).items():
                works[work] += share / len(self.sides)
        return tuple(best_first(works).items())[: ranking.SUPPORTING_WORKS]


def rank_experts(services: Services, text: str, *, mode: str = "hybrid") -> list[Expert]:
    """Return the experts on a text, best first (ties by id), each with supporting works.

    `mode` is `hybrid`, `semantic` or `keyword`; without the embedding model it is `keyword`.
    """
    vector = services.embed_query(text) if mode != "keyword" else None
    voting = ranking.voting_on(significant_terms(text))
    words = text if mode != "semantic" or vector is None else None
    return experts(services, words, vector, voting=voting)


def experts(
    services: Services,
    text: str | None,
    vector: NDArray[np.float32] | Sequence[float] | None,
    candidates: Sequence[str] | None = None,
    filters: Sequence[Result] = (),
    voting: Voting | None = None,
) -> list[Expert]:
    """Return experts as `rank_experts` does: by the words of `text`, by `vector`, or by both.

    With `candidates` (canonical ids), exactly those are returned, by an exact search among all their works. Only works
    that pass the clauses in `filters` vote; `voting` is by default that for the length of the text.
    """
    if voting is None:
        voting = ranking.voting_on(significant_terms(text)) if text is not None else ranking.TEXT_VOTING
    sides = _sides(services, text, vector, candidates, filters, voting)
    scores = dict.fromkeys(candidates or (), 0.0)
    for votes in sides:
        for id_, score in votes.scores(voting).items():
            scores[id_] = scores.get(id_, 0.0) + score / len(sides)
    return [Expert(id_, score, sides=sides) for id_, score in best_first(scores).items()]


def teams(ranked: Sequence[Expert]) -> list[Expert]:
    """Return experts, best first, with each one left out whose supporting works are mostly those of an earlier one.

    They become `members` of the first such expert; "mostly" is more than half of their works.
    """
    leaders: list[Expert] = []
    members: list[list[str]] = []
    led: dict[str, list[int]] = defaultdict(list)
    for expert in ranked:
        shared = Counter(place for work, _ in expert.works for place in led.get(work, ()))
        place = next((place for place in sorted(shared) if 2 * shared[place] > len(expert.works)), None)
        if place is not None:
            members[place].append(expert.id)
            continue
        for work, _ in expert.works:
            led[work].append(len(leaders))
        leaders.append(expert)
        members.append([])
    return [replace(leader, members=tuple(others)) for leader, others in zip(leaders, members, strict=True)]


def sort_experts(ranked: Sequence[Expert]) -> list[Expert]:
    """Return experts best first; ties end on the id."""
    return sorted(ranked, key=lambda expert: (-expert.score, expert.id))


def serialize_experts(services: Services, page: Sequence[Expert]) -> list[ResearcherResult]:
    """Return experts as results: the researcher, the score, the supporting works, and the members of a team.

    Researchers who are not stored yet, because a run is building them, are left out.
    """
    return read_experts(services, page, [])[0]


def read_experts(
    services: Services, page: Sequence[Expert], searches: Sequence[tuple[str, Result]]
) -> tuple[list[ResearcherResult], list[Result]]:
    """Return experts as `serialize_experts` does, and the responses to other `searches`, all in one request."""
    people = [expert.id for expert in page]
    works = [id_ for expert in page for id_, _ in expert.works]
    members = [id_ for expert in page for id_ in expert.members[:MEMBERS]]
    reading = [
        (services.names.researchers, queries.stored(people, queries.SUMMARY)),
        (services.names.works, queries.stored(works, {"includes": ["title"]})),
        (services.names.researchers, queries.stored(members, {"includes": ["name"]})),
    ]
    wanted = reading if members else reading[:2] if people else []
    responses = services.search_together([*wanted, *searches])
    read = [{hit["_id"]: hit["_source"] for hit in response["hits"]["hits"]} for response in responses[: len(wanted)]]
    stored, titles, names = [*read, {}, {}, {}][:3]
    return _results(services, page, stored, titles, names), responses[len(wanted) :]


def _results(
    services: Services,
    page: Sequence[Expert],
    stored: Mapping[str, Any],
    titles: Mapping[str, Any],
    names: Mapping[str, Any],
) -> list[ResearcherResult]:
    """Return experts as results, from documents by id: researchers, works, and members of teams."""
    results = []
    for expert in page:
        if expert.id in stored:
            result = serialize_researcher(services, stored[expert.id])
            result["score"] = expert.score
            result["works"] = [
                {"id": id_, "title": titles[id_]["title"], "score": score}
                for id_, score in expert.works
                if id_ in titles
            ]
            if expert.members:
                known = [id_ for id_ in expert.members[:MEMBERS] if id_ in names]
                result["members"] = [{"id": id_, "name": names[id_]["name"]} for id_ in known]
            results.append(result)
    return results


def _sides(
    services: Services,
    text: str | None,
    vector: NDArray[np.float32] | Sequence[float] | None,
    candidates: Sequence[str] | None,
    filters: Sequence[Result],
    voting: Voting,
) -> list[Votes]:
    """Return the votes of works by BM25, by cosine, or both; all searches go out in one request."""
    is_open = candidates is None
    best: dict[str, Result] = {}
    exact: dict[str, Result] = {}
    if text is not None:
        exact["keyword"] = queries.works_on(text)
        best["keyword"] = queries.votes(exact["keyword"], filters, ranking.VOTING_KEYWORD if is_open else 1)
    if vector is not None:
        exact["semantic"] = queries.cosine(vector)
        weights = RankingWeights.from_settings(services.settings)
        nearest = clauses.knn(vector, list(filters), weights, k=ranking.VOTING_NEAREST)
        best["semantic"] = queries.votes(nearest, (), ranking.VOTING_NEAREST if is_open else 1)
    responses = services.search_together([(services.names.works, body) for body in best.values()])
    own = _votes_of(services, list(exact.values()), candidates or (), filters, voting.votes)
    if is_open and len(best) == 2 and not responses[0]["hits"]["hits"]:
        responses[1] = _near_enough(responses[1], similarity_of(services.settings.model).alone)
    by_side = [_authors(response) for response in responses[: len(best)]] if is_open else own
    tops = [response["hits"]["max_score"] or 0.0 for response in responses[: len(best)]]
    return [
        Votes.of(hits, top, voting.keyword)
        if side == "keyword"
        else Votes.of(_with_cosines(hits), ranking.cosine_of(top), voting.semantic)
        for side, hits, top in zip(best, by_side, tops, strict=True)
    ]


def _near_enough(response: Result, floor: float) -> Result:
    """Return a response without works below a cosine: where no word of a text occurs, they are about something else."""
    hits = [hit for hit in response["hits"]["hits"] if ranking.cosine_of(hit["_score"]) >= floor]
    return {"hits": {**response["hits"], "hits": hits}}


def _authors(response: Mapping[str, Any]) -> Hits:
    """Return the works in a response to `queries.votes`."""
    hits = Hits()
    for hit in response["hits"]["hits"]:
        hits.add(hit_id(hit), hit["_score"], hit["fields"]["researchers.id"])
    return hits


def _votes_of(
    services: Services, searches: Sequence[Result], candidates: Sequence[str], filters: Sequence[Result], most: int
) -> list[Hits]:
    """Return the candidates' `most` best works for each query, in batches of candidates."""
    by_search = [Hits() for _ in searches]
    for start in range(0, len(candidates), BATCH):
        batch = candidates[start : start + BATCH]
        bodies = [queries.best_works_of(query, batch, filters, most) for query in searches]
        responses = services.search_together([(services.names.works, body) for body in bodies])
        for hits, response in zip(by_search, responses, strict=True):
            _add_own_works(hits, response)
    return by_search


def _add_own_works(hits: Hits, response: Mapping[str, Any]) -> None:
    """Add each candidate's best works from the response to a search among their works."""
    for bucket in response["aggregations"]["researchers"]["buckets"]:
        for work, score in hit_scores(bucket["works"]).items():
            hits.add(work, score, [bucket["key"]])


def _with_cosines(hits: Hits) -> Hits:
    """Return works with the cosines behind Lucene's scores."""
    return replace(hits, scores=ranking.cosines(hits.scores))

"""Researchers similar to one, or to a group, and the reasons for each.

Two steps. Candidates come from a hybrid search over researchers: significant terms of their titles, and mean
embeddings. Then their works are compared with those of the examples one by one, and the best matches order them, with
topics and joint works: a mean embedding alone cannot tell someone with two fields from someone between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from search_api.http.paging import Pagination
from search_api.researchers import queries
from search_api.researchers.background import Background, Backgrounds
from search_api.researchers.candidates import SimilarPeopleRequest, candidates
from search_api.researchers.documents import canonical_ids, find, read, refuse_unknown
from search_api.researchers.fields import FIELDS
from search_api.researchers.oeuvre import Oeuvre, read_oeuvres
from search_api.researchers.reasons import add_reasons
from search_api.retrieval import filters, ranking
from search_api.retrieval.listing import envelope, noting_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.researchers.candidates import Candidates

Result = dict[str, Any]

#: Decimal places of a score.
DIGITS = 5


def similar(services: Services, id_: str, args: Mapping[str, Any]) -> Result:
    """Return the researchers most similar to one, each with a score in [0, 1] and reasons."""
    return _ranked(services, SimilarPeopleRequest([find(services, id_)]), args)


def similar_to(services: Services, body: Mapping[str, Any], args: Mapping[str, Any]) -> Result:
    """Return researchers as `schemas.SimilarToResearchers` describes them; `meta.unknown` lists the unknown ids.

    Raises Problem (422) that names them if nothing else is left to search by.
    """
    ids, unknown = canonical_ids(services, {name: body[name] or [] for name in ("like", "unlike", "exclude")})
    text = (body["text"] or "").strip()
    if not (text or ids["like"]):
        refuse_unknown({name: unknown[name] for name in ("like", "unlike")})
    stored = read(services, services.names.researchers, [*ids["like"], *ids["unlike"]], queries.EXAMPLE)
    like, unlike = ([stored[id_] for id_ in ids[name] if id_ in stored] for name in ("like", "unlike"))
    vector = services.embed_query(text) if text else None
    request = SimilarPeopleRequest(like, unlike, text, vector, frozenset(ids["exclude"]))
    return noting_unknown(_ranked(services, request, args), unknown)


def _ranked(services: Services, request: SimilarPeopleRequest, args: Mapping[str, Any]) -> Result:
    """Return the page that `args` describe of the researchers that pass their filters."""
    pagination = Pagination(args["page"], args["per_page"])
    passing = filters.clauses(filters.parse(FIELDS, args))
    excluded = {*request.exclude, *(example["id"] for example in (*request.like, *request.unlike))}
    if "collaborators" in args["exclude"]:
        excluded |= request.joint_works.keys()
    found = candidates(services, request, passing, excluded)
    examples, unwanted, others = _works(services, request, found)
    scores = _scores(services, request, found.scores, examples, unwanted, others)
    ranked = sorted(scores, key=lambda id_: (-scores[id_], id_))
    page = ranked[pagination.offset : pagination.offset + pagination.per_page]
    results = add_reasons(services, request, found, page, examples, others)
    for result in results:
        result["score"] = scores[result["id"]]
    return envelope(
        results,
        count=len(ranked),
        pagination=pagination,
        mode="hybrid" if request.like or request.vector is not None else "keyword",
        degraded=["semantic"] if request.is_degraded else [],
    )


def _scores(
    services: Services,
    request: SimilarPeopleRequest,
    found: Mapping[str, float],
    examples: Mapping[str, Oeuvre],
    unwanted: Mapping[str, Oeuvre],
    others: Mapping[str, Oeuvre],
) -> dict[str, float]:
    """Return the score of each candidate; without a vector of anything it is that of the keyword search."""
    if not request.like and request.vector is None:
        return {id_: min(1.0, keyword) for id_, keyword in found.items()}
    background = services.shared(Backgrounds).get(services)
    comparison = Comparison(background, {**examples, **unwanted}, others)
    return {
        id_: score(request, comparison, examples, unwanted, others[id_], id_) if id_ in others else 0.0 for id_ in found
    }


def _works(
    services: Services, request: SimilarPeopleRequest, found: Candidates
) -> tuple[dict[str, Oeuvre], dict[str, Oeuvre], dict[str, Oeuvre]]:
    """Return works of the examples, of those whom results should not resemble, and of the candidates, by researcher."""
    like, unlike = ([example["id"] for example in people] for people in (request.like, request.unlike))
    each = max(ranking.CANDIDATE_WORKS, ranking.OWN_WORKS // max(1, len(like)))
    samples = [(like, each), (unlike, ranking.CANDIDATE_WORKS), (list(found.scores), ranking.CANDIDATE_WORKS)]
    examples, unwanted, others = read_oeuvres(services, samples, found.generation)
    return examples, unwanted, others


@dataclass(frozen=True)
class Matches:
    """How well the works of an example match those of all candidates: float32[m, n], see `ranking.local_matches`.

    `of_own` has the best match of each own work with each candidate, float32[m, candidates], `of_other` that of each
    work of a candidate, float32[n].
    """

    all: NDArray[np.float32]
    of_own: NDArray[np.float32]
    of_other: NDArray[np.float32]


class Comparison:
    """Compares examples and candidates, all of whom have works; what is computed once for each of them is kept."""

    def __init__(self, background: Background, examples: Mapping[str, Oeuvre], others: Mapping[str, Oeuvre]) -> None:
        """Measure the surroundings of all works, and the topics and centre of every researcher."""
        self._works = {**others, **examples}
        self._density = background.densities(self._works)
        self._topics = {id_: background.topic_weights(works) for id_, works in self._works.items()}
        self._centre = {id_: works.centre for id_, works in self._works.items()}
        self._number = {id_: number for number, id_ in enumerate(others)}
        self._starts = np.cumsum([0, *(len(works.ids) for works in others.values())])
        self._vectors = np.concatenate([works.vectors for works in others.values()] or [np.empty((0, 0), np.float32)])
        self._densities = np.concatenate([self._density[id_] for id_ in others] or [np.empty(0, np.float32)])
        self._matches: dict[str, Matches] = {}

    def similarity(self, own: str, other: str) -> float:
        """Return the similarity of two researchers in (0, 1)."""
        matches, number = self._matches_of(own), self._number[other]
        columns = slice(self._starts[number], self._starts[number + 1])
        if self._works[own].has_author(other) or self._works[other].has_author(own):
            apart, together = self._closeness_of_authors(own, other, matches.all[:, columns])
        else:
            best_of_other = matches.of_other[columns]
            apart = together = ranking.closeness_of_best(matches.of_own[:, number], best_of_other, len(best_of_other))
        topics = ranking.sparse_cosine(self._topics[own], self._topics[other])
        score = ranking.person_score(apart, together, topics, float(self._centre[own] @ self._centre[other]))
        # In one product the last digits of a value depend on its place, and who has the same works has the same score.
        return round(score, DIGITS)

    def _matches_of(self, own: str) -> Matches:
        """Return the matches of an example, from one product instead of one for each candidate."""
        if own not in self._matches:
            vectors, density = self._works[own].vectors, self._density[own]
            matches = ranking.local_matches(vectors, self._vectors, density, self._densities)
            of_own = np.maximum.reduceat(matches, self._starts[:-1], axis=1)
            self._matches[own] = Matches(matches, of_own, matches.max(axis=0))
        return self._matches[own]

    def _closeness_of_authors(self, own: str, other: str, matches: NDArray[np.float32]) -> tuple[float, float]:
        """Return the closeness of the works that two authors of joint works did not write together, and of all."""
        works, theirs = self._works[own], self._works[other]
        rows, columns = works.rows_without(other), theirs.rows_without(own)
        places = {id_: column for column, id_ in enumerate(theirs.ids)}
        apart_from_itself = matches.copy()
        for row, id_ in enumerate(works.ids):
            if id_ in places:
                apart_from_itself[row, places[id_]] = -np.inf
        return ranking.closeness(matches[np.ix_(rows, columns)]), ranking.closeness(apart_from_itself)


def score(
    request: SimilarPeopleRequest,
    comparison: Comparison,
    wanted: Iterable[str],
    unwanted: Iterable[str],
    other: Oeuvre,
    id_: str,
) -> float:
    """Return the score of a candidate in [0, 1]: like the wanted researchers and the text, unlike the unwanted."""
    scores = [comparison.similarity(example, id_) for example in wanted]
    scores += [] if request.vector is None else [ranking.text_match(request.vector, other.vectors)]
    return ranking.group_score(scores, [comparison.similarity(example, id_) for example in unwanted])

"""Researchers similar to one, or to a group, and the reasons for each.

Two steps. Candidates come from a hybrid search over researchers: significant terms of their titles, and mean
embeddings. Then their works are compared with those of the examples one by one, and the best matches order them: a mean
embedding alone cannot tell someone with two fields from someone between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.http.paging import Pagination
from search_api.researchers import queries
from search_api.researchers.candidates import SimilarPeopleRequest, candidates
from search_api.researchers.documents import canonical_ids, find, read, refuse_unknown
from search_api.researchers.fields import FIELDS
from search_api.researchers.oeuvre import Oeuvre, read_oeuvres
from search_api.researchers.reasons import add_reasons
from search_api.retrieval import filters, ranking
from search_api.retrieval.listing import envelope, noting_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]


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
    found = candidates(services, request, [*passing, queries.none_of(sorted(excluded))])
    examples, unwanted, others = _works(services, request, list(found))
    scores = {id_: score(request, id_, examples, unwanted, others, found[id_]) for id_ in found}
    ranked = sorted(scores, key=lambda id_: (-scores[id_], id_))
    page = ranked[pagination.offset : pagination.offset + pagination.per_page]
    results = add_reasons(services, request, page, examples, others)
    for result in results:
        result["score"] = scores[result["id"]]
    return envelope(
        results,
        count=len(ranked),
        pagination=pagination,
        mode="hybrid" if request.like or request.vector is not None else "keyword",
        degraded=["semantic"] if request.is_degraded else [],
    )


def _works(
    services: Services, request: SimilarPeopleRequest, ids: Sequence[str]
) -> tuple[dict[str, Oeuvre], dict[str, Oeuvre], dict[str, Oeuvre]]:
    """Return works of the examples, of those whom results should not resemble, and of the candidates, by researcher."""
    like, unlike = ([example["id"] for example in people] for people in (request.like, request.unlike))
    each = max(ranking.CANDIDATE_WORKS, ranking.OWN_WORKS // max(1, len(like)))
    samples = [(like, each), (unlike, ranking.CANDIDATE_WORKS), (ids, ranking.CANDIDATE_WORKS)]
    examples, unwanted, others = read_oeuvres(services, samples)
    return examples, unwanted, others


def score(
    request: SimilarPeopleRequest,
    id_: str,
    examples: Mapping[str, Oeuvre],
    unwanted: Mapping[str, Oeuvre],
    others: Mapping[str, Oeuvre],
    fallback: float,
) -> float:
    """Return the score of a candidate in [0, 1]; without a vector of anything it is that of the keyword search."""
    if not request.like and request.vector is None:
        return min(1.0, fallback)
    if (other := others.get(id_)) is None:
        return 0.0
    wanted = [similarity(example, person, other, id_) for person, example in examples.items()]
    wanted += [] if request.vector is None else [ranking.text_match(request.vector, other.vectors)]
    return ranking.group_score(wanted, [similarity(each, person, other, id_) for person, each in unwanted.items()])


def similarity(own: Oeuvre, own_id: str, other: Oeuvre, other_id: str) -> float:
    """Return the similarity of two researchers in [0, 1] by the works that they did not write together.

    0 if either has no other works. Joint works say only that the two have collaborated.
    """
    own, other = own.without(other_id), other.without(own_id)
    return ranking.best_match_mean(own.vectors, other.vectors) if own.ids and other.ids else 0.0

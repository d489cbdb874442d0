"""Researchers like this one, and why.

Two steps. Candidates come from a hybrid search over the researchers: telling words of their titles, and the mean
embedding. Their works are then compared with this researcher's one by one, and the best matches order them: a mean
embedding alone cannot tell someone with two fields from someone between the two.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from search_api.http.paging import Pagination
from search_api.researchers import queries
from search_api.researchers.oeuvre import Oeuvre, oeuvres
from search_api.researchers.profile import dressed, find
from search_api.retrieval import filters, ranking
from search_api.retrieval.listing import envelope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]
#: A work of mine, one of theirs, and their cosine.
Pair = tuple[str, str, float]

#: Pairs of works shown as a reason.
PAIRS = 3


def similar(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """Return the researchers most like one, each with a score in [0, 1] and the reasons."""
    started = time.monotonic()
    me = find(services, given)
    asked = filters.parse(queries.FILTERS, args)
    pagination = Pagination(args["page"], args["per_page"])
    together = {person["id"]: person["works"] for person in me["collaborators"]}
    left_out = [me["id"], *(together if "collaborators" in args["exclude"] else ())]
    found = candidates(services, me, [*filters.clauses(asked), queries.none_of(left_out)])
    compared = bodies_of_work(services, me["id"], found)
    scores = {id_: alike(*both) for id_, both in compared.items()}
    order = sorted(scores, key=lambda id_: (-scores[id_], id_))
    page = order[pagination.offset : pagination.offset + pagination.per_page]
    pairs = {id_: closest_works(*compared[id_]) for id_ in page}
    said, titles, stored = facts(services, me, order, pairs)
    results = [
        {
            **dressed(stored[id_]),
            "score": scores[id_],
            "reasons": {
                "shared_topics": shared_topics(me, stored[id_]),
                "closest_works": pairs[id_],
                "titles": {work: titles[work] for *both, _ in pairs[id_] for work in both if work in titles},
                "works_together": together.get(id_, 0),
                **said[id_],
            },
        }
        for id_ in page
        if id_ in stored
    ]
    took = round(1000 * (time.monotonic() - started))
    return envelope(results, count=len(order), pagination=pagination, took_ms=took, mode="hybrid")


def candidates(services: Services, me: Mapping[str, Any], clauses: list[Result]) -> list[str]:
    """Return the ids that the hybrid search for candidates finds.

    Ids alone: to read 50 documents with their vectors took 335 ms where the search itself took 28.
    """
    keyword = queries.more_like(services.names.researchers, me["id"])
    semantic = ranking.knn(me["embedding"], clauses, k=ranking.CANDIDATES)
    body = {
        "size": ranking.CANDIDATES,
        "query": ranking.hybrid(keyword, semantic, clauses),
        "search_pipeline": ranking.fusion(ranking.CANDIDATES_SEMANTIC_WEIGHT),
        "_source": False,
    }
    return [hit["_id"] for hit in services.search(services.names.researchers, body)["hits"]["hits"]]


def bodies_of_work(services: Services, me: str, others: Sequence[str]) -> dict[str, tuple[Oeuvre, Oeuvre]]:
    """Return for each of the others my works and theirs, less those that both wrote.

    These say nothing but that the two know each other.
    """
    works = services.names.works
    asked = [queries.sample_of([me], ranking.OWN_WORKS), queries.sample_of(others, ranking.THEIR_WORKS)]
    own, theirs = (oeuvres(answer) for answer in services.search_together([(works, body) for body in asked]))
    mine = own.get(me)
    return {id_: (mine.without(id_), theirs[id_].without(me)) for id_ in others if id_ in theirs} if mine else {}


def alike(mine: Oeuvre, theirs: Oeuvre) -> float:
    """Return how alike two bodies of work are, in [0, 1]: 0 for someone without a work apart from those of both."""
    return ranking.best_match_mean(mine.vectors, theirs.vectors) if mine.ids and theirs.ids else 0.0


def closest_works(mine: Oeuvre, theirs: Oeuvre) -> list[Pair]:
    """Return the closest pairs of works."""
    pairs = ranking.closest_pairs(mine.vectors, theirs.vectors, PAIRS) if mine.ids and theirs.ids else []
    return [(mine.ids[i], theirs.ids[j], score) for i, j, score in pairs]


def shared_topics(me: Mapping[str, Any], other: Mapping[str, Any]) -> list[Result]:
    """Return the topics of both, most frequent in my works first."""
    topics = {topic["id"] for topic in other["topics"]}
    return [topic for topic in me["topics"] if topic["id"] in topics]


def facts(
    services: Services, me: Mapping[str, Any], ids: Sequence[str], pairs: Mapping[str, Sequence[Pair]]
) -> tuple[dict[str, dict[str, float]], dict[str, str], dict[str, Result]]:
    """Ask at once for what is shown: parts of the score by researcher, titles by work, and the page's researchers.

    The parts are the keyword score, as a share of the best of `ids`, and the cosine of mean embeddings.
    """
    people, slim = services.names.researchers, {"size": max(1, len(ids)), "_source": False}
    more_like = {"bool": {"must": [queries.more_like(people, me["id"])], "filter": [queries.these(ids)]}}
    near = ranking.knn(me["embedding"], [queries.these(ids)], k=max(1, len(ids)))
    works = sorted({work for found in pairs.values() for *both, _ in found for work in both})
    words, meaning, titles, stored = services.search_together(
        [
            (people, {"query": more_like, **slim}),
            (people, {"query": near, **slim}),
            (services.names.works, queries.stored(works, {"includes": ["title"]})),
            (people, queries.stored(list(pairs), queries.SUMMARY)),
        ]
    )
    said = {id_: {"keyword": 0.0, "semantic": 0.0} for id_ in ids}
    for hit in words["hits"]["hits"]:
        said[hit["_id"]]["keyword"] = ranking.relative(hit["_score"], words["hits"]["max_score"])
    for hit in meaning["hits"]["hits"]:
        said[hit["_id"]]["semantic"] = ranking.cosine_of(hit["_score"])
    return (
        said,
        {hit["_id"]: hit["_source"]["title"] for hit in titles["hits"]["hits"]},
        {hit["_id"]: hit["_source"] for hit in stored["hits"]["hits"]},
    )

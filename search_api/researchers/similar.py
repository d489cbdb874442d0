"""Researchers like this one, and why.

Two steps. Candidates come from a hybrid search over the researchers: telling words of their titles, and the mean
embedding. Their works are then compared with this researcher's one by one, and the best matches order them: a mean
embedding alone cannot tell someone with two fields from someone between the two.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from search_api import filters, ranking
from search_api.listing import envelope
from search_api.paging import Pagination
from search_api.researchers import queries
from search_api.researchers.about import documents
from search_api.researchers.oeuvre import Oeuvre, oeuvres
from search_api.researchers.profile import dressed, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.services import Services

Result = dict[str, Any]

#: Pairs of works shown as a reason.
PAIRS = 3
#: What is read of a candidate before it is known who is shown.
CANDIDATE = {"includes": ["id", "topics", "embedding"]}


def similar(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """Give the researchers most like one, each with a score in [0, 1] and the reasons."""
    started = time.monotonic()
    me = find(services, given)
    asked = filters.parse(queries.FILTERS, args)
    pagination = Pagination(args["page"], args["per_page"])
    together = {person["id"]: person["works"] for person in me["collaborators"]}
    left_out = [me["id"], *(together if "collaborators" in args["exclude"] else ())]
    found = candidates(services, me, [*filters.clauses(asked), queries.none_of(left_out)])
    mine = oeuvres(services, [me["id"]], ranking.OWN_WORKS).get(me["id"])
    works = oeuvres(services, [hit["_id"] for hit in found], ranking.THEIR_WORKS) if mine else {}
    compared = {id_: (mine.without(id_), theirs.without(me["id"])) for id_, theirs in works.items()} if mine else {}
    scores = {id_: alike(*both) for id_, both in compared.items()}
    order = sorted(scores, key=lambda id_: (-scores[id_], id_))
    page = order[pagination.offset : pagination.offset + pagination.per_page]
    sources = {hit["_id"]: hit["_source"] for hit in found}
    keyword = keyword_scores(services, me["id"], order)
    shown = documents(services, services.names.researchers, page, queries.SUMMARY)
    results = [
        {
            **dressed(shown[id_]),
            "score": scores[id_],
            "reasons": {
                **reasons(me, sources[id_], *compared[id_]),
                "works_together": together.get(id_, 0),
                "keyword": keyword.get(id_, 0.0),
            },
        }
        for id_ in page
        if id_ in shown
    ]
    name_works(services, results)
    took = round(1000 * (time.monotonic() - started))
    return envelope(results, count=len(order), pagination=pagination, took_ms=took, mode="hybrid")


def candidates(services: Services, me: Mapping[str, Any], clauses: list[Result]) -> list[Result]:
    """Give the hits of the hybrid search for candidates, with topics and vectors."""
    keyword = queries.more_like(services.names.researchers, me["id"])
    semantic = ranking.knn(me["embedding"], clauses, k=ranking.CANDIDATES)
    body = {
        "size": ranking.CANDIDATES,
        "query": ranking.hybrid(keyword, semantic, clauses),
        "_source": CANDIDATE,
    }
    hits: list[Result] = services.search(services.names.researchers, body)["hits"]["hits"]
    return hits


def alike(mine: Oeuvre, theirs: Oeuvre) -> float:
    """Give how alike two bodies of work are, in [0, 1]: 0 for someone without a work apart from those of both."""
    return ranking.best_match_mean(mine.vectors, theirs.vectors) if mine.ids and theirs.ids else 0.0


def reasons(me: Mapping[str, Any], other: Mapping[str, Any], mine: Oeuvre, theirs: Oeuvre) -> Result:
    """Give what two researchers share: topics, closest works, and the cosine of their mean embeddings.

    `mine` and `theirs` are their works less those that both wrote: these say nothing but that they know each other.
    """
    topics = {topic["id"] for topic in other["topics"]}
    pairs = ranking.closest_pairs(mine.vectors, theirs.vectors, PAIRS) if mine.ids and theirs.ids else []
    return {
        "shared_topics": [topic for topic in me["topics"] if topic["id"] in topics],
        "closest_works": [[mine.ids[i], theirs.ids[j], score] for i, j, score in pairs],
        "semantic": float(np.clip(np.dot(me["embedding"], other["embedding"]), 0.0, 1.0)),
    }


def name_works(services: Services, results: Sequence[Result]) -> None:
    """Put the titles of the closest works into the reasons."""
    ids = {
        id_ for result in results for mine, theirs, _ in result["reasons"]["closest_works"] for id_ in (mine, theirs)
    }
    stored = documents(services, services.names.works, sorted(ids), {"includes": ["title"]})
    for result in results:
        pairs = result["reasons"]["closest_works"]
        result["reasons"]["titles"] = {
            id_: stored[id_]["title"] for mine, theirs, _ in pairs for id_ in (mine, theirs) if id_ in stored
        }


def keyword_scores(services: Services, me: str, ids: Sequence[str]) -> dict[str, float]:
    """Give the keyword score of each of these as a share of the best of them."""
    more_like = queries.more_like(services.names.researchers, me)
    inside = {"bool": {"must": [more_like], "filter": [{"terms": {"id": list(ids)}}]}}
    body = {"size": len(ids), "_source": False, "query": inside}
    hits = services.search(services.names.researchers, body)["hits"] if ids else {"hits": [], "max_score": None}
    return {hit["_id"]: ranking.relative(hit["_score"], hits["max_score"]) for hit in hits["hits"]}

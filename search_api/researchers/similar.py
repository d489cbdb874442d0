"""Researchers like this one, and why.

Two steps. Candidates come from a hybrid search over the researchers: telling words of their titles, and the mean
embedding. Their works are then compared with this researcher's one by one, and the symmetric mean of best matches
orders them: a mean embedding alone cannot tell someone with two fields from someone between the two.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from search_api import filters, ranking
from search_api.listing import envelope
from search_api.paging import Pagination
from search_api.researchers import queries
from search_api.researchers.search import dressed, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from search_api.services import Services

Result = dict[str, Any]

#: Works compared in all; the newest win. 50 candidates with 20 works each fit.
MAX_WORKS = 1_000
#: Pairs of works shown as a reason.
PAIRS = 3


@dataclass(frozen=True)
class Oeuvre:
    """The works of one researcher: ids, titles, and vectors as float32[n, d], row by row."""

    ids: list[str]
    titles: list[str]
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, works: Sequence[Mapping[str, Any]]) -> Oeuvre:
        """Take works' documents with `id`, `title` and `embedding`; at least one."""
        return cls(
            [work["id"] for work in works],
            [work["title"] for work in works],
            np.asarray([work["embedding"] for work in works], dtype=np.float32),
        )

    def without(self, ids: set[str]) -> Oeuvre:
        """Give the oeuvre less some works; it may be empty."""
        rows = [row for row, id_ in enumerate(self.ids) if id_ not in ids]
        return Oeuvre([self.ids[row] for row in rows], [self.titles[row] for row in rows], self.vectors[rows])


def closest_works(mine: Oeuvre, theirs: Oeuvre) -> tuple[list[list[Any]], dict[str, str]]:
    """Give the closest pairs of works ([id, id, cosine]) and titles by id; what both wrote together says nothing."""
    joint = set(mine.ids) & set(theirs.ids)
    mine, theirs = mine.without(joint), theirs.without(joint)
    if not mine.ids or not theirs.ids:
        return [], {}
    pairs = ranking.closest_pairs(mine.vectors, theirs.vectors, PAIRS)
    titles = {mine.ids[i]: mine.titles[i] for i, _, _ in pairs} | {theirs.ids[j]: theirs.titles[j] for _, j, _ in pairs}
    return [[mine.ids[i], theirs.ids[j], score] for i, j, score in pairs], titles


def similar(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """Give the researchers most like one, each with a score in [0, 1] and the reasons."""
    me = find(services, given)
    asked = filters.parse(queries.FILTERS, args)
    pagination = Pagination(args["page"], args["per_page"])
    together = {person["id"]: person["works"] for person in me["collaborators"]}
    left_out = [me["id"], *(together if "collaborators" in args["exclude"] else ())]
    clauses = [*filters.clauses(asked), queries.none_of(left_out)]
    found, took = candidates(services, me, clauses)
    works = oeuvres(services, [me["id"], *(hit["_id"] for hit in found)])
    keyword = _keyword(services, me["id"], [hit["_id"] for hit in found])
    results = [
        _compared(me, hit["_source"], works, keyword.get(hit["_id"], 0.0), together.get(hit["_id"], 0))
        for hit in found
        if hit["_id"] in works and me["id"] in works
    ]
    results.sort(key=lambda result: (-result["score"], result["id"]))
    page = results[pagination.offset : pagination.offset + pagination.per_page]
    return envelope(page, count=len(results), pagination=pagination, took_ms=took, mode="hybrid")


def candidates(services: Services, me: Mapping[str, Any], clauses: list[Result]) -> tuple[list[Result], int]:
    """Give the hits of the hybrid search for candidates, with vectors, and how many milliseconds it took."""
    keyword = queries.more_like(services.names.researchers, me["id"])
    semantic = ranking.knn(me["embedding"], clauses, k=ranking.CANDIDATES)
    body = {
        "size": ranking.CANDIDATES,
        "query": ranking.hybrid(keyword, semantic, clauses),
        "_source": {"excludes": ["expertise", "collaborators", "counts_by_year"]},
    }
    answer = services.search(services.names.researchers, body)
    return answer["hits"]["hits"], answer["took"]


def oeuvres(services: Services, ids: Sequence[str]) -> dict[str, Oeuvre]:
    """Give the newest works of each of these researchers."""
    wanted = set(ids)
    works: dict[str, list[Result]] = defaultdict(list)
    for hit in services.search(services.names.works, queries.works_of(ids, MAX_WORKS))["hits"]["hits"]:
        for id_ in wanted.intersection(entry["id"] for entry in hit["_source"]["researchers"]):
            works[id_].append(hit["_source"])
    return {id_: Oeuvre.of(found) for id_, found in works.items()}


def _keyword(services: Services, me: str, ids: Sequence[str]) -> dict[str, float]:
    """Give the keyword score of each candidate as a share of the best of them."""
    inside = {"bool": {"must": [queries.more_like(services.names.researchers, me)], "filter": [{"terms": {"id": ids}}]}}
    body = {"size": len(ids), "_source": False, "query": inside}
    hits = services.search(services.names.researchers, body)["hits"] if ids else {"hits": [], "max_score": None}
    return {hit["_id"]: ranking.relative(hit["_score"], hits["max_score"]) for hit in hits["hits"]}


def _compared(
    me: Mapping[str, Any], other: Mapping[str, Any], works: Mapping[str, Oeuvre], keyword: float, together: int
) -> Result:
    mine, theirs = works[me["id"]], works[other["id"]]
    pairs, titles = closest_works(mine, theirs)
    topics = {topic["id"] for topic in other["topics"]}
    result = dressed(other)
    result["score"] = ranking.best_match_mean(mine.vectors, theirs.vectors)
    result["reasons"] = {
        "shared_topics": [topic for topic in me["topics"] if topic["id"] in topics],
        "closest_works": pairs,
        "titles": titles,
        "works_together": together,
        "semantic": float(np.clip(np.dot(me["embedding"], other["embedding"]), 0.0, 1.0)),
        "keyword": keyword,
    }
    return result

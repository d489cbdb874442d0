"""Stored works: found by id in any spelling, read, and serialized as results."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

from mappings import bare_doi, work_id
from mappings.documents import WorkDocument, WorkTopic
from search_api.http.errors import RedirectError, not_found
from search_api.http.item_urls import item_urls
from search_api.http.paging import WINDOW
from search_api.retrieval import ranking
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from search_api.http.services import Services

#: The views of a work, by name of the link.
LINKS = {"self": "works.work", "html": "web.work", "similar": "works.similar"}


class WorkHit(TypedDict):
    """A hit of a search for works. `_source` has the fields that the request reads."""

    _id: str
    _index: str
    _score: float | None
    _source: WorkDocument
    sort: NotRequired[list[Any]]
    highlight: NotRequired[dict[str, list[str]]]


class Named(TypedDict):
    """An entity with its id and name."""

    id: str
    name: str


class WorkReasons(TypedDict):
    """Why a work is similar, and the two parts of its score in [0, 1]."""

    shared_topics: list[WorkTopic]
    shared_authors: list[Named]
    keyword: float
    semantic: float


class WorkResult(WorkDocument):
    """A work as `schemas.Work` serializes it."""

    links: dict[str, str]
    score: NotRequired[float]
    match: NotRequired[dict[str, float]]
    highlight: NotRequired[dict[str, list[str]]]
    reasons: NotRequired[WorkReasons]


def serialize_work(work: WorkDocument) -> WorkResult:
    """Return a stored work with its links, as in `schemas.Work`; its authors are in the order of their position."""
    return cast("WorkResult", {**work, "links": item_urls(LINKS, work["id"])})


def to_result(hit: WorkHit, best: float | None, mode: str | None) -> WorkResult:
    """Return a hit as a result, with its score in [0, 1] if the list is ranked by a query (`mode` is not None).

    `best` is the best score of the list.
    """
    result = serialize_work(hit["_source"])
    if mode is not None and hit["_score"] is not None:
        result["score"] = _score(hit["_score"], best, mode)
    if "highlight" in hit:
        result["highlight"] = hit["highlight"]
    return result


def _score(score: float, best: float | None, mode: str) -> float:
    if mode == "keyword":
        return ranking.relative(score, best)
    return ranking.cosine_of(score) if mode == "semantic" else min(1.0, score)


def find(services: Services, id_: str) -> WorkDocument:
    """Return the stored work of an id in any spelling, with its vector. Raises Problem (404)."""
    if work := services.get(services.names.works, work_id(id_)):
        return cast("WorkDocument", work)
    body = {"size": 1, "sort": ["id"], "query": {"terms": {"ids": _spellings(id_)}}}
    for hit in services.search(services.names.works, body)["hits"]["hits"]:
        return cast("WorkDocument", hit["_source"])
    raise not_found("work", id_)


def find_canonical(services: Services, id_: str) -> WorkDocument:
    """Return the stored work of an id, as `find` does. Raises RedirectError for the id of a record that was merged."""
    work, asked = find(services, id_), work_id(id_)
    if asked != work["id"] and any(source["id"] == asked for source in work["sources"]):
        raise RedirectError(work["id"])
    return work


def find_ids(services: Services, ids: Sequence[str]) -> dict[str, str]:
    """Return the stored id for each id in any spelling; ids of no work are left out."""
    spellings = {id_: _spellings(id_) for id_ in ids}
    terms = sorted({spelling for all_spellings in spellings.values() for spelling in all_spellings})
    body = {"size": WINDOW, "sort": [{"id": "desc"}], "query": {"terms": {"ids": terms}}, "_source": ["id", "ids"]}
    hits = services.search(services.names.works, body)["hits"]["hits"] if terms else []
    owner = {spelling: hit["_source"]["id"] for hit in hits for spelling in hit["_source"]["ids"]}
    stored = {
        id_: next((owner[spelling] for spelling in all_spellings if spelling in owner), None)
        for id_, all_spellings in spellings.items()
    }
    return {id_: stored_id for id_, stored_id in stored.items() if stored_id}


def _spellings(id_: str) -> list[str]:
    """Return the ids under which a work may be stored, the most likely first."""
    spellings = [work_id(id_), id_]
    with suppress(ValueError):
        spellings.append(f"doi:{bare_doi(id_)}")
    return spellings


def read_hits(services: Services, scores: Mapping[str, float], read: Mapping[str, Any]) -> list[WorkHit]:
    """Return the works with these scores by id, in this order, with what `read` requests: `_source`, `highlight`.

    A work that was removed in the meantime is left out.
    """
    return with_scores(services.search(services.names.works, reading(scores, read)), scores) if scores else []


def only_id(id_: str, score: float, generation: str) -> WorkHit:
    """Return a hit that has only its id and score."""
    return {"_id": id_, "_index": generation, "_score": score, "_source": cast("WorkDocument", {"id": id_})}


def reading(ids: Collection[str], read: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request that reads these works."""
    return {"query": queries.only(list(ids)), "size": len(ids), "track_total_hits": False, **read}


def with_scores(response: Mapping[str, Any], scores: Mapping[str, float]) -> list[WorkHit]:
    """Return the hits of a response to `reading`, in the order of `scores` and with them."""
    hits: dict[str, WorkHit] = {hit["_id"]: hit for hit in response["hits"]["hits"]}
    return [{**hits[id_], "_score": score} for id_, score in scores.items() if id_ in hits]

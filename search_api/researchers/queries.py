"""Request bodies for researchers; pure functions, tested without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.http.paging import WINDOW
from search_api.researchers.names import by_name
from search_api.retrieval import ranking
from search_api.retrieval.clauses import SAMPLED, SHORT_VECTOR
from search_api.retrieval.hits import only_fields
from search_api.retrieval.terms import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

Body = dict[str, Any]

SOURCE = {"excludes": ["embedding", "embedding_model", "expertise", "indexed_at", "merge_reasons"]}
#: Fields of researchers in lists; the others are on the profile only.
SUMMARY = {"excludes": [*SOURCE["excludes"], "collaborators", "counts_by_year", "identity"]}

#: Fields of researchers that others should be similar to.
EXAMPLE = {"includes": ["id", "name", "topics", "works_count", "collaborators.id", "collaborators.works", "embedding"]}


def search_query(name: str | None, clauses: list[Body]) -> Body:
    """Return the query for a list: by name, or everyone who passes the clauses."""
    if name:
        return {"bool": {"must": [by_name(name)], "filter": clauses}}
    return {"bool": {"filter": clauses or [{"match_all": {}}]}}


def these(ids: Iterable[str], clauses: Sequence[Body] = ()) -> Body:
    """Return the query for those of these researchers who pass the clauses."""
    return {"bool": {"filter": [{"terms": {"id": list(ids)}}, *clauses]}}


def stored(ids: Iterable[str], source: Mapping[str, Any]) -> Body:
    """Return the request for the documents with these ids, at most 10,000; `source` selects their fields."""
    return {"query": {"terms": {"id": sorted(set(ids))}}, "size": WINDOW, "_source": source, "sort": ["_doc"]}


def more_like(index: str, like: Sequence[str], unlike: Sequence[str] = (), text: str = "") -> Body:
    """Return the keyword clause for researchers whose titles share the most significant terms of these and of a text.

    `like` and `unlike` are ids; terms of the researchers in `unlike` do not count.
    """
    liked: list[Any] = [{"_index": index, "_id": id_} for id_ in like]
    liked += [shorten(text)] if text else []
    disliked = [{"_index": index, "_id": id_} for id_ in unlike]
    clause = {"fields": ["expertise"], "like": liked, **ranking.MORE_LIKE_THIS}
    return {"more_like_this": clause | ({"unlike": disliked} if disliked else {})}


def none_of(ids: Sequence[str]) -> Body:
    """Return the clause that matches everyone but these."""
    return {"bool": {"must_not": [{"terms": {"id": list(ids)}}]}}


def sample_of(ids: Sequence[str], size: int, *, with_vectors: bool = True) -> Body:
    """Return the request for up to `size` works of each of these researchers; vectors are `SHORT_VECTOR`.

    A longer list is sampled at random with a fixed seed: the newest works would represent the last years only.
    """
    inside = {"bool": {"must": [SAMPLED], "filter": [{"terms": {"researchers.id": list(ids)}}]}}
    drawn = {"size": size, "sort": ["_score", "id"]}
    works = {"top_hits": {**drawn, **_compared_fields(with_vectors=with_vectors)}}
    people = {
        "terms": {"field": "researchers.id", "include": list(ids), "size": max(1, len(ids))},
        "aggs": {"works": works},
    }
    return {"size": 0, "query": inside, "aggs": {"researchers": people}}


def sample_of_all(size: int) -> Body:
    """Return the request for a sample of all works, always the same ones, in the form of `sample_of`."""
    return {"size": size, "query": SAMPLED, "track_total_hits": False, **_compared_fields()}


def _compared_fields(*, with_vectors: bool = True) -> Body:
    """Return the part of a request that reads what `Oeuvre.from_hits` needs of each work."""
    fields = only_fields("researchers.id", "topics.id")
    return {"script_fields": {"short": {"script": {"source": SHORT_VECTOR}}}, **fields} if with_vectors else fields


def works_on(text: str) -> Body:
    """Return the keyword clause for works on a text: title and abstract as one field."""
    fields = [f"title^{ranking.VOTING_TITLE_WEIGHT}", "abstract"]
    return {"multi_match": {"query": shorten(text), "type": "cross_fields", "fields": fields}}


def votes(query: Body, clauses: Sequence[Body], size: int) -> Body:
    """Return the request for the best works of a query, each with the ids of its researchers only."""
    inside = {"bool": {"must": [query], "filter": list(clauses)}} if clauses else query
    return {"size": size, "query": inside, "track_total_hits": False, **only_fields("researchers.id")}


def best_works_of(query: Body, ids: Sequence[str], clauses: Sequence[Body], size: int) -> Body:
    """Return the request for the `size` best works of each of these researchers for a query, however many they have."""
    inside = {"bool": {"must": [query], "filter": [{"terms": {"researchers.id": list(ids)}}, *clauses]}}
    best = {"top_hits": {"size": size, "sort": ["_score", "id"], "track_scores": True, **only_fields()}}
    people = {"terms": {"field": "researchers.id", "include": list(ids), "size": len(ids)}, "aggs": {"works": best}}
    return {"size": 0, "query": inside, "aggs": {"researchers": people}}


def cosine(vector: Sequence[float] | NDArray[np.float32]) -> Body:
    """Return the clause that scores every work by its exact cosine to a vector, as (1 + cosine) / 2."""
    script = {
        "source": "(1.0 + cosineSimilarity(params.vector, doc['embedding'])) / 2.0",
        "params": {"vector": [float(value) for value in vector]},
    }
    return {"script_score": {"query": {"match_all": {}}, "script": script}}

"""Request bodies for researchers; pure functions, tested without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mappings import institution_id, topic_id
from search_api.http.paging import WINDOW
from search_api.researchers.names import by_name
from search_api.retrieval import filters, ranking
from search_api.retrieval.facets import Facet
from search_api.retrieval.filters import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

Body = dict[str, Any]


def level(value: str) -> Body:
    """Match a verification level, `1` to `4`. Raises ValueError for anything else."""
    if value not in {"1", "2", "3", "4"}:
        raise ValueError("A level is L1, L2, L3 or L4.")
    return {"term": {"verification_level": int(value)}}


def bare_level(value: str) -> str:
    """Return a verification level as it is stored: `L1` as `1`."""
    return value.upper().removeprefix("L")


def active(value: str) -> Body:
    """Match who was active in a year or a span, `2019`, `2015-2020`, `2015-` or `-2010`: their works' years overlap it.

    From the first work to the last: a year without a work in between counts. Raises ValueError for anything else.
    """
    asked = filters.year(value)
    exact = asked.get("term", {}).get("year")
    bounds = {"gte": exact, "lte": exact} if exact is not None else asked["range"]["year"]
    ends = {"last_year": {"gte": bounds.get("gte")}, "first_year": {"lte": bounds.get("lte")}}
    return {"bool": {"filter": [{"range": {end: side}} for end, side in ends.items() if None not in side.values()]}}


FILTERS = {
    "topic": Field(filters.term("topics.id"), "topic", "Topic id, such as `cs.LG`.", topic_id),
    "institution": Field(
        filters.term("institutions.id"), "institution", "Institution id, or its ROR id.", institution_id
    ),
    "verification": Field(level, "verification", "`L1` to `L4`.", bare_level),
    "year": Field(active, "active in", "Active in `2019`, `2015-2020`, `2015-` or `-2010`: from first to last work."),
    "open_to_collaborate": Field(filters.flag("open_to_collaborate"), "open to collaborate", "`true` or `false`."),
}

FACETS = {
    "topic": Facet("topics.id", labels="topics"),
    "institution": Facet("institutions.id", labels="institutions"),
    "verification": Facet("verification_level", called="L{}".format),
}

SORTS: dict[str, list[Body]] = {
    "relevance": [{"_score": "desc"}, {"works_count": "desc"}, {"id": "asc"}],
    "works_count": [{"works_count": "desc"}, {"id": "asc"}],
    "name": [{"name.sort": "asc"}, {"id": "asc"}],
    "recent": [{"last_year": {"order": "desc", "missing": "_last"}}, {"works_count": "desc"}, {"id": "asc"}],
}

SOURCE = {"excludes": ["embedding", "embedding_model", "expertise", "indexed_at", "merge_reasons"]}
#: What a list shows of each; the rest belongs to the profile.
SUMMARY = {"excludes": [*SOURCE["excludes"], "collaborators", "counts_by_year"]}

MAX_WORDS = 200


def listed(name: str | None, clauses: list[Body]) -> Body:
    """Return the query for a list: by name, or all who pass the clauses."""
    if name:
        return {"bool": {"must": [by_name(name)], "filter": clauses}}
    return {"bool": {"filter": clauses or [{"match_all": {}}]}}


def these(ids: Iterable[str], clauses: Sequence[Body] = ()) -> Body:
    """Return the query for those of the given researchers who pass the clauses."""
    return {"bool": {"filter": [{"terms": {"id": list(ids)}}, *clauses]}}


def stored(ids: Iterable[str], source: Mapping[str, Any]) -> Body:
    """Return the request for the documents with these ids, at most 10,000; `source` says which fields."""
    return {"query": {"terms": {"id": sorted(set(ids))}}, "size": WINDOW, "_source": source, "sort": ["_doc"]}


def more_like(index: str, researcher_id: str) -> Body:
    """Return the keyword clause for researchers whose titles share this one's most telling words."""
    like = {"_index": index, "_id": researcher_id}
    return {"more_like_this": {"fields": ["expertise"], "like": [like], **ranking.TELLING}}


def none_of(ids: Sequence[str]) -> Body:
    """Return the clause that holds for everyone but these."""
    return {"bool": {"must_not": [{"terms": {"id": list(ids)}}]}}


#: A vector in one byte a number, its largest as 127, in base64: its length is lost, its direction but for a cosine of
#: .0002 not. 500 works with vectors out of `_source` took 340 ms (1.9 MB of JSON), with these 60 (.4 MB).
SHORT_VECTOR = """
    def vector = doc['embedding'].value;
    double most = 1e-9;
    for (int i = 0; i < vector.length; i++) { most = Math.max(most, Math.abs(vector[i])) }
    byte[] bytes = new byte[vector.length];
    for (int i = 0; i < vector.length; i++) { bytes[i] = (byte) Math.round(vector[i] * 127 / most) }
    return Base64.getEncoder().encodeToString(bytes);
"""


def sample_of(ids: Sequence[str], size: int) -> Body:
    """Return the request for up to `size` works of each of these researchers, with their vectors as `SHORT_VECTOR`.

    Of a longer list a random sample, the same every time: the newest would stand for the last years alone.
    """
    chance = {"function_score": {"random_score": {"seed": 1, "field": "id"}, "boost_mode": "replace"}}
    inside = {"bool": {"must": [chance], "filter": [{"terms": {"researchers.id": list(ids)}}]}}
    short = {"short": {"script": {"source": SHORT_VECTOR}}}
    works = {
        "top_hits": {"size": size, "_source": False, "docvalue_fields": ["researchers.id"], "script_fields": short}
    }
    people = {
        "terms": {"field": "researchers.id", "include": list(ids), "size": max(1, len(ids))},
        "aggs": {"works": works},
    }
    return {"size": 0, "query": inside, "aggs": {"researchers": people}}


def works_on(text: str) -> Body:
    """Return the keyword clause for works on a text: title and abstract as if one field."""
    words = " ".join(text.split()[:MAX_WORDS])
    fields = [f"title^{ranking.VOTING_TITLE_WEIGHT}", "abstract"]
    return {"multi_match": {"query": words, "type": "cross_fields", "fields": fields}}


def votes(query: Body, clauses: Sequence[Body], size: int) -> Body:
    """Return the request for the best works of a query, each with its researchers' ids and nothing else."""
    inside = {"bool": {"must": [query], "filter": list(clauses)}} if clauses else query
    return {"size": size, "query": inside, "_source": False, "docvalue_fields": ["researchers.id"]}


def best_works_of(query: Body, ids: Sequence[str], clauses: Sequence[Body], size: int) -> Body:
    """Return the request for the `size` best works of each of these researchers for a query, however many they have."""
    inside = {"bool": {"must": [query], "filter": [{"terms": {"researchers.id": list(ids)}}, *clauses]}}
    best = {"top_hits": {"size": size, "_source": False, "sort": ["_score", "id"], "track_scores": True}}
    people = {"terms": {"field": "researchers.id", "include": list(ids), "size": len(ids)}, "aggs": {"works": best}}
    return {"size": 0, "query": inside, "aggs": {"researchers": people}}


def cosine(vector: Sequence[float] | NDArray[np.float32]) -> Body:
    """Return the clause that scores every work by its exact cosine to a vector, as (1 + cosine) / 2."""
    script = {
        "source": "(1.0 + cosineSimilarity(params.vector, doc['embedding'])) / 2.0",
        "params": {"vector": [float(value) for value in vector]},
    }
    return {"script_score": {"query": {"match_all": {}}, "script": script}}

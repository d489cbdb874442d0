"""Request bodies for researchers; pure functions, tested without a server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mappings import institution_id, orcid_id
from search_api import filters, ranking
from search_api.facets import Facet
from search_api.filters import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

Body = dict[str, Any]


def level(value: str) -> Body:
    """Match a verification level, `1` to `4` or `L1` to `L4`. Raises ValueError for anything else."""
    number = value.strip().upper().removeprefix("L")
    if number not in {"1", "2", "3", "4"}:
        raise ValueError("A level is L1, L2, L3 or L4.")
    return {"term": {"verification_level": int(number)}}


FILTERS = {
    "topic": Field(filters.term("topics.id"), "topic", "Topic id, such as `cs.LG`."),
    "institution": Field(
        filters.term("institutions.id"), "institution", "Institution id, or its ROR id.", institution_id
    ),
    "verification": Field(level, "verification", "`L1` to `L4`."),
}

FACETS = {
    "topic": Facet("topics.id", labels="topics"),
    "institution": Facet("institutions.id", labels="institutions"),
    "verification": Facet("verification_level"),
}

SORTS: dict[str, list[Body]] = {
    "relevance": [{"_score": "desc"}, {"works_count": "desc"}, {"id": "asc"}],
    "works_count": [{"works_count": "desc"}, {"id": "asc"}],
    "name": [{"name.sort": "asc"}, {"id": "asc"}],
    "recent": [{"last_year": {"order": "desc", "missing": "_last"}}, {"works_count": "desc"}, {"id": "asc"}],
}

SOURCE = {"excludes": ["because", "embedding", "embedding_model", "expertise", "indexed_at"]}
#: What a list shows of each; the rest belongs to the profile.
SUMMARY = {"excludes": [*SOURCE["excludes"], "collaborators", "counts_by_year"]}

MAX_WORDS = 200
MAX_NAME_PARTS = 20
NAME_FIELDS = ("name", "name_variants")


def by_name(text: str) -> Body:
    """Match a name whatever its order, diacritics, initials and small typos: every part has to be there somehow.

    A part counts most as it stands, then as a beginning (`K.`, `Kord`), then with a typo, then as the initial that a
    record has in its place; but one part of two letters or more has to be there as more than an initial.
    """
    with suppress(ValueError):
        return {"bool": {"filter": [{"term": {"orcid": orcid_id(text)}}]}}
    words = text.replace(".", " ").replace(",", " ").split()[:MAX_NAME_PARTS]
    if not words:
        return {"match_none": {}}
    parts = [_any_of([*_spelled_out(word), *_initial(word)]) for word in words]
    anchor = [way for word in words if len(word) > 1 for way in _spelled_out(word)]
    return _known_first({"bool": {"must": parts, **({"filter": [_any_of(anchor)]} if anchor else {})}})


def _known_first(query: Body) -> Body:
    """Among people whose names match alike, bring forward who has more works: 1 work weighs 1.2, 20 weigh 1.8."""
    script = "_score * (1 + 0.25 * Math.log(1 + doc['works_count'].value))"
    return {"script_score": {"query": query, "script": {"source": script}}}


def _any_of(ways: list[Body]) -> Body:
    return {"dis_max": {"queries": ways, "tie_breaker": 0.1}}


def _spelled_out(word: str) -> list[Body]:
    ways: list[Body] = []
    for field in NAME_FIELDS:
        ways.append({"match": {field: {"query": word, "boost": 4}}})
        ways.append({"match_phrase_prefix": {field: {"query": word, "boost": 2, "max_expansions": 100}}})
        if len(word) > 1:
            fuzzy = {"query": word, "fuzziness": "AUTO:4,8", "prefix_length": 1, "operator": "and"}
            ways.append({"match": {field: fuzzy}})
    return ways


def _initial(word: str) -> list[Body]:
    return [{"match": {field: {"query": word[0], "boost": 0.5}}} for field in NAME_FIELDS] if len(word) > 1 else []


def by_expertise(text: str) -> Body:
    """Give the keyword clause for what someone works on: the titles of their works."""
    return {"match": {"expertise": " ".join(text.split()[:MAX_WORDS])}}


def query(
    name: str | None, about: str | None, vector: NDArray[np.float32] | None, clauses: list[Body], *, fused: bool = True
) -> Body:
    """Give the query: by expertise (hybrid, or by keyword without a vector), else by name, else all.

    With both, the name filters and the expertise ranks. `fused=False` finds the same without the fused score.
    """
    if about:
        inside = [*clauses, *([by_name(name)] if name else [])]
        if vector is None:
            return {"bool": {"must": [by_expertise(about)], "filter": inside}}
        combine = ranking.hybrid if fused else ranking.either
        return combine(by_expertise(about), ranking.knn(vector, inside), inside)
    if name:
        return {"bool": {"must": [by_name(name)], "filter": clauses}}
    return {"bool": {"filter": clauses or [{"match_all": {}}]}}


def more_like(index: str, researcher_id: str) -> Body:
    """Give the keyword clause for researchers whose titles share this one's most telling words."""
    like = {"_index": index, "_id": researcher_id}
    return {"more_like_this": {"fields": ["expertise"], "like": [like], **ranking.TELLING}}


def none_of(ids: Sequence[str]) -> Body:
    """Give the clause that holds for everyone but these."""
    return {"bool": {"must_not": [{"terms": {"id": list(ids)}}]}}


def works_of(ids: Sequence[str], size: int) -> Body:
    """Give the request for the newest works of these researchers, with their vectors."""
    return {
        "size": size,
        "sort": [{"year": {"order": "desc", "missing": "_last"}}, {"id": "asc"}],
        "query": {"bool": {"filter": [{"terms": {"researchers.id": list(ids)}}]}},
        "_source": ["id", "title", "researchers.id", "embedding"],
    }


def works_on(text: str) -> Body:
    """Give the keyword clause for works on a text: title and abstract as if one field, the title counting twice."""
    words = " ".join(text.split()[:MAX_WORDS])
    return {"multi_match": {"query": words, "type": "cross_fields", "fields": ["title^2", "abstract"]}}


def votes(query: Body, clauses: Sequence[Body], size: int) -> Body:
    """Give the request for the best works of a query, each with its researchers' ids and nothing else."""
    inside = {"bool": {"must": [query], "filter": list(clauses)}} if clauses else query
    return {"size": size, "query": inside, "_source": False, "docvalue_fields": ["researchers.id"]}


def best_works_of(query: Body, ids: Sequence[str], size: int) -> Body:
    """Give the request for the `size` best works of each of these researchers for a query, however many they have."""
    inside = {"bool": {"must": [query], "filter": [{"terms": {"researchers.id": list(ids)}}]}}
    best = {"top_hits": {"size": size, "_source": False, "sort": ["_score", "id"], "track_scores": True}}
    people = {"terms": {"field": "researchers.id", "include": list(ids), "size": len(ids)}, "aggs": {"works": best}}
    return {"size": 0, "query": inside, "aggs": {"researchers": people}}


def cosine(vector: Sequence[float] | NDArray[np.float32]) -> Body:
    """Give the clause that scores every work by its exact cosine to a vector, as (1 + cosine) / 2."""
    script = {
        "source": "(1.0 + cosineSimilarity(params.vector, doc['embedding'])) / 2.0",
        "params": {"vector": [float(value) for value in vector]},
    }
    return {"script_score": {"query": {"match_all": {}}, "script": script}}

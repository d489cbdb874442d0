"""Request bodies for autocompletion; pure functions, tested without a server.

All kinds match in the same way: every word must match, in any order and ignoring case and diacritics; the last one may
be incomplete. Prefixes are matched by the edge n-grams of a `search_as_you_type` field.
"""

from __future__ import annotations

from typing import Any

from mappings import institution_id, spellings, topic_id, work_id
from search_api.researchers.names import by_popularity
from search_api.retrieval.terms import shorten, without_signs

Body = dict[str, Any]

#: Words that are matched; the rest is ignored.
MAX_WORDS = 10

SOURCES = {
    "researcher": ["id", "name", "affiliations", "topics", "works_count", "first_year", "last_year", "owner.name"],
    "topic": ["id", "name", "parent", "works_count"],
    "institution": ["id", "name", "works_count"],
    "work": ["id", "title", "year", "researchers.name"],
}


def body(kind: str, text: str, size: int) -> Body:
    """Return the request for the best `size` entities of one kind; ties end on the id."""
    query = {
        "researcher": _researcher,
        "topic": _topic_or_institution,
        "institution": _topic_or_institution,
        "work": _work,
    }[kind]
    return {
        "query": query(shorten(text, MAX_WORDS, MAX_WORDS).split()),
        "size": size,
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "_source": SOURCES[kind],
        "track_total_hits": False,
    }


def _all_words(field: str, words: list[str]) -> Body:
    """Return the clause for all words, the last as a prefix; exact and adjacent words count more."""
    fields = [field, f"{field}._2gram", f"{field}._3gram"]
    return {"multi_match": {"query": " ".join(words), "type": "bool_prefix", "operator": "and", "fields": fields}}


def _prefer_prefix(field: str, words: list[str], query: Body) -> Body:
    """Return the query with a boost for values that begin with the whole text."""
    start = {"prefix": {field: {"value": " ".join(words).lower(), "boost": 10}}}
    return {"bool": {"must": [query], "should": [start]}}


def _work(words: list[str]) -> Body:
    """Return the query for titles, those that begin with the text first; or for the work with this id."""
    by_id = {"constant_score": {"filter": {"term": {"ids": work_id(" ".join(words))}}, "boost": 1_000}}
    return _prefer_prefix("title.sort", words, {"dis_max": {"queries": [_all_words("title.suggest", words), by_id]}})


def _topic_or_institution(words: list[str]) -> Body:
    """Return the query for names of topics or institutions, or for an id such as `cs.LG`."""
    text = topic_id(institution_id(" ".join(words)))
    by_id = {"constant_score": {"filter": {"term": {"id": {"value": text, "case_insensitive": True}}}, "boost": 1_000}}
    return by_popularity(
        _prefer_prefix("name.sort", words, {"dis_max": {"queries": [_all_words("name.suggest", words), by_id]}})
    )


def _researcher(words: list[str]) -> Body:
    """Return the query for names in any stored spelling, each word as a prefix, so that initials match names.

    The stored spellings include the preferred name of the profile's owner.
    """
    parts = [_name_part(word) for word in without_signs(" ".join(words)).split()]
    return by_popularity(_prefer_prefix("name.sort", words, {"bool": {"must": parts}})) if parts else {"match_none": {}}


def _name_part(word: str) -> Body:
    word = word.rstrip(".,")
    ways: list[Body] = []
    for spelling in spellings(word):
        ways.append({"match": {"name.suggest": {"query": spelling, "boost": 2}}})
        ways += [{"match_bool_prefix": {field: spelling}} for field in ("name.suggest", "name_variants", "owner.name")]
    return {"dis_max": {"queries": ways}}

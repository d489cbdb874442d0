"""Request bodies for autocompletion; pure functions, tested without a server.

All kinds match alike: every word has to be there, in any order and without regard to case and diacritics, and the last
one may be only begun. The beginnings of words come from the edge n-grams of a `search_as_you_type` field.
"""

from __future__ import annotations

from typing import Any

from mappings import institution_id, topic_id, work_id
from search_api.researchers.names import known_first

Body = dict[str, Any]

#: Words that count: nobody types more into a search box before looking at what it offers.
MAX_WORDS = 10

SOURCES = {
    "researcher": ["id", "name", "affiliations", "topics", "works_count", "first_year", "last_year", "owner.name"],
    "topic": ["id", "name", "parent", "works_count"],
    "institution": ["id", "name", "works_count"],
    "work": ["id", "title", "year", "researchers.name"],
}


def body(kind: str, text: str, size: int) -> Body:
    """Return the request for the best `size` of one kind; ties end on the id."""
    query = {"researcher": _person, "topic": _group, "institution": _group, "work": _work}[kind]
    return {
        "query": query(text.split()[:MAX_WORDS]),
        "size": size,
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "_source": SOURCES[kind],
        "track_total_hits": False,
    }


def _begins(field: str, words: list[str]) -> Body:
    """Match all words, the last as a beginning; those that stand as typed and next to each other count more."""
    fields = [field, f"{field}._2gram", f"{field}._3gram"]
    return {"multi_match": {"query": " ".join(words), "type": "bool_prefix", "operator": "and", "fields": fields}}


def _starting(field: str, words: list[str], query: Body) -> Body:
    """Bring forward what begins with the text as a whole."""
    start = {"prefix": {field: {"value": " ".join(words).lower(), "boost": 10}}}
    return {"bool": {"must": [query], "should": [start]}}


def _work(words: list[str]) -> Body:
    """Match titles, first those that begin as the text does; or the one work whose id was pasted."""
    by_id = {"constant_score": {"filter": {"term": {"ids": work_id(" ".join(words))}}, "boost": 1_000}}
    return _starting("title.sort", words, {"dis_max": {"queries": [_begins("title.suggest", words), by_id]}})


def _group(words: list[str]) -> Body:
    """Match names of topics or institutions, or an id, which some know better: `cs.LG`."""
    text = topic_id(institution_id(" ".join(words)))
    by_id = {"constant_score": {"filter": {"term": {"id": {"value": text, "case_insensitive": True}}}, "boost": 1_000}}
    return known_first(_starting("name.sort", words, {"dis_max": {"queries": [_begins("name.suggest", words), by_id]}}))


def _person(words: list[str]) -> Body:
    """Match names in any spelling on record, each word as a beginning, so that initials find names.

    The name that the owner of a profile prefers is one of them.
    """
    return known_first(_starting("name.sort", words, {"bool": {"must": [_name_part(word) for word in words]}}))


def _name_part(word: str) -> Body:
    word = word.rstrip(".,")
    return {
        "dis_max": {
            "queries": [
                {"match": {"name.suggest": {"query": word, "boost": 2}}},
                {"match_bool_prefix": {"name.suggest": word}},
                {"match_bool_prefix": {"name_variants": word}},
                {"match_bool_prefix": {"owner.name": word}},
            ]
        }
    }

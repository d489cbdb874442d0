"""The query for a researcher's name, which may be written in many ways, from initials to typos."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from mappings import orcid_id, spellings
from search_api.retrieval import ranking
from search_api.retrieval.terms import shorten, without_signs

Body = dict[str, Any]

#: Initials such as `J-P`: two words.
_HYPHENATED = re.compile(r"\b(\w)-(?=\w\b)")

MAX_NAME_PARTS = 20
#: Initials that may be written together, as in `KP Kording`.
MAX_INITIALS = 3
#: Parts of a name that may be left out.
PARTICLES = {
    *("al", "da", "das", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "la", "le"),
    *("ten", "ter", "van", "vom", "von", "zu", "zum"),
}
#: Names as printed on works, and the preferred name of the profile's owner.
NAME_FIELDS = ("name", "name_variants", "owner.name", "corrected.name")


def by_name(text: str) -> Body:
    """Return the query for a name in any order, ignoring diacritics, with initials and small typos: all parts match.

    Letters may be spelt out in the text (`Loew`) or where the name is printed.

    A part counts most as an exact match, then as a prefix (`K.`, `Kord`), then with a typo (`Kordnig`), then if a
    record has its initial only, or as several initials (`KP`). Particles (`van`, `de`) may be missing. At least one
    part of two or more letters must match as more than an initial. Exactly equal names come first. An ORCID iD matches
    its owner.
    """
    with suppress(ValueError):
        return {"bool": {"filter": [{"term": {"orcid": orcid_id(text)}}]}}
    spaced = _HYPHENATED.sub(r"\1 ", without_signs(text).replace(".", " ").replace(",", " "))
    words = shorten(spaced, MAX_NAME_PARTS, MAX_NAME_PARTS).split()
    if not words:
        return {"match_none": {}}
    is_upper = text.isupper()
    ways = {word: _any_of([*_in_full(word), *_initials(word, is_upper=is_upper)]) for word in words}
    required = [word for word in words if word.lower() not in PARTICLES] or words
    anchor = [way for word in required if len(word) > 1 for way in _in_full(word)]
    query: Body = {
        "must": [ways[word] for word in required],
        "should": [*(ways[word] for word in words if word not in required), *_exactly(text)],
        **({"filter": [_any_of(anchor)]} if anchor else {}),
    }
    return by_popularity({"bool": query})


def _exactly(text: str) -> list[Body]:
    """Return clauses that boost exactly this name, also as `Last, First`; 100 is more than parts can add up to."""
    last, comma, first = (part.strip() for part in text.partition(","))
    spellings = {text.strip(), *([f"{first} {last}"] if comma and first and last else [])}
    return [{"constant_score": {"filter": {"term": {"name.sort": name}}, "boost": 100}} for name in sorted(spellings)]


def by_popularity(query: Body) -> Body:
    """Return the query with scores raised by the number of works, for equally good matches: `ranking.POPULARITY`."""
    script = f"_score * (1 + {ranking.POPULARITY} * Math.log(1 + doc['works_count'].value))"
    return {"script_score": {"query": query, "script": {"source": script}}}


def _any_of(ways: list[Body]) -> Body:
    return {"dis_max": {"queries": ways, "tie_breaker": 0.1}}


def _in_full(word: str) -> list[Body]:
    ways: list[Body] = []
    for field in NAME_FIELDS:
        for spelling in spellings(word):
            ways.append({"match": {field: {"query": spelling, "boost": 4, "operator": "and"}}})
            # Not match_phrase_prefix: it expands a prefix to its first terms only, and Konrad is far down under K.
            ways.append({"match_bool_prefix": {field: {"query": spelling, "boost": 2, "operator": "and"}}})
        if len(word) > 1:
            fuzzy = {"query": word, "fuzziness": "AUTO:4,8", "prefix_length": 1, "operator": "and"}
            ways.append({"match": {field: fuzzy}})
    return ways


def _initials(word: str, *, is_upper: bool) -> list[Body]:
    """Return clauses for the initial of a word, and for `KP` as K and P unless the whole name is in capitals."""
    if len(word) == 1:
        return []
    ways: list[Body] = [{"match": {field: {"query": word[0], "boost": 0.5}}} for field in NAME_FIELDS]
    if word.isupper() and word.isalpha() and len(word) <= MAX_INITIALS and not is_upper:
        for field in NAME_FIELDS:
            letters = [{"match_bool_prefix": {field: letter}} for letter in word]
            ways.append({"bool": {"must": letters, "boost": 0.5}})
    return ways

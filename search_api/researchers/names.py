"""The query for a name: every way in which people write one, from initials to typos."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from mappings import orcid_id
from search_api.retrieval import ranking

Body = dict[str, Any]

#: Initials such as `J-P`: two words.
_HYPHENATED = re.compile(r"\b(\w)-(?=\w\b)")

MAX_NAME_PARTS = 20
#: Letters that stand for first names when written together, as in `KP Kording`.
MAX_INITIALS = 3
#: Parts of a name that are written or left out.
PARTICLES = {
    *("al", "da", "das", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "la", "le"),
    *("ten", "ter", "van", "vom", "von", "zu", "zum"),
}
#: As printed on works, and as the owner of the profile prefers it.
NAME_FIELDS = ("name", "name_variants", "owner.name")


def by_name(text: str) -> Body:
    """Match a name whatever its order, diacritics, initials and small typos: every part has to be there somehow.

    A part counts most as it stands, then as a beginning (`K.`, `Kord`), then with a typo or transliterated (`Mueller`
    for `Müller` is one letter more), then as the initial that a record has in its place, or as several (`KP`).
    Particles (`van`, `de`) may be missing. One part of two letters or more has to be there as more than an initial. Who
    bears exactly this name comes first.
    """
    with suppress(ValueError):
        return {"bool": {"filter": [{"term": {"orcid": orcid_id(text)}}]}}
    words = _HYPHENATED.sub(r"\1 ", text.replace(".", " ").replace(",", " ")).split()[:MAX_NAME_PARTS]
    if not words:
        return {"match_none": {}}
    shouted = text.isupper()
    ways = {word: _any_of([*_spelled_out(word), *_initials(word, shouted)]) for word in words}
    needed = [word for word in words if word.lower() not in PARTICLES] or words
    anchor = [way for word in needed if len(word) > 1 for way in _spelled_out(word)]
    query: Body = {
        "must": [ways[word] for word in needed],
        "should": [*(ways[word] for word in words if word not in needed), *_exactly(text)],
        **({"filter": [_any_of(anchor)]} if anchor else {}),
    }
    return known_first({"bool": query})


def _exactly(text: str) -> list[Body]:
    """Bring forward who bears exactly this name, or as `Last, First`; 100 is beyond what parts add up to."""
    last, comma, first = (part.strip() for part in text.partition(","))
    spellings = {text.strip(), *([f"{first} {last}"] if comma and first and last else [])}
    return [{"constant_score": {"filter": {"term": {"name.sort": one}}, "boost": 100}} for one in sorted(spellings)]


def known_first(query: Body) -> Body:
    """Among names that match alike, bring forward what has more works: see `ranking.POPULARITY`."""
    script = f"_score * (1 + {ranking.POPULARITY} * Math.log(1 + doc['works_count'].value))"
    return {"script_score": {"query": query, "script": {"source": script}}}


def _any_of(ways: list[Body]) -> Body:
    return {"dis_max": {"queries": ways, "tie_breaker": 0.1}}


def _spelled_out(word: str) -> list[Body]:
    ways: list[Body] = []
    for field in NAME_FIELDS:
        ways.append({"match": {field: {"query": word, "boost": 4, "operator": "and"}}})
        # Not match_phrase_prefix: that tries the first names with this beginning alone, and Konrad is far down under K.
        ways.append({"match_bool_prefix": {field: {"query": word, "boost": 2, "operator": "and"}}})
        if len(word) > 1:
            fuzzy = {"query": word, "fuzziness": "AUTO:4,8", "prefix_length": 1, "operator": "and"}
            ways.append({"match": {field: fuzzy}})
    return ways


def _initials(word: str, shouted: bool) -> list[Body]:
    """Match the initial in place of a word, and `KP` as a K and a P, unless all is written in capitals."""
    if len(word) == 1:
        return []
    ways: list[Body] = [{"match": {field: {"query": word[0], "boost": 0.5}}} for field in NAME_FIELDS]
    if word.isupper() and word.isalpha() and len(word) <= MAX_INITIALS and not shouted:
        for field in NAME_FIELDS:
            letters = [{"match_bool_prefix": {field: letter}} for letter in word]
            ways.append({"bool": {"must": letters, "boost": 0.5}})
    return ways

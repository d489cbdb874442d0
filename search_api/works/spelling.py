"""Did you mean: the query with words that occur nowhere replaced by the closest ones that do.

It is only said when it helps: no word that is somewhere is touched, and the new query finds something under the same
filters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from search_api.retrieval import syntax
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_api.http.services import Services

#: Where words are looked up, as they stand: stems are no words to suggest.
FIELDS = {"title": "title.exact", "abstract": "abstract.exact", "author": "researchers.name"}
#: Words of a query that are looked at; a longer one finds something without each of them.
MAX_WORDS = 20
#: Shorter words are not corrected: with two letters changed they could be anything.
MIN_LENGTH = 4
#: Longer ones are none that anyone writes, and OpenSearch takes 5 s to look for the neighbours of 19,000 letters.
MAX_LENGTH = 40


def suggesters(text: str) -> dict[str, Any]:
    """Return the suggest part of a search: for words that a field does not have, the closest that it has."""
    term = {"suggest_mode": "missing", "min_word_length": MIN_LENGTH, "prefix_length": 1, "size": 3}
    return {"text": lookups(text), **{name: {"term": {"field": path, **term}} for name, path in FIELDS.items()}}


def lookups(text: str) -> str:
    """Return the words to look up, each at its place in the query, with blanks for all else."""
    # What has a figure in it (2019, GPT4) is no word. OpenSearch counts places in UTF-16, where a character beyond
    # U+FFFF would be two.
    plain = re.sub(
        rf"\w{{{MAX_LENGTH + 1},}}|\w*\d\w*|[^\w']|[_\U00010000-\U0010ffff]", lambda match: " " * len(match[0]), text
    )
    shown = [" "] * len(text)
    for unit in syntax.parse(text).units[:MAX_WORDS]:
        shown[unit.start : unit.end] = plain[unit.start : unit.end]
    return "".join(shown)


def did_you_mean(
    services: Services, text: str, suggested: Mapping[str, Any], clauses: Sequence[dict[str, Any]]
) -> str | None:
    """Return the corrected query; None when there is nothing to correct, or nothing is found with it either.

    `suggested` is what OpenSearch answered to `suggesters`, `clauses` the filters in force.
    """
    best = _best(suggested)
    if not best:
        return None
    unknown = _unknown(services, {word for word, _ in best.values()})
    corrected = text
    for (start, length), (word, correction) in sorted(best.items(), reverse=True):
        if word in unknown:
            typed = text[start : start + length]
            corrected = corrected[:start] + _like(typed, correction) + corrected[start + length :]
    found = corrected.casefold() != text.casefold() and _finds(services, corrected, clauses)
    return corrected if found else None


def _best(suggested: Mapping[str, Any]) -> dict[tuple[int, int], tuple[str, str]]:
    """Return for each place (start, length) the word there and its best correction: the closest, then the commonest."""
    options: dict[tuple[int, int], list[tuple[float, int, str, str]]] = {}
    for name in FIELDS:
        for word in suggested[name]:
            place = (word["offset"], word["length"])
            found = ((option["score"], option["freq"], option["text"], word["text"]) for option in word["options"])
            options.setdefault(place, []).extend(found)
    return {place: (best[3], best[2]) for place, found in options.items() if found and (best := max(found))}


def _unknown(services: Services, words: Iterable[str]) -> set[str]:
    """Return those words that no field has."""
    anywhere = {word: {"multi_match": {"query": word, "fields": list(FIELDS.values())}} for word in words}
    body = {"size": 0, "query": {"match_all": {}}, "aggs": {"words": {"filters": {"filters": anywhere}}}}
    counted = services.search(services.names.works, body)["aggregations"]["words"]["buckets"]
    return {word for word, bucket in counted.items() if not bucket["doc_count"]}


def _like(typed: str, correction: str) -> str:
    return correction.capitalize() if typed[0].isupper() else correction


def _finds(services: Services, text: str, clauses: Sequence[dict[str, Any]]) -> bool:
    body = {"size": 0, "query": queries.query("keyword", text, None, list(clauses))}
    return bool(services.search(services.names.works, body)["hits"]["total"]["value"])


def ask(services: Services, text: str, clauses: Sequence[dict[str, Any]]) -> str | None:
    """Return the corrected query for a search without keyword matches; None when keywords matched too."""
    if _finds(services, text, clauses):
        return None
    body = {"size": 0, "query": {"match_all": {}}, "suggest": suggesters(text)}
    return did_you_mean(services, text, services.search(services.names.works, body)["suggest"], clauses)

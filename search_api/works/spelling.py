"""Did you mean: the query with unknown words replaced by the closest known ones.

It is suggested only when it helps: known words are never replaced, and the new query must find something in the same
mode under the same filters. If the typed one has found works by their meaning, the new one must name people, or its
words occur together in a work: of a topic that the collection does not have, the closest words are others.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from search_api.retrieval import syntax
from search_api.retrieval.cache import ExpiringCache
from search_api.retrieval.hits import first_only, have_hits
from search_api.retrieval.terms import STOP_WORDS, significant_terms
from search_api.works import plan as plans
from search_api.works import queries
from search_api.works.fields import FIELDS as FILTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.retrieval.syntax import Query
    from search_api.works.plan import Plan

Body = dict[str, Any]

#: Where words are looked up, in their unstemmed form: stems cannot be suggested.
FIELDS = {"title": "title.exact", "abstract": "abstract.exact", "author": "researchers.name"}
#: Words of a query that are looked up; a longer query matches something without each of them.
MAX_WORDS = 20
#: Shorter words are not corrected: with two letters changed they could be anything.
MIN_LENGTH = 4
#: Longer words are ignored: OpenSearch takes 5 s to look for the neighbours of 19,000 letters.
MAX_LENGTH = 40
#: Share of the letters of a word that a correction keeps: one change from four letters on, two from eight.
ACCURACY = 0.74
#: Words that are known to occur (about 2 MB), and for how many seconds, since the collection may change.
MAX_KNOWN = 20_000
SECONDS = 60.0

# What contains a digit (2019, GPT4) is not a word. OpenSearch counts positions in UTF-16, where a character beyond
# U+FFFF would be two.
_NO_WORDS = re.compile(rf"\w{{{MAX_LENGTH + 1},}}|\w*\d\w*|[^\w']|[_\U00010000-\U0010ffff]")


class KnownWords:
    """Cache of words that occur in a collection, so that they need no other spelling. Safe for several threads."""

    def __init__(self, seconds: float = SECONDS, timer: Callable[[], float] = time.monotonic) -> None:
        """Start empty; entries expire after `seconds`."""
        self._known: ExpiringCache[tuple[str, str], bool] = ExpiringCache(MAX_KNOWN, seconds, timer)

    def unseen(self, services: Services, query: Query) -> list[str]:
        """Return the words of a query that may be misspelt and are not known to occur."""
        words = dict.fromkeys(word for word in lookups(query).lower().split() if len(word) >= MIN_LENGTH - 1)
        return [word for word in words if not self._known.get((services.names.works, word))]

    def add(self, services: Services, words: Iterable[str]) -> None:
        """Keep words that occur."""
        for word in words:
            self._known.put((services.names.works, word), True)


def occurrence(word: str, languages: Iterable[str]) -> Body:
    """Return the request that finds out whether a word occurs in any form: whether it has hits.

    `languages` are those of the collection that have their own stemmer.
    """
    return first_only(queries.with_word(word, languages))


def looked_up(body: Body) -> str | None:
    """Return the word of an `occurrence` request; None for other requests."""
    match body["query"]:
        case {"bool": {"should": [{"match": {"all_words": {"query": str(word), "operator": "and"}}}, *_]}}:
            return word
    return None


def missing(services: Services, words: Sequence[str], responses: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the words that do not occur, by the responses to `occurrence` of each; the others become known."""
    occurs = {word: response["hits"]["total"]["value"] > 0 for word, response in zip(words, responses, strict=True)}
    services.shared(KnownWords).add(services, (word for word in words if occurs[word]))
    return [word for word in words if not occurs[word]]


def suggesters(query: Query) -> Body:
    """Return the suggest part of a search: for words that a field does not have, the closest that it has."""
    term = {
        "suggest_mode": "missing",
        "min_word_length": MIN_LENGTH,
        "prefix_length": 1,
        "size": 3,
        "accuracy": ACCURACY,
    }
    return {"text": lookups(query), **{name: {"term": {"field": path, **term}} for name, path in FIELDS.items()}}


def lookups(query: Query) -> str:
    """Return the words to look up, each at its position in the query, with spaces in place of everything else.

    Stop words are never misspelt, and `occurrence` does not find them.
    """
    plain = _NO_WORDS.sub(lambda match: " " * len(match[0]), query.source)
    plain = re.sub(r"[\w']+", lambda match: " " * len(match[0]) if _is_stop_word(match[0]) else match[0], plain)
    kept = [" "] * len(query.source)
    for unit in query.units[:MAX_WORDS]:
        kept[unit.start : unit.end] = plain[unit.start : unit.end]
    return "".join(kept)


def did_you_mean(services: Services, plan: Plan, suggested: Mapping[str, Any]) -> str | None:
    """Return the corrected query; None if nothing can be corrected or the corrected query matches nothing.

    `suggested` is OpenSearch's response to `suggesters`.
    """
    best = _best(suggested)
    if not best:
        return None
    unknown = _unknown(services, {word for word, _ in best.values()}, plan.query.languages)
    text = plan.query.source
    corrected = text
    for (start, length), (word, correction) in sorted(best.items(), reverse=True):
        if word in unknown:
            typed = text[start : start + length]
            corrected = corrected[:start] + _in_case_of(typed, correction) + corrected[start + length :]
    return corrected if corrected.casefold() != text.casefold() and _helps(services, plan, corrected) else None


def suggest(services: Services, plan: Plan) -> str | None:
    """Return the corrected query of a search whose words match nothing."""
    body = {"size": 0, "query": {"match_all": {}}, "suggest": suggesters(plan.query)}
    return did_you_mean(services, plan, services.search(services.names.works, body)["suggest"])


def _best(suggested: Mapping[str, Any]) -> dict[tuple[int, int], tuple[str, str]]:
    """Return (word, correction) for each position (start, length): the closest, then the most frequent correction."""
    options: dict[tuple[int, int], list[tuple[float, int, str, str]]] = {}
    for name in FIELDS:
        for word in suggested[name]:
            candidates = ((option["score"], option["freq"], option["text"], word["text"]) for option in word["options"])
            options.setdefault((word["offset"], word["length"]), []).extend(candidates)
    return {
        position: (best[3], best[2])
        for position, candidates in options.items()
        if candidates and (best := max(candidates))
    }


def _unknown(services: Services, words: Iterable[str], languages: Iterable[str]) -> set[str]:
    """Return those words that occur in no field, in no form."""
    anywhere = {word: queries.with_word(word, languages) for word in words}
    body = {"size": 0, "query": {"match_all": {}}, "aggs": {"words": {"filters": {"filters": anywhere}}}}
    buckets = services.search(services.names.works, body)["aggregations"]["words"]["buckets"]
    return {word for word, bucket in buckets.items() if not bucket["doc_count"]}


def _in_case_of(typed: str, correction: str) -> str:
    return correction.capitalize() if typed[0].isupper() else correction


def _is_stop_word(word: str) -> bool:
    return word.lower().removesuffix("'s") in STOP_WORDS


def _helps(services: Services, plan: Plan, corrected: str) -> bool:
    """Return whether the corrected query finds a work in the mode and under the filters of the plan.

    If the plan has found works, which then are near in meaning, the correction must name people, whom meaning does not
    find, or a work must have all words of the corrected query.
    """
    args = {
        "q": corrected,
        "mode": plan.mode,
        "sort": None,
        "cursor": None,
        "expand": False,
        **dict.fromkeys(FILTERS, ()),
    }
    asked = plans.plan(services, args, plan.clauses())
    names_people = any(kind == "researcher" for kind, _ in asked.named.entities)
    if plan.mode == "hybrid" and plan.found.ranked and not names_people:
        words = _all_words(syntax.parse(corrected), plan.query.languages)
        if not _any_work(services, [*words, *plan.clauses()]):
            return False
    return _any_work(services, [asked.found.clause(), *asked.clauses()])


def _all_words(query: Query, languages: Iterable[str]) -> list[Body]:
    """Return the clauses for works with all words of a query that count, and with what it requires."""
    words = [unit.text for unit in query.units if unit.is_free and significant_terms(unit.text)]
    return [*(queries.with_word(word, languages) for word in words), *queries.required_clauses(query)]


def _any_work(services: Services, clauses: list[Body]) -> bool:
    return all(have_hits(services, services.names.works, {"bool": {"filter": clauses}}))

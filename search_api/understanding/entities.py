"""The researchers, topics and institutions that a query names, and the words of it that name a person.

A word names a person when it occurs in names of authors and hardly in texts: `kording decoding` is `decoding` in the
works of people called Kording, while `brown clustering` stays words. Two names are the joint works of both. One request
to several indices answers all of it.
"""

from __future__ import annotations

import math
import re
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from mappings import spellings, spelt_out
from search_api.retrieval import clauses
from search_api.retrieval.cache import ExpiringCache
from search_api.retrieval.hits import count_only, have_hits
from search_api.retrieval.terms import STOP_WORDS, significant_terms, without_signs
from search_api.understanding import abbreviations
from search_api.understanding.hints import HINTS, SOURCES, suggestions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from search_api.http.services import Services
    from search_api.retrieval.syntax import Query
    from search_api.understanding.abbreviations import Pair

Body = dict[str, Any]
#: A researcher, and for each of their names the words of a query that are in it.
Candidate = tuple[Mapping[str, Any], Sequence[frozenset[str]]]

#: Entities shown for a query.
MAX_ENTITIES = 3
#: Words of a query that may name something; a longer one is a sentence.
MAX_WORDS = 8
#: Maximum number of people compared with the query; a name of more people does not limit the works. A query of more
#: than `FEW_WORDS` is hardly a name: fewer people are read, which takes most of the time of this request.
MAX_PEOPLE, PEOPLE_OF_MANY_WORDS, FEW_WORDS = 50, 15, 4
#: A word names people if texts with it are at most this share of the works by authors of that name. A query that is one
#: word may be a name up to a larger share: the people are shown, and the list stays that of the word.
MAX_TEXT_SHARE, MAX_SHOWN_SHARE = 0.25, 4.0
#: Terms of a query that may name something: a Chinese sentence is one word between spaces.
MAX_TERMS = 32
#: Words that an institution's name may have besides those of the query.
GENERIC = frozenset(
    (
        *("the", "of", "for", "at", "and", "in", "de", "la", "di", "university", "universitat", "universite"),
        *("universidad", "universidade", "universita", "universiteit", "institute", "college", "school", "academy"),
        *("research", "laboratory", "labs", "lab", "inc", "ltd", "corporation", "company", "group", "center", "centre"),
    )
)
#: Queries whose entities are kept, and for how many seconds, since the collection may change.
MAX_QUERIES = 512
SECONDS = 60.0
#: Words whose frequency in names and texts is kept, and for how many seconds: it hardly changes with a collection.
MAX_COUNTED = 10_000
COUNTED_SECONDS = 600.0
#: Names whose folded form is kept (about 2 MB): queries have some words in common, which the same people are named.
MAX_FOLDED = 10_000

_WORDS = re.compile(r"\w+")
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th", "ё": "е"}  # noqa: RUF001
)


@dataclass(frozen=True)
class Named:
    """The entities that a query names: documents by kind, at most `MAX_ENTITIES`.

    `words` are the folded words that name people, `people` the ids of all researchers they may be, a group for each
    name; both are empty unless the query is understood as such, see `of_people`. With `is_open`, no work of these
    people has any of the other words. `abbreviations` are pairs of short and long form.
    """

    entities: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    words: frozenset[str] = frozenset()
    people: tuple[tuple[str, ...], ...] = ()
    is_open: bool = False
    abbreviations: tuple[Pair, ...] = ()

    def to_list(self) -> list[Body]:
        """Return `meta.entities`."""
        kinds = dict.fromkeys(kind for kind, _ in self.entities)
        by_kind = {kind: [entity for other, entity in self.entities if other == kind] for kind in kinds}
        return [
            found
            for kind, entities in by_kind.items()
            for found in suggestions(kind, entities, [entity["name"] for entity in entities], HINTS[kind])
        ]

    def is_only_people(self, query: Query) -> bool:
        """Return whether a query consists of the name of people."""
        return bool(self.people) and self.words.issuperset(filter(None, (fold(unit.text) for unit in query.units)))

    def author(self, source: str) -> str:
        """Return the words of a query that were understood as a name, as they were typed; empty without any."""
        return " ".join(word for word in source.split() if fold(word) in self.words) if self.people else ""


class NamedEntities:
    """Cache of named entities by query. Safe to use from several threads."""

    def __init__(self, seconds: float = SECONDS, timer: Callable[[], float] = time.monotonic) -> None:
        """Start empty; entries expire after `seconds`."""
        self._known: ExpiringCache[tuple[str, str], Named] = ExpiringCache(MAX_QUERIES, seconds, timer)

    def of(self, services: Services, query: Query, ahead: Sequence[tuple[str, Body]] = ()) -> tuple[Named, list[Body]]:
        """Return the entities that a query names; none for a query with operators or a sentence.

        The searches `ahead` are sent in the same request; without a request, no responses to them are returned.
        """
        # `C++` has the form of no part of a name, so that it is not taken for the initial C.
        folded = (fold(unit.text) if without_signs(unit.text) else unit.text.lower() for unit in query.units)
        words = tuple(filter(None, folded))
        is_sentence = len(words) > MAX_WORDS or significant_terms(query.words) > MAX_TERMS
        if not query.is_plain or not words or is_sentence:
            return Named(), []
        key = (services.names.prefix, query.source)
        if (known := self._known.get(key)) is not None:
            return known, []
        named, responses = find(services, query.words, words, ahead)
        self._known.put(key, named)
        return named, responses


@lru_cache(maxsize=MAX_FOLDED)
def fold(text: str) -> str:
    """Return a text in lower case without diacritics and punctuation, words separated by single spaces."""
    if text.isascii():
        return " ".join(_WORDS.findall(text.lower()))
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(_WORDS.findall(unicodedata.normalize("NFC", kept)))


def find(
    services: Services, text: str, words: Sequence[str], ahead: Sequence[tuple[str, Body]] = ()
) -> tuple[Named, list[Body]]:
    """Return the entities that a text with these folded words names, and the responses to the searches `ahead`."""
    names = services.names
    most = MAX_PEOPLE if len(words) <= FEW_WORDS else PEOPLE_OF_MANY_WORDS
    searches = [
        (names.topics, _by_name("topic", text)),
        (names.institutions, _by_name("institution", text)),
        (names.researchers, _people(text, most)),
        (names.works, abbreviations.request(text)),
        *ahead,
    ]
    topics, institutions, people, defining, *responses = services.search_together(searches)
    pairs = abbreviations.expansions(text, _sources(defining))
    parts = fold(text).split()
    exact = [
        *(("topic", topic) for topic in _sources(topics) if _is_named(topic, text, parts)),
        *(("institution", place) for place in _sources(institutions) if _is_institution(place, parts)),
    ]
    typed = {fold(word): word for word in text.split()}
    ways = ((word, " ".join(fold(spelt_out(typed.get(part, part))) for part in word.split())) for word in words)
    spelt = {word: way for word, way in ways if way != word}
    candidates = [(person, [_matched(name, words, spelt) for name in _names(person)]) for person in _sources(people)]
    shares = services.shared(TextShares).of(
        services, {word: typed.get(word, word) for word in _words_in_names(candidates)}
    )
    rare = {word for word, share in shares.items() if share <= MAX_TEXT_SHARE}
    found = names_of(candidates, words, rare) or [of_people(candidates, words, rare)]
    shown = [person for same in zip_longest(*(name.people for name in found)) for person in same if person]
    is_complete = sum(len(name.words) for name in found) == len(set(words))
    if not shown and len(words) == 1 and shares.get(words[0], math.inf) <= MAX_SHOWN_SHARE:
        shown = list(of_people(candidates, words, set(words)).people)
    named_people = [("researcher", person) for person in shown]
    # People come first if the whole query is a name; otherwise one place is kept for them.
    room = MAX_ENTITIES - min(len(named_people), 1)
    entities = ([*named_people, *exact] if is_complete else [*exact[:room], *named_people])[:MAX_ENTITIES]
    named = Named(tuple(entities), abbreviations=pairs)
    if any(not name.words & rare or len(name.people) >= most for name in found):
        return named, responses
    rewritten = Named(
        named.entities,
        frozenset().union(*(name.words for name in found)),
        tuple(tuple(person["id"] for person in name.people) for name in found),
    )
    return _with_works(services, rewritten, words, text) or named, responses


@dataclass(frozen=True)
class People:
    """People whom the `words` of a query name, the most prolific first."""

    people: tuple[Mapping[str, Any], ...] = ()
    words: frozenset[str] = frozenset()


def names_of(candidates: Sequence[Candidate], words: Sequence[str], rare: frozenset[str] | set[str]) -> list[People]:
    """Return the people of each name in a query that consists of names; an empty list for any other query."""
    found: list[People] = []
    rest = list(words)
    while rest:
        within = [(person, [name & set(rest) for name in by_name]) for person, by_name in candidates]
        name = of_people(within, rest, rare)
        if not name.people:
            return []
        found.append(name)
        rest = [word for word in rest if word not in name.words]
    return found


def of_people(candidates: Iterable[Candidate], words: Sequence[str], rare: frozenset[str] | set[str]) -> People:
    """Return those researchers whose names have the most of these words.

    A name of several words is one if all are in it; otherwise one of the words has to be in `rare`, those that hardly
    occur in texts. An initial matches, but at least one word must match in full. Of two names with as many words, the
    one of the first candidate counts.
    """
    best: frozenset[str] = frozenset()
    chosen: list[Mapping[str, Any]] = []
    for person, by_name in candidates:
        matched = max(by_name, key=len)
        is_name = (len(matched) == len(set(words)) > 1) or matched & rare
        if is_name and len(matched) > len(best):
            best, chosen = matched, []
        if is_name and matched == best:
            chosen.append(person)
    chosen.sort(key=lambda person: (-person["works_count"], person["id"]))
    return People(tuple(chosen), best)


def _names(person: Mapping[str, Any]) -> list[str]:
    owner = (person.get("owner") or {}).get("name")
    return [person["name"], *person.get("name_variants", []), *([owner] if owner else [])]


def _matched(name: str, words: Sequence[str], spelt: Mapping[str, str]) -> frozenset[str]:
    """Return the words that are in a name, or initials of its parts; nothing if none is there in full.

    `spelt` has the words that are others with letters spelt out, as the name may be printed, and these.
    """
    parts, others = fold(name).split(), fold(spelt_out(name)).split()
    present = {"".join(parts), "".join(others), *parts, *others}
    whole = {word for word in words if word in present or (" " in word and present.issuperset(word.split()))}
    whole.update(word for word, way in spelt.items() if present.issuperset(way.split()))
    if not any(len(word) > 1 for word in whole):
        return frozenset()
    full = whole.union(spelt[word] for word in whole if word in spelt)
    initials = {part[0] for part, other in zip(parts, others, strict=True) if full.isdisjoint((part, other))}
    return frozenset(whole | {word for word in words if len(word) == 1 and word in initials})


def _words_in_names(candidates: Iterable[Candidate]) -> list[str]:
    """Return the words of a query that occur in the names of these people, in a fixed order.

    Stop words are left out: they are frequent in texts, and need no count.
    """
    matched = frozenset().union(*(words for _, by_name in candidates for words in by_name))
    return sorted(word for word in matched if len(word) > 1 and word not in STOP_WORDS)


class TextShares:
    """Cache of how often words of names occur in texts. Safe to use from several threads."""

    def __init__(self, seconds: float = COUNTED_SECONDS, timer: Callable[[], float] = time.monotonic) -> None:
        """Start empty; entries expire after `seconds`."""
        self._known: ExpiringCache[tuple[str, str], float] = ExpiringCache(MAX_COUNTED, seconds, timer)

    def of(self, services: Services, words: Mapping[str, str]) -> dict[str, float]:
        """Return the number of texts with each word, relative to the works by authors with the word in their name.

        It is infinite for a word that is in no name. `words` are folded ones with the words as typed.
        """
        prefix = services.names.prefix
        known = {word: self._known.get((prefix, typed)) for word, typed in words.items()}
        if unknown := [word for word, share in known.items() if share is None]:
            counts = [count for word in unknown for count in _counts(words[word])]
            responses = services.search_together([(services.names.works, body) for body in counts])
            totals = [response["hits"]["total"]["value"] for response in responses]
            for word, in_names, in_texts in zip(unknown, totals[::2], totals[1::2], strict=True):
                known[word] = share = in_texts / in_names if in_names else math.inf
                self._known.put((prefix, words[word]), share)
        return {word: share for word, share in known.items() if share is not None}


def _sources(response: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [hit["_source"] for hit in response["hits"]["hits"]]


def _by_name(kind: str, text: str) -> Body:
    """Return the request for entities whose name has all words of a text, or which have it as id, the largest first."""
    by_name = {"match": {"name": {"query": text, "operator": "and"}}}
    by_id = {"term": {"id": {"value": text, "case_insensitive": True}}}
    return {
        "query": {"bool": {"filter": [{"bool": {"should": [by_name, by_id]}}]}},
        "sort": [{"works_count": "desc"}, {"id": "asc"}],
        "size": MAX_PEOPLE,
        "_source": SOURCES[kind],
        "track_total_hits": False,
    }


def _people(text: str, most: int) -> Body:
    """Return the request for `most` researchers with any of these words in a name, those with the rarest first."""
    fields = ("name", "name_variants", "owner.name")
    ways = spellings(without_signs(text))
    return {
        "query": {"dis_max": {"queries": [{"match": {field: way}} for field in fields for way in ways]}},
        "size": most,
        "_source": SOURCES["researcher"],
        "track_total_hits": False,
    }


def _counts(word: str) -> list[Body]:
    """Return the requests for the numbers of works with a word in an author's name, and with it in their text."""
    in_names = clauses.in_names(word, operator="and")
    in_texts = {"multi_match": {"query": word, "fields": ["title.exact", "abstract.exact"], "operator": "and"}}
    return [count_only(in_names), count_only(in_texts)]


def _is_named(topic: Mapping[str, Any], text: str, words: Sequence[str]) -> bool:
    return bool(topic["id"].casefold() == text.casefold() or fold(topic["name"]).split() == list(words))


def _is_institution(institution: Mapping[str, Any], words: Sequence[str]) -> bool:
    """Return whether a name has no other words than the query's and generic ones, and not only generic ones."""
    name = fold(institution["name"]).split()
    return set(name) - set(words) <= GENERIC and not set(words) <= GENERIC


def _with_works(services: Services, named: Named, words: Sequence[str], text: str) -> Named | None:
    """Return how a query with names is understood, by the works that there are; None if as words.

    - Two names without a joint work are the works of any of these people.
    - With other words, it is those of their works that have one. If there are none, all of their works, unless another
      work has all words of the query: `bloom filters` is not about people called Bloom.
    """
    by_them = [{"terms": {"researchers.id": ids}} for ids in named.people]
    rest = " ".join(word for word in words if word not in named.words)
    if not rest and len(by_them) == 1:
        return named
    if not rest:
        [is_joint] = have_hits(services, services.names.works, {"bool": {"filter": by_them}})
        if is_joint:
            return named
        return replace(named, people=(tuple(id_ for ids in named.people for id_ in ids),))
    on_it = {"multi_match": {"query": rest, "fields": ["title", "abstract"]}}
    with_all = {"match": {"all_words": {"query": text, "operator": "and"}}}
    theirs, anyone = have_hits(services, services.names.works, {"bool": {"filter": [*by_them, on_it]}}, with_all)
    return named if theirs else None if anyone else replace(named, is_open=True)


def by_people(query: Query, named: Named) -> Query:
    """Return the query for the other words of a query in the works of the people whom it names."""
    if not named.people:
        return query
    others = tuple(unit for unit in query.units if fold(unit.text) not in named.words)
    (people,) = named.people
    return replace(query, units=others, people=people, is_open=named.is_open)


def with_forms(query: Query, named: Named) -> Query:
    """Return the query with the other forms of its abbreviations, which are searched too."""
    if not named.abbreviations:
        return query
    words = [unit.text for unit in query.units]
    return replace(query, forms=tuple(abbreviations.other_form(words, pair) for pair in named.abbreviations))

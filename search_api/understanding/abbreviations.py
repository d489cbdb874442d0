"""Abbreviations that works of the collection define, such as `generative adversarial network (GAN)`, for a query.

Definitions are found by the algorithm of Schwartz & Hearst ("A simple algorithm for identifying abbreviation
definitions in biomedical text", 2003) in the works that contain the abbreviation, or the words of the long form.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from search_api.retrieval.syntax import Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Body = dict[str, Any]
#: A short and a long form.
Pair = tuple[str, str]

#: Works that are read for the definitions of a query's abbreviations.
MAX_WORKS = 40
#: Words of a long form, and abbreviations of one query that are expanded.
MAX_LONG = 6
MAX_PAIRS = 2

#: Characters before a parenthesis that may contain the long form.
MAX_BEFORE = 200

#: Ends that singular and plural have instead, and the one in their key.
_KEY_ENDS = (
    (re.compile(r"(?:ices|ice|[ie]x(?:es)?)$"), "ic"),
    (re.compile(r"(?:ies|ie|y)$"), "y"),
    (re.compile(r"(?:es|is|e|(?<![su])s)$"), ""),
)
#: Ends of a singular, or of a word that has no other form.
_SINGULAR = re.compile(r"(?:[^s]|[siu]s|ics|\b(?:\w-)?means|\bnews|\bseries|\bspecies|\blens)$")
#: Ends of a plural and those that its singular may have.
_PLURALS = (
    (re.compile(r"ies$"), ("y", "ie")),
    (re.compile(r"ices$"), ("ice", "ix", "ex")),
    (re.compile(r"(?<=[sxzyo])es$|(?<=[cs]h)es$"), ("", "e", "is")),
    (re.compile(r"s$"), ("",)),
)
#: Plurals that only add an s; `bias`, `chaos`, `Bayes`, `analyses` and `processes` may be others.
_REGULAR = re.compile(r"(?:[^aeious]|(?<![sxzyohi])(?<!ic)e)s$")

_PARENTHESIS = re.compile(r"\(([A-Za-z][A-Za-z0-9-]{1,9})\)")
_SHORT = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,9}")


def definitions(text: str) -> Iterator[Pair]:
    """Yield the pairs of short and long form that a text defines, a plural s of the short one removed."""
    for match in _PARENTHESIS.finditer(text):
        short, before = match[1], text[max(0, match.start() - MAX_BEFORE) : match.start()]
        if sum(letter.isupper() for letter in short) < 2:
            continue
        short = _without_plural(short)
        words = re.split(r"[()]", before)[-1].split()[-min(len(short) + 5, 2 * len(short)) :]
        if long := _long_form(short, " ".join(words)):
            yield short, long


def _without_plural(short: str) -> str:
    """Return an abbreviation without the s of its plural, as in `GANs`."""
    return short[:-1] if short.endswith("s") and short[:-1].isupper() else short


def _long_form(short: str, before: str) -> str | None:
    """Return the shortest end of a text whose letters contain those of the short form in order, the first at a word."""
    position = len(before) - 1
    for number, letter in reversed(list(enumerate(short.lower()))):
        if not letter.isalnum():
            continue
        while position >= 0 and not (
            before[position].lower() == letter and (number > 0 or position == 0 or not before[position - 1].isalnum())
        ):
            position -= 1
        if position < 0:
            return None
        position -= 1
    long = before[position + 1 :].strip().lower()
    count = len(long.split())
    return long if 2 <= count <= MAX_LONG and len(long) > len(short) else None


def form_key(phrase: str) -> str:
    """Return a key that is the same for singular and plural of a phrase: process and processes, index and indices."""
    for pattern, end in _KEY_ENDS:
        if pattern.search(phrase):
            return pattern.sub(end, phrase)
    return phrase


def singulars(phrase: str) -> list[str]:
    """Return the forms that may be the singular of a phrase; none if it may itself be one."""
    if _SINGULAR.search(phrase):
        return []
    return next([pattern.sub(end, phrase) for end in ends] for pattern, ends in _PLURALS if pattern.search(phrase))


def _shown(forms: Iterable[str], texts: Sequence[str]) -> str:
    """Return the form of a phrase to show: the singular that most texts have, or else the form that most texts have.

    A regular plural needs no text with its singular.
    """

    def count(form: str) -> int:
        return sum(_has_words(text, form) for text in texts)

    printed = list(forms)
    singular = [form for form in printed if not singulars(form)]
    singular += [form for plural in printed for form in singulars(plural) if count(form)]
    regular = [plural[:-1] for plural in printed if _REGULAR.search(plural)]
    return max(sorted({*(singular or regular or printed)}), key=count)


def _has_words(text: str, phrase: str) -> bool:
    """Return whether a text contains a phrase that begins and ends where words do."""
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        if not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum():
            return True
        start = text.find(phrase, start + 1)
    return False


def candidates(text: str) -> list[str]:
    """Return the words of a query that may be abbreviations: those with two capitals, and a query of one short word."""
    words = text.split()
    if len(words) == 1 and _SHORT.fullmatch(text) and len(text) <= 5:
        return [text]
    return [word for word in words if _SHORT.fullmatch(word) and sum(letter.isupper() for letter in word) > 1]


def phrases(text: str) -> list[str]:
    """Return the parts of a short query that may be long forms: itself, then its parts of two words or more."""
    words = text.lower().split()
    if not 2 <= len(words) <= MAX_LONG:
        return []
    lengths = range(len(words), 1, -1)
    return [" ".join(words[start : start + length]) for length in lengths for start in range(len(words) - length + 1)]


def request(text: str) -> Body:
    """Return the request for works that may define an abbreviation in a query, or one for a part of the query."""
    fields = ["title.exact", "abstract.exact"]
    ways: list[Body] = [
        {"multi_match": {"query": f"{short} {short}s", "fields": fields}} for short in candidates(text)[:MAX_PAIRS]
    ]
    # A longer part contains one of two words, and the definition is looked for in what is found.
    pairs = [phrase for phrase in phrases(text) if phrase.count(" ") == 1]
    ways += [{"match_phrase": {field: pair}} for pair in pairs for field in ("title", "abstract")]
    return {
        "query": {"bool": {"should": ways}} if ways else {"match_none": {}},
        "size": MAX_WORKS,
        "_source": ["title", "abstract"],
        "track_total_hits": False,
    }


def other_form(words: Sequence[str], pair: Pair) -> Form:
    """Return the form of a pair that a query with these words does not have, and the words that it stands for."""
    short, long = pair
    length = long.count(" ") + 1
    for start in range(len(words) - length + 1):
        if form_key(" ".join(words[start : start + length]).lower()) == form_key(long):
            return Form(short, start, start + length)
    written = {short.lower(), f"{short.lower()}s"}
    place = next((place for place, word in enumerate(words) if word.lower() in written), None)
    return Form(long, 0, len(words)) if place is None else Form(long, place, place + 1)


def expansions(query: str, works: Iterable[Mapping[str, Any]]) -> tuple[Pair, ...]:
    """Return the pairs that a query has one form of, as most of these works define them."""
    texts = [f"{work.get('title') or ''} \n {work.get('abstract') or ''}" for work in works]
    counts: Counter[Pair] = Counter()
    forms: dict[Pair, set[str]] = {}
    for text in texts:
        printed = {((short, form_key(long)), long) for short, long in definitions(text)}
        counts.update({key for key, _ in printed})
        for key, long in printed:
            forms.setdefault(key, set()).add(long)
    # The most frequent definition first, of equally frequent ones the first by name.
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    found = [key for phrase in map(form_key, phrases(query)) for key in ordered if key[1] == phrase][:1]
    for short in candidates(query):
        plain = _without_plural(short)
        found += [key for key in ordered if key[0].lower() == plain.lower()][:1]
    lowered = [" ".join(text.lower().split()) for text in texts] if found else []
    return tuple((key[0], _shown(forms[key], lowered)) for key in dict.fromkeys(found))[:MAX_PAIRS]

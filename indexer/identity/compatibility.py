"""Can two printed names be one person's? A graded verdict, from the same words to two that never meet.

Compatible is not the same: `J. Smith` is compatible with `John` and with `James`, who are not with each other. So a
cluster asks for every pair of its names, and evidence decides among what is possible.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from indexer.identity.names import is_initial, surname_key
from indexer.identity.nicknames import are_nicknames

if TYPE_CHECKING:
    from indexer.identity.names import Name


#: Letters from which on a word is long enough to be known by the key under which all its transcriptions fall.
LONG = 6


class Verdict(IntEnum):
    """How far two names are apart; the worst difference counts."""

    IDENTICAL = 0
    #: `Schütze`, `Schuetze`
    TRANSLITERATED = 1
    #: `David Smith`, `David A. Smith`
    MIDDLE = 2
    #: `J. Smith`, `John Smith`
    INITIAL = 3
    #: `Bob Smith`, `Robert Smith`
    NICKNAME = 4
    #: `Bruce Croft`, `W. Bruce Croft`; `Thiago Ferreira`, `Thiago Castro-Ferreira`; `Bhavana Dalvi`, `Bhavana Dalvi
    #: Mishra`
    PART = 5
    #: `Wang Wei`, `Wei Wang`
    SWAPPED = 6
    INCOMPATIBLE = 9


class Comparison(NamedTuple):
    """A verdict, and what the two names agree in: given names (an initial where one has no more) and family name."""

    verdict: Verdict
    given: tuple[str, ...] = ()
    surname: str = ""


_APART = Comparison(Verdict.INCOMPATIBLE)


def compatible(a: Name, b: Name) -> Verdict:
    """Return the verdict on two names. Symmetric."""
    return compare(a, b).verdict


@lru_cache(maxsize=50_000)
def compare(a: Name, b: Name) -> Comparison:
    """Compare two names. Symmetric."""
    if a.suffix and b.suffix and a.suffix != b.suffix:
        return _APART
    found = min(_whole(a, b), _aligned(a, b), key=lambda comparison: comparison.verdict)
    if found.verdict is Verdict.INCOMPATIBLE:
        found = _reordered(a, b)
    if found.verdict < Verdict.MIDDLE and a.suffix != b.suffix:
        return found._replace(verdict=Verdict.MIDDLE)
    return found


def _whole(a: Name, b: Name) -> Comparison:
    """Compare names that differ in nothing but gaps, hyphens and transcription."""
    # Of `Ai Ti` and `AiTi` the one that sorts first stands for both, so that the order of the two names is nothing.
    given = min(a.given, b.given)
    if a.joined == b.joined or a.words == b.words:
        return Comparison(Verdict.IDENTICAL, given, min(a.surname, b.surname))
    if len(a.words) == len(b.words) and all(map(_same_word, *_pairs(a, b))):
        return Comparison(Verdict.TRANSLITERATED, given, min(a.surname, b.surname))
    return _APART


def _pairs(a: Name, b: Name) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    return list(zip(a.words, a.expanded, strict=True)), list(zip(b.words, b.expanded, strict=True))


def _same_word(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Return whether two words are one, as they are or as one of them is transcribed."""
    if one[0] == other[0] or one[0] == other[1] or one[1] == other[0]:
        return True
    # `Scholkopf` and `Schoelkopf` are both Schölkopf, though neither shows it. In short words, too many are two names.
    return min(len(one[0]), len(other[0])) >= LONG and surname_key(one[0]) == surname_key(other[0])


def _word(one: tuple[str, str], other: tuple[str, str]) -> Verdict:
    """Compare one word with one word."""
    if one[0] == other[0]:
        return Verdict.IDENTICAL
    if is_initial(one[0]) or is_initial(other[0]):
        return Verdict.INITIAL if one[0][0] == other[0][0] else Verdict.INCOMPATIBLE
    if _same_word(one, other):
        return Verdict.TRANSLITERATED
    return Verdict.NICKNAME if are_nicknames(one[0], other[0]) else Verdict.INCOMPATIBLE


def _aligned(a: Name, b: Name) -> Comparison:
    """Compare word by word, in order; the shorter must be found in the longer as a whole."""
    if len(a.words) == len(b.words):
        return min(_within(a, b), _within(b, a))
    return _within(a, b) if len(a.words) < len(b.words) else _within(b, a)


def _within(a: Name, b: Name) -> Comparison:
    """Look for `a`, which has at most as many words, in `b`."""
    if len(a.words) < 2:
        return _APART
    short, long = _pairs(a, b)
    return min((_graded(a, b, places, short, long) for places in _placements(short, long)), default=_APART)


def _placements(short: list[tuple[str, str]], long: list[tuple[str, str]]) -> list[tuple[int, ...]]:
    """Return every way to find the words of `short` in `long`, in order: an index into `long` for each."""
    found: list[tuple[int, ...]] = [()]
    for done, word in enumerate(short):
        room = len(long) - (len(short) - done) + 1
        found = [
            (*places, place)
            for places in found
            for place in range(places[-1] + 1 if places else 0, room)
            if _word(word, long[place]) is not Verdict.INCOMPATIBLE
        ]
    return found


def _graded(
    a: Name, b: Name, places: tuple[int, ...], short: list[tuple[str, str]], long: list[tuple[str, str]]
) -> Comparison:
    """Judge one way of laying the shorter name over the longer."""
    words = [_word(short[index], long[place]) for index, place in enumerate(places)]
    # The family name is a whole word on both sides; a family name that is only an initial proves nothing.
    if words[a.family] > Verdict.TRANSLITERATED or is_initial(a.surname):
        return _APART
    # Nor is half of a given name a family name: `Jia-Chen Gu` is not a `Jia Chen`.
    if {places[a.family], places[a.family] - 1} & set(b.tied):
        return _APART
    missing = set(range(len(long))) - set(places)
    verdict = max(max(words), _missing(a, b, words, missing)) if missing else max(words)
    both = [min(a.words[index], b.words[place], key=len) for index, place in enumerate(places)]
    return Comparison(verdict, tuple(both[: a.family] + both[a.family + 1 :]), both[a.family])


def _missing(a: Name, b: Name, words: list[Verdict], missing: set[int]) -> Verdict:
    """Judge what the shorter name lacks."""
    # A hyphen makes one given name of two: of `Jia-Chen Gu` neither `Jia Gu` nor `Chen Gu` is a short form. In the
    # tuning half all twelve such pairs that evidence would have joined were two people.
    if any((place in missing) != (place + 1 in missing) for place in b.tied):
        return Verdict.INCOMPATIBLE
    if 0 in missing or b.family in missing:
        return _end_missing(a, b, words, missing)
    half_surname = any(b.family - b.hyphened <= place < b.family for place in missing)
    return Verdict.PART if half_surname else Verdict.MIDDLE


def _end_missing(a: Name, b: Name, words: list[Verdict], missing: set[int]) -> Verdict:
    """Judge names of which one lacks the first given name or the end: only whole words may then stand for the rest."""
    whole = max(words) <= Verdict.TRANSLITERATED and not a.is_initialed
    ends = (0 in missing) + (b.family in missing)
    return Verdict.PART if whole and ends == 1 and len(missing) <= 2 else Verdict.INCOMPATIBLE


def _reordered(a: Name, b: Name) -> Comparison:
    same = sorted(a.words) == sorted(b.words) or sorted(a.joined) == sorted(b.joined)
    first = min(a, b, key=lambda name: name.words)
    return Comparison(Verdict.SWAPPED, first.given, first.surname) if same and len(a.words) > 1 else _APART

"""Compare two printed names: a graded verdict, from identical to incompatible.

Compatibility is not transitive: `J. Smith` is compatible with `John` and with `James`, who are not compatible with each
other. So a cluster requires that every pair of its names is compatible, and evidence decides among those.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from indexer.identity.names import is_initial, surname_key
from indexer.identity.nicknames import are_nicknames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.identity.names import Name


#: Minimum length of words that are compared by `surname_key`, the common key of all transcriptions.
LONG = 6


class Verdict(IntEnum):
    """How much two names differ; the largest difference counts."""

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
    """A verdict, and what both names have in common: given names (or initials) and family name."""

    verdict: Verdict
    given: tuple[str, ...] = ()
    surname: str = ""


_INCOMPATIBLE = Comparison(Verdict.INCOMPATIBLE)


def compatible(a: Name, b: Name) -> Verdict:
    """Return the verdict on two names. Symmetric."""
    return compare(a, b).verdict


@lru_cache(maxsize=50_000)
def compare(a: Name, b: Name) -> Comparison:
    """Return the comparison of two names. Symmetric."""
    if a.suffix and b.suffix and a.suffix != b.suffix:
        return _INCOMPATIBLE
    comparison = min(_whole(a, b), _aligned(a, b), key=lambda item: item.verdict)
    if comparison.verdict is Verdict.INCOMPATIBLE:
        comparison = _reordered(a, b)
    if comparison.verdict < Verdict.MIDDLE and a.suffix != b.suffix:
        return comparison._replace(verdict=Verdict.MIDDLE)
    return comparison


def _whole(a: Name, b: Name) -> Comparison:
    """Compare names that differ at most in spaces, hyphens and transliteration."""
    # Of `Ai Ti` and `AiTi` the one that sorts first represents both, so that the comparison is symmetric.
    given = min(a.given, b.given)
    if a.joined == b.joined or a.words == b.words:
        return Comparison(Verdict.IDENTICAL, given, min(a.surname, b.surname))
    if len(a.words) == len(b.words) and all(map(_same_word, a.pairs, b.pairs)):
        return Comparison(Verdict.TRANSLITERATED, given, min(a.surname, b.surname))
    return _INCOMPATIBLE


def _same_word(a: tuple[str, str], b: tuple[str, str]) -> bool:
    """Return whether two words are the same, or one of them is a transliteration of the other."""
    if a[0] == b[0] or a[0] == b[1] or a[1] == b[0]:
        return True
    # `Scholkopf` and `Schoelkopf` are both Schölkopf. Of short words, too many with one key are different names.
    return min(len(a[0]), len(b[0])) >= LONG and surname_key(a[0]) == surname_key(b[0])


def _word(a: tuple[str, str], b: tuple[str, str]) -> Verdict:
    """Return the verdict on two single words, each with its transliteration."""
    if a[0] == b[0]:
        return Verdict.IDENTICAL
    if is_initial(a[0]) or is_initial(b[0]):
        return Verdict.INITIAL if a[0][0] == b[0][0] else Verdict.INCOMPATIBLE
    if _same_word(a, b):
        return Verdict.TRANSLITERATED
    return Verdict.NICKNAME if are_nicknames(a[0], b[0]) else Verdict.INCOMPATIBLE


def _aligned(a: Name, b: Name) -> Comparison:
    """Compare word by word, in order; all words of the shorter name must occur in the longer one."""
    if len(a.words) == len(b.words):
        # The only placement, from both sides. Most names of a block differ in the first word.
        if any(_word(one, two) is Verdict.INCOMPATIBLE for one, two in zip(a.pairs, b.pairs, strict=True)):
            return _INCOMPATIBLE
        return min(_within(a, b), _within(b, a))
    return _within(a, b) if len(a.words) < len(b.words) else _within(b, a)


def _within(a: Name, b: Name) -> Comparison:
    """Return the best comparison of `a` with part of `b`; `a` has at most as many words."""
    if len(a.words) < 2:
        return _INCOMPATIBLE
    placements = _placements(a.pairs, b.pairs)
    return min((_graded(a, b, places) for places in placements), default=_INCOMPATIBLE)


def _placements(short: Sequence[tuple[str, str]], long: Sequence[tuple[str, str]]) -> list[tuple[int, ...]]:
    """Return every placement of the words of `short` in `long`, in order: an index into `long` for each word."""
    placements: list[tuple[int, ...]] = [()]
    for index, word in enumerate(short):
        end = len(long) - (len(short) - index) + 1
        placements = [
            (*places, place)
            for places in placements
            for place in range(places[-1] + 1 if places else 0, end)
            if _word(word, long[place]) is not Verdict.INCOMPATIBLE
        ]
    return placements


def _graded(a: Name, b: Name, places: tuple[int, ...]) -> Comparison:
    """Return the comparison for one placement of the shorter name in the longer."""
    words = [_word(a.pairs[index], b.pairs[place]) for index, place in enumerate(places)]
    # The family name must be a whole word in both names; an initial proves nothing.
    if words[a.family] > Verdict.TRANSLITERATED or is_initial(a.surname):
        return _INCOMPATIBLE
    # Half of a given name is not a family name: `Jia-Chen Gu` is not a `Jia Chen`.
    if {places[a.family], places[a.family] - 1} & set(b.tied):
        return _INCOMPATIBLE
    missing = set(range(len(b.words))) - set(places)
    verdict = max(max(words), _missing(a, b, words, missing)) if missing else max(words)
    both = [min(a.words[index], b.words[place], key=len) for index, place in enumerate(places)]
    return Comparison(verdict, tuple(both[: a.family] + both[a.family + 1 :]), both[a.family])


def _missing(a: Name, b: Name, words: list[Verdict], missing: set[int]) -> Verdict:
    """Return the verdict on the words that the shorter name lacks."""
    # A hyphen makes one given name of two: neither `Jia Gu` nor `Chen Gu` is a short form of `Jia-Chen Gu`. In the
    # tuning half, all twelve such pairs that evidence would have joined were different people.
    if any((place in missing) != (place + 1 in missing) for place in b.tied):
        return Verdict.INCOMPATIBLE
    if 0 in missing or b.family in missing:
        return _end_missing(a, b, words, missing)
    half_surname = any(b.family - b.hyphened <= place < b.family for place in missing)
    return Verdict.PART if half_surname else Verdict.MIDDLE


def _end_missing(a: Name, b: Name, words: list[Verdict], missing: set[int]) -> Verdict:
    """Return the verdict when the first given name or the last word is missing: the others must then be whole words."""
    whole = max(words) <= Verdict.TRANSLITERATED and not a.is_initialed
    ends = (0 in missing) + (b.family in missing)
    return Verdict.PART if whole and ends == 1 and len(missing) <= 2 else Verdict.INCOMPATIBLE


def _reordered(a: Name, b: Name) -> Comparison:
    same = sorted(a.words) == sorted(b.words) or sorted(a.joined) == sorted(b.joined)
    first = min(a, b, key=lambda name: name.words)
    return Comparison(Verdict.SWAPPED, first.given, first.surname) if same and len(a.words) > 1 else _INCOMPATIBLE

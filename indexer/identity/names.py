"""Parse printed names, and compute the blocks in which variants of the same name meet.

A parsed name has its folded words in printed order and the position of the family name; all other properties (given
names, initials) follow from these.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

from indexer.identity.keys import fold_name
from indexer.identity.nicknames import NICKNAMES

#: Letters that may be transcribed by two letters. `fold_name` uses one: `Müller` is `muller` and `mueller`.
_TWO_LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "đ": "dj", "ş": "sh", "š": "sh", "ç": "ch", "č": "ch"}
    | {"ć": "ch", "ž": "zh", "ğ": "gh", "ñ": "ny", "ţ": "ts", "ț": "ts"}
)
#: Transcriptions that block keys treat as equal, so that variants of a name fall into one block.
_ONE_KEY = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ss", "s"))

_PARTICLES = """
af al ap at bin bint da dal das de degli dei del della den der des di do dos du el ibn la las le les lo los san st te
ten ter van vande vander vom von zu zum zur
"""
#: Short family names that may be printed in capitals before the given name and then look like initials.
_SHORT_SURNAMES = """
ai an bai bao bi bo bu cai cao che cui dai du fan fei fu gan gao ge gu guo han hao he ho hou hu hua ito ji jia jin kim
ko lai lam lau le lee lei li lin liu lo lu luo lv ma mai mao mo mu na ng ni nie ou oh pan pei qi qin qiu ren ruo sha shi
so su sun tan tao tu wan wei wen woo wu xia xie xin xu xue yan yao ye yi yin yoo you yu yue yun zha zhu zou zuo
"""
PARTICLES = frozenset(_PARTICLES.split())
SHORT_SURNAMES = frozenset(_SHORT_SURNAMES.split())
SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_TITLES = frozenset(("dr", "prof", "professor", "mr", "mrs", "ms", "phd", "md", "msc"))
#: Compiled patterns: looking one up in the cache of `re` takes longer than matching a name.
_NOTES = re.compile(r"\([^()]*\)|[\"\u201c\u201d].*?[\"\u201c\u201d]")
_FOOTNOTE = re.compile(r"(?<=[^\W\d_])\d+$")
_HYPHENED_INITIAL = re.compile(r"\.-")
_GAPS = re.compile(r"[\s.,;]+")
_HYPHENS = re.compile(r"[-\u2010-\u2015~/_]+")
_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def is_initial(word: str) -> bool:
    """Return whether a folded word is an initial: one letter, in a script where one letter is not a name."""
    return len(word) == 1 and not _ASIAN.search(word)


@dataclass(frozen=True)
class Name:
    """A parsed name; `words` are folded, given names first, without particles, titles and suffix."""

    words: tuple[str, ...]
    #: The same words with two letters for diacritics that can be transcribed that way (`mueller`).
    expanded: tuple[str, ...]
    #: Index in `words` of the (last) word of the family name.
    family: int
    #: Number of words before it that a hyphen joins to it: 1 for `Castro-Ferreira`.
    hyphened: int = 0
    particles: tuple[str, ...] = ()
    suffix: str = ""
    #: Indexes in `words` of given names that a hyphen joins to the next: `Jean-Pierre` is one name of two words.
    tied: tuple[int, ...] = ()

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.words, self.expanded, self.family, self.hyphened, self.suffix, self.tied))

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return each word with its transliteration."""
        return tuple(zip(self.words, self.expanded, strict=True))

    @cached_property
    def surname(self) -> str:
        """Return the (last) word of the family name, folded."""
        return self.words[self.family]

    @cached_property
    def surnames(self) -> tuple[str, ...]:
        """Return the words of the family name, as far as hyphens show them."""
        return self.words[self.family - self.hyphened : self.family + 1]

    @cached_property
    def given(self) -> tuple[str, ...]:
        """Return the given names, including initials, in printed order."""
        return self.words[: self.family - self.hyphened] + self.words[self.family + 1 :]

    @cached_property
    def is_initialed(self) -> bool:
        """Return whether the first given name is an initial, or there is none."""
        return not self.given or is_initial(self.given[0])

    @cached_property
    def joined(self) -> tuple[str, str]:
        """Return given and family names without spaces, equal for `Ai Ti Aw` and `AiTi Aw`."""
        return "".join(self.given), "".join(self.surnames)


@lru_cache(maxsize=20_000)
def parse_name(printed: str) -> Name:
    """Return the parts of a printed name: `First Last` or `Last, First`, capitals, initials, suffixes, particles."""
    text = _cleaned(printed)
    head, comma, tail = text.partition(",")
    suffix = ""
    if comma and fold_name(tail) in SUFFIXES:
        text, comma, suffix = head, "", fold_name(tail)
    given, family = (_words(tail), _words(head)) if comma else ([], [])
    surname_words = len(family) if given else 0
    # In `Meira, Wagner, Jr.` the suffix follows the given names, otherwise the whole name.
    words, last_suffix = _without_suffix(given, 1) if surname_words else _without_suffix(_words(text), 2)
    words, suffix = [*words, *(family if surname_words else ())], suffix or last_suffix
    words = [word for word in words if fold_name(word) not in _TITLES] or words
    if not words:
        return Name((fold_name(printed) or printed,), (fold_name(printed) or printed,), 0)
    return _parsed(words, surname_words, suffix)


def _cleaned(printed: str) -> str:
    """Return a name in NFC without notes in brackets and digits of footnotes."""
    text = unicodedata.normalize("NFC", printed)
    text = text if text.startswith("(") else _NOTES.sub(" ", text)
    return _FOOTNOTE.sub("", text.strip())


def _words(text: str) -> list[str]:
    """Split at white space and full stops; hyphens stay, because they mark double names."""
    words = [word.strip("-'`\u2019") for word in _GAPS.split(_HYPHENED_INITIAL.sub(". ", text))]
    return [word for word in words if fold_name(word)]


def _without_suffix(words: list[str], least: int) -> tuple[list[str], str]:
    """Return the words without a suffix, and the suffix; `least` words must remain (`Varsini Sr` is a name)."""
    if len(words) > least and (suffix := fold_name(words[-1])) in SUFFIXES:
        return words[:-1], suffix
    return words, ""


def _parsed(words: list[str], surname_words: int, suffix: str) -> Name:
    words = _surname_last(words) if not surname_words else words
    family = _family(words)
    folded: list[str] = []
    expanded: list[str] = []
    particles: list[str] = []
    tied: list[int] = []
    index = hyphened = 0
    for position, word in enumerate(words):
        # A particle is never the first or last word: `Van Minh` and `Li De` are names.
        if 0 < position < family and fold_name(word) in PARTICLES:
            particles.append(fold_name(word))
            continue
        parts = _parts(word, position, words)
        folded += [fold_name(part).replace(" ", "") for part in parts]
        expanded += [_expanded(part) for part in parts]
        if position == family:
            index, hyphened = len(folded) - 1, len(parts) - 1
        elif "-" in word:
            tied += range(len(folded) - len(parts), len(folded) - 1)
    if surname_words > 1:
        hyphened = max(hyphened, min(surname_words - 1, index))
    return Name(tuple(folded), tuple(expanded), index, hyphened, tuple(particles), suffix, tuple(tied))


def _surname_last(words: list[str]) -> list[str]:
    """Move a family name that is printed first to the end: `WANG Wei`, and two words of Han or Hangul."""
    first, *others = words
    if len(words) == 1 and _ASIAN.search(first) and 2 <= len(first) <= 4:
        return [first[1:], first[0]]
    if len(words) == 2 and _ASIAN.search(first):
        return [*others, first] if len(first) <= len(others[0]) else words
    capitals = first.isupper() and len(first) > 1 and "-" not in first
    if capitals and any(len(word) > 1 and not word.isupper() for word in others) and others:
        is_name = len(first) > 3 or fold_name(first) in SHORT_SURNAMES
        return [*others, first] if is_name else words
    return words


def _family(words: list[str]) -> int:
    """Return the index of the family name: the last word that is not an initial (`Kumar` in `Anand Kumar M`)."""
    for position in range(len(words) - 1, -1, -1):
        if not is_initial(fold_name(words[position])):
            return position
    return len(words) - 1


def _parts(word: str, position: int, words: list[str]) -> list[str]:
    """Split one word at hyphens, and capitals into initials (`JT Wolohan`, `Jan AJG van den Brand`)."""
    parts = [part for part in _HYPHENS.split(word) if fold_name(part)]
    is_capitals = 2 <= len(word) <= 4 and word.isupper() and word.isalpha() and position < len(words) - 1
    if is_capitals and not _ASIAN.search(word) and any(not other.isupper() for other in words if len(other) > 1):
        return list(word)
    return parts or [word]


def _expanded(word: str) -> str:
    return fold_name(word.casefold().translate(_TWO_LETTERS)).replace(" ", "")


@lru_cache(maxsize=50_000)
def surname_key(word: str) -> str:
    """Return one key for all transcriptions of a family name: `Schütze` and `Schuetze` become `schutze`."""
    for two, one in _ONE_KEY:
        word = word.replace(two, one)
    return word


@lru_cache(maxsize=50_000)
def home_of(folded: str) -> str:
    """Return the home block of a folded name without parsing it, which is exact enough to count co-authors."""
    words = folded.split() or [folded]
    surname = next((word for word in reversed(words) if len(word) > 1), words[-1])
    return f"{surname_key(surname)}|{words[0][:1]}"


@lru_cache(maxsize=20_000)
def block_keys(printed: str) -> tuple[str, ...]:
    """Return the blocks of a name, first its home block (family name and first initial).

    The others are home blocks of possible variants: by middle name, nickname, half of a double family name, or
    reversed order.
    """
    name = parse_name(printed)
    given = name.given or ("",)
    surname = surname_key(name.surname)
    keys = [f"{surname}|{given[0][:1]}"]
    keys.append(f"{surname_key(name.expanded[name.family])}|{given[0][:1]}")
    keys += [f"{surname}|{word[:1]}" for word in given[1:] if not is_initial(word) or name.is_initialed]
    keys += [f"{surname}|{other[:1]}" for other in sorted(NICKNAMES.get(given[0], ()))]
    first = name.words[0]
    keys += [f"{surname_key(word)}|{first[:1]}" for word in name.words[1:] if not is_initial(word)]
    if not is_initial(first) and len(name.words) > 1:
        keys += [f"{surname_key(first)}|{word[:1]}" for word in (name.words[1], name.words[-1])]
    return tuple(dict.fromkeys(keys))

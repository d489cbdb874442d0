"""The terms that OpenSearch's standard analyzer makes of a text, counted before a query is sent.

OpenSearch refuses queries with more than 1,024 clauses, and each term needs one per field. Whitespace does not separate
the terms of Chinese or Japanese, nor those of LaTeX, so texts are shortened by terms rather than refused.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from mappings import plain_characters

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Words, and terms, of a text that take part in a keyword search: 230 terms in three fields, and 30 operators with five
#: clauses each, twice, are 990 clauses.
MAX_WORDS = 200
MAX_TERMS = 230
#: Characters of a longer word are split into terms of this length.
MAX_TERM_LENGTH = 255

#: The stop words of the `stemmed` analyzer (Lucene's `_english_`).
STOP_WORDS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not"),
        *("of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was"),
        *("will", "with"),
    )
)

#: Ideographs, Hiragana and Tangut: each character is a term (UAX #29).
_SINGLE = re.compile(
    "[\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3040-\u309f\u3400-\u9fff\uf900-\ufaff"
    "\U00016fe0-\U00018dff\U0001b000-\U0001b2ff\U00020000-\U0003ffff]"
)
#: What the char filters `plus_plus` and `sharp` of the analyzers make words of.
_SIGNS = re.compile(r"(?<![^\W_])[A-Za-z](?:\+\+|#(?![^\W_]))")
_ASCII_RUN = re.compile("[A-Za-z0-9]+")
#: Separators and punctuation before a term.
_BEFORE = re.compile(r"^\W++(?=\w)")
#: Scripts whose runs are terms of their own next to letters of another script: Katakana, and Southeast Asian scripts.
_RUNS = re.compile(
    "(?P<katakana>[\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f])"
    "|(?P<southeast>[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf])"
)


def without_signs(text: str) -> str:
    """Return a text without its words such as `C++` and `C#`, which the analyzer of names takes for the initial `C`."""
    return _SIGNS.sub("", text).strip()


def only_stop_words(text: str) -> bool:
    """Return whether a text has no other words than stop words: `IT`, or `to be or not to be`."""
    words = re.findall(r"[^\W_]+", text.lower())
    return bool(words) and STOP_WORDS.issuperset(words)


def significant_terms(text: str) -> int:
    """Return the number of terms of a text that are neither stop words nor symbols."""
    return len(significant(text))


@lru_cache(maxsize=512)
def significant(text: str) -> tuple[str, ...]:
    """Return the terms of a text that are neither stop words nor symbols, in lower case."""
    ends = list(term_ends(text))
    pieces = (text[start:end].lower() for start, end in zip([0, *ends], ends, strict=False))
    words = (_BEFORE.sub("", piece) for piece in pieces)
    return tuple(word for word in words if word not in STOP_WORDS and any(character.isalnum() for character in word))


def term_ends(text: str) -> Iterator[int]:
    """Yield the position after each term of a text. There may be more than the analyzer makes, but not fewer.

    The analyzer keeps `3.5` or `it's` together, which are two terms here.
    """
    if text.isascii():
        yield from _ascii_term_ends(text)
        return
    start, script = 0, ""
    for position, character in enumerate(text):
        category = unicodedata.category(character)
        is_single = category == "So" or _SINGLE.match(character) is not None
        following = "" if is_single or category[0] not in "LMN" else _script(character, category, script)
        if script and (following != script or position - start == MAX_TERM_LENGTH):
            yield position
            start = position
        if is_single:
            yield position + 1
        if following and not script:
            start = position
        script = following
    if script:
        yield len(text)


def _ascii_term_ends(text: str) -> Iterator[int]:
    """Yield what `term_ends` does for a text of ASCII characters, in a tenth of the time."""
    for run in _ASCII_RUN.finditer(text):
        yield from range(run.start() + MAX_TERM_LENGTH, run.end(), MAX_TERM_LENGTH)
        yield run.end()


def _script(character: str, category: str, before: str) -> str:
    """Return the kind of run that a letter, mark or digit belongs to; marks continue any run."""
    if category[0] == "M" and before:
        return before
    match = _RUNS.match(character)
    return (match.lastgroup or "") if match else "other"


@lru_cache(maxsize=512)
def shorten(text: str, words: int = MAX_WORDS, terms: int = MAX_TERMS) -> str:
    """Return the beginning of a text, at most `words` words and `terms` terms, whitespace collapsed.

    It is in NFC, with plain characters in the place of compatibility characters, as the analyzers have it.
    """
    text = " ".join(unicodedata.normalize("NFC", plain_characters(text)).split()[:words])
    ends = list(islice(term_ends(text), terms + 1))
    return text[: ends[terms - 1]] if len(ends) > terms else text

"""The query syntax: words, "phrases", -exclusions, alternatives with OR, and the prefixes title: and author:.

No query is refused: what cannot be parsed as an operator is a word, and an operator without an operand is dropped.
Lucene's own syntax has no meaning here, so it cannot be injected.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal

from mappings import plain_characters
from search_api.retrieval.terms import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: With more words than this outside of operators a query is prose, such as a pasted abstract, and its quotes and dashes
#: are punctuation. Eight of cacm's 52 questions contain quotes, none of them with fewer than eleven words around them.
PROSE = 10
#: Operators that take part. Each makes up to five clauses, and OpenSearch allows 1,024 in all.
MAX_OPERATORS = 30
#: Words and terms of a phrase that are matched; the rest of a longer one is ignored.
MAX_PHRASE = 50

FIELDS = ("title", "author")
OR: Literal["OR"] = "OR"

# Possessive quantifiers: with backtracking, 20,000 opening brackets took 26 s.
_FIELD = "|".join(FIELDS)
#: A space after the colon, as in a reference that was copied, unless another operator follows.
_SPACE = rf"(?:\s++(?!-|OR\b|(?:{_FIELD}):))?+"
_OPERATORS = rf"[(\[{{]*+(?P<sign>-?+)[(\[{{]*+(?:(?P<field>{_FIELD}):{_SPACE})?+"
_QUOTED = re.compile(rf'{_OPERATORS}"(?P<value>[^"]*+)"', re.IGNORECASE)
_PLAIN = re.compile(rf"{_OPERATORS}(?P<value>\S*+)", re.IGNORECASE)
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_OTHER_FIELD = re.compile(r"\b([A-Za-z_]++):(?=\w)")
_INITIAL = re.compile(r"(?<![^\W_])[A-Za-z]$")
_EDGES = " ()[]{}\"',;:.!?*~^/\\|&+<>"


@dataclass(frozen=True)
class Unit:
    """One word or phrase. `field` is `title`, `author` or None; `start` and `end` are its position in the query."""

    text: str
    start: int = 0
    end: int = 0
    is_phrase: bool = False
    field: str | None = None
    is_excluded: bool = False

    @property
    def is_free(self) -> bool:
        """Whether it is a plain word, which ranks, rather than an operator, which must or must not match."""
        return not (self.is_phrase or self.field or self.is_excluded)


@dataclass(frozen=True)
class Form:
    """The other form of an abbreviation in a query: it stands for the units from `start` to before `end`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Query:
    """A parsed query. Of each group in `required` at least one unit must match; of `excluded` none may.

    `source` is the query with plain characters, `units` all words and phrases that are not excluded. `languages` are
    those besides English whose stemmers take part, `people` the researchers to whose works the query is limited. With
    `is_open`, its words rank all of their works. With `has_alternatives`, OR joins plain words, and one of them is
    enough. `forms` are the other forms of its abbreviations and long forms.
    """

    source: str = ""
    units: tuple[Unit, ...] = ()
    required: tuple[tuple[Unit, ...], ...] = ()
    excluded: tuple[Unit, ...] = ()
    languages: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    is_open: bool = False
    forms: tuple[Form, ...] = ()
    has_alternatives: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it consists of words only, without an operator."""
        return bool(self.units) and not self.required and not self.excluded

    @property
    def is_punctuation(self) -> bool:
        """Whether it has only punctuation, signs such as `→` and `€`, spaces and prefixes, and is not empty."""
        return bool(self.source) and not self.units and not self.excluded

    @cached_property
    def words(self) -> str:
        """The words to rank by: all but exclusions and authors."""
        return " ".join(unit.text for unit in self.units if unit.field != "author")

    @cached_property
    def embedding_text(self) -> str:
        """The text to embed: the words, otherwise the authors; empty for a query of exclusions only."""
        words = self.words or " ".join(unit.text for unit in self.units)
        return " ".join([words, *(form.text for form in self.forms)]) if words else ""

    @property
    def key(self) -> str:
        """The key of the query in caches."""
        return "\n".join([self.source, *(form.text for form in self.forms)])

    def is_whole(self, form: Form) -> bool:
        """Return whether a form stands for the whole query."""
        return form.end - form.start == len(self.units)


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """Parse a query, whose compatibility characters are read as plain ones. Never raises."""
    text = plain_characters(text)
    tokens = list(_tokens(text.translate(_QUOTES)))
    if sum(isinstance(token, Unit) and token.is_free for token in tokens) > PROSE:
        tokens = [Unit(match[0], *match.span()) for match in re.finditer(r"\S+", text)]
    operators = [token for token in tokens if isinstance(token, Unit) and not token.is_free]
    surplus = set(operators[MAX_OPERATORS:])
    kept = [token for token in tokens if token not in surplus]
    units = tuple(token for token in kept if isinstance(token, Unit) and not token.is_excluded)
    groups = [tuple(group) for group in _groups(kept)]
    return Query(
        text,
        units if any(_has_words(unit.text) for unit in units) else (),
        tuple(group for group in groups if not all(unit.is_free for unit in group)),
        tuple(unit for unit in operators[:MAX_OPERATORS] if unit.is_excluded),
        has_alternatives=any(len(group) > 1 and all(unit.is_free for unit in group) for group in groups),
    )


def _tokens(text: str) -> Iterator[Unit | Literal["OR"]]:
    """Yield the units and ORs of a query in their order."""
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
        elif quoted := _QUOTED.match(text, position):
            yield from _operator(quoted, is_phrase=True)
            position = quoted.end()
        elif plain := _PLAIN.match(text, position):
            yield from _plain(plain)
            position = plain.end()


def _plain(match: re.Match[str]) -> Iterator[Unit | Literal["OR"]]:
    """Parse a token without quotes around it: OR, an exclusion, a prefix with its word, or a word."""
    raw = match[0]
    # Only a word with a letter can be excluded: -5 is a number.
    is_excluded = match["sign"] and re.search(r"[^\W\d_]", match["value"])
    if raw == OR:
        yield OR
    elif match["field"] or is_excluded:
        yield from _operator(match, is_phrase=False)
    elif raw != "-" and (word := raw.replace('"', "")):
        yield Unit(_OTHER_FIELD.sub(r"\1 ", word), *match.span())


def _operator(match: re.Match[str], *, is_phrase: bool) -> Iterator[Unit]:
    """Yield the unit of a prefix, a minus sign or quotes; nothing if the operand contains no word."""
    value = match["value"].strip(_EDGES)
    # The signs of `C++` belong to the word.
    if _INITIAL.search(value) and f"{value}++" in match["value"]:
        value += "++"
    if _has_words(value):
        start = match.start("value") + match["value"].find(value)
        field = (match["field"] or "").lower() or None
        yield Unit(
            shorten(value, MAX_PHRASE, MAX_PHRASE), start, start + len(value), is_phrase, field, bool(match["sign"])
        )


def _has_words(text: str) -> bool:
    """Return whether a text has a letter, a digit or an emoji, which is a term."""
    return any(character.isalnum() or unicodedata.category(character) == "So" for character in text)


def _groups(tokens: Iterable[Unit | Literal["OR"]]) -> Iterator[list[Unit]]:
    """Yield groups of alternatives: OR joins its neighbours; beside an exclusion or at an end it is dropped."""
    group: list[Unit] = []
    is_joined = False
    for token in tokens:
        if token == OR:
            is_joined = bool(group)
            continue
        assert isinstance(token, Unit)  # noqa: S101 (OR is the only other kind of token)
        if group and (token.is_excluded or not is_joined):
            yield group
            group = []
        is_joined = False
        if not token.is_excluded:
            group.append(token)
    if group:
        yield group

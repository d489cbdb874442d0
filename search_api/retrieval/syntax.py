"""What people write into a search box -> words, phrases, exclusions, alternatives and prefixes.

Nothing is refused: what cannot be read as an operator is read as a word, and an operator with nothing to work on is
dropped. Lucene's own syntax means nothing here, so nothing can be injected through it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Beyond this many words outside of operators a query is prose, such as a pasted abstract, and its quotes and dashes
#: are punctuation. Eight of cacm's 52 questions quote something, none of them with fewer than eleven words around it.
PROSE = 10
#: Operators that take part. Each makes up to five clauses, and OpenSearch allows 1,024 in all.
MAX_OPERATORS = 30
#: Words of a phrase that have to stand together; the rest of a longer one is not looked at.
MAX_PHRASE = 50

FIELDS = ("title", "author")
OR: Literal["OR"] = "OR"

_OPERATORS = rf"[(\[{{]*(?P<sign>-?)[(\[{{]*(?:(?P<field>{'|'.join(FIELDS)}):)?"
_QUOTED = re.compile(rf'{_OPERATORS}"(?P<value>[^"]*)"', re.IGNORECASE)
_PLAIN = re.compile(rf"{_OPERATORS}(?P<value>\S*)", re.IGNORECASE)
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_OTHER_FIELD = re.compile(r"\b([A-Za-z_]+):(?=\w)")
_EDGES = " ()[]{}\"',;:.!?*~^/\\|&+<>"


@dataclass(frozen=True)
class Unit:
    """One word or phrase; `field` is `title`, `author` or None; `start` and `end` say where it stands in the query."""

    text: str
    start: int = 0
    end: int = 0
    is_phrase: bool = False
    field: str | None = None
    is_excluded: bool = False

    @property
    def is_free(self) -> bool:
        """Tell a plain word, which ranks, from what is required or excluded."""
        return not (self.is_phrase or self.field or self.is_excluded)


@dataclass(frozen=True)
class Query:
    """A query taken apart. Of each group in `required` at least one unit has to be there; of `excluded` none may."""

    units: tuple[Unit, ...] = ()
    required: tuple[tuple[Unit, ...], ...] = ()
    excluded: tuple[Unit, ...] = ()

    @property
    def words(self) -> str:
        """The words to rank by: all but exclusions and authors."""
        return " ".join(unit.text for unit in self.units if unit.field != "author")

    @property
    def text(self) -> str:
        """What to embed: the words, else the authors asked for; empty when all there is are exclusions."""
        return self.words or " ".join(unit.text for unit in self.units)


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """Take a query apart. Never raises."""
    found = list(_units(text.translate(_QUOTES)))
    if sum(isinstance(unit, Unit) and unit.is_free for unit in found) > PROSE:
        found = [Unit(match[0], *match.span()) for match in re.finditer(r"\S+", text)]
    operators = [unit for unit in found if isinstance(unit, Unit) and not unit.is_free]
    surplus = set(operators[MAX_OPERATORS:])
    kept = [unit for unit in found if unit not in surplus]
    units = tuple(unit for unit in kept if isinstance(unit, Unit) and not unit.is_excluded)
    return Query(
        units if any(_has_words(unit.text) for unit in units) else (),
        tuple(tuple(group) for group in _alternatives(kept) if not all(unit.is_free for unit in group)),
        tuple(unit for unit in operators[:MAX_OPERATORS] if unit.is_excluded),
    )


def _units(text: str) -> Iterator[Unit | Literal["OR"]]:
    """Return what stands in the text, in its order."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
        elif quoted := _QUOTED.match(text, place):
            yield from _operator(quoted, is_phrase=True)
            place = quoted.end()
        elif plain := _PLAIN.match(text, place):
            yield from _plain(plain)
            place = plain.end()


def _plain(match: re.Match[str]) -> Iterator[Unit | Literal["OR"]]:
    """Read a token without quotes around it: OR, an exclusion, a prefix with its word, or a word."""
    raw = match[0]
    # A number below zero is a number; it takes a letter to be left out.
    is_excluded = match["sign"] and re.search(r"[^\W\d_]", match["value"])
    if raw == OR:
        yield OR
    elif match["field"] or is_excluded:
        yield from _operator(match, is_phrase=False)
    elif raw != "-" and (word := raw.replace('"', "")):
        yield Unit(_OTHER_FIELD.sub(r"\1 ", word), *match.span())


def _operator(match: re.Match[str], *, is_phrase: bool) -> Iterator[Unit]:
    """Read what a prefix, a minus sign or quotes work on; nothing comes of them when there is no word in it."""
    value = match["value"].strip(_EDGES)
    if _has_words(value):
        start = match.start("value") + match["value"].find(value)
        field = (match["field"] or "").lower() or None
        words = " ".join(value.split()[:MAX_PHRASE])
        yield Unit(words, start, start + len(value), is_phrase, field, bool(match["sign"]))


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _alternatives(units: Iterable[Unit | Literal["OR"]]) -> Iterator[list[Unit]]:
    """Put alternatives together: OR joins what stands left and right of it; at an end or an exclusion it is dropped."""
    group: list[Unit] = []
    is_joined = False
    for unit in units:
        if unit == OR:
            is_joined = bool(group)
            continue
        assert isinstance(unit, Unit)  # noqa: S101 (OR is the only other thing)
        if group and (unit.is_excluded or not is_joined):
            yield group
            group = []
        is_joined = False
        if not unit.is_excluded:
            group.append(unit)
    if group:
        yield group

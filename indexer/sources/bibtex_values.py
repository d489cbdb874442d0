"""What the fields of a BibTeX library say: their parts joined, @strings put in, and what an entry has from another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bibtexparser.model import Entry, String

_MARK = re.compile(r'(?<!\\)[{}"#]')
#: What an entry has from the one in its `crossref`. Where it says one field of a group itself, it has none of them from
#: there: its `year` is not to stand beside the other one's `date`.
_INHERITED = (("date", "year"), ("journal", "journaltitle", "booktitle"))


class Values:
    """The values of a library's fields. References by name go without regard to case, as in BibTeX."""

    def __init__(self, strings: Iterable[String], entries: Iterable[Entry]) -> None:
        """Take the library's strings, in the order in which they may use each other, and its entries."""
        self._strings: dict[str, str] = {}
        for string in strings:
            self._strings[string.key.lower()] = self._value(str(string.value))
        self._entries = {entry.key.lower(): entry for entry in entries}

    def of(self, entry: Entry) -> dict[str, str]:
        """Return an entry's fields by their names in lower case, with those that its `crossref` gives it."""
        own = self._own(entry)
        other = self._entries.get(own.get("crossref", "").strip().lower())
        return own if other is None else own | _inherited(own, self._own(other))

    def _own(self, entry: Entry) -> dict[str, str]:
        """Return what stands in the entry itself. BibTeX takes the first of a repeated field."""
        return {field.key.lower(): self._value(str(field.value)) for field in reversed(entry.fields)}

    def _value(self, written: str) -> str:
        return "".join(self._part(part.strip()) for part in _parts(written))

    def _part(self, part: str) -> str:
        if len(part) > 1 and part[0] + part[-1] in {"{}", '""'}:
            return part[1:-1]
        return self._strings.get(part.lower(), part)


def _parts(written: str) -> Iterator[str]:
    """Take a value apart at each # that stands neither in braces nor in quotes: `acl # " 2020"`."""
    depth, quoted, start = 0, False, 0
    for mark in _MARK.finditer(written):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
        elif depth:
            continue
        elif mark[0] == '"':
            quoted = not quoted
        elif not quoted:
            yield written[start : mark.start()]
            start = mark.end()
    yield written[start:]


def _inherited(own: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Return what an entry lacks and the other has; the title of the whole is the book's title of its part."""
    whole = {"booktitle": other.get("title", ""), **other}
    lacking = (group for group in _INHERITED if not any(own.get(name) for name in group))
    return {name: whole[name] for group in lacking for name in group if name in whole}

"""Entries and field values of a BibTeX library: concatenation, @strings, `crossref`, and entries in bad syntax."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bibtexparser.model import Entry, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bibtexparser.model import String

#: Maximum length of the value of an @string.
MAX_STRING = 100_000
#: Maximum length of a chain of `crossref`s.
MAX_CROSSREFS = 5
#: Maximum length of an entry that is read in spite of bad syntax.
MAX_ENTRY = 1_000_000
_ENTRY_START = re.compile(r"\s*+@\s*(\w+)\s*([{(])")
_NEXT_ENTRY = re.compile(r"\n[^\S\n]*+@\s*+\w++\s*+[{(]")
_BRACE = re.compile(r"(?<!\\)[{}]")
#: The start of a field inside of an entry whose braces are not balanced.
_FIELD_START = re.compile(r"(?:(?:,|(?<=[\"}]))\s*+|\n[^\S\n]*+)([a-zA-Z][\w-]*+)\s*+=\s*+(?=[{\"\w])")
#: A field after the value of the one before, without a comma between them.
_MISSED_FIELD = re.compile(r"([}\"])\s++([a-zA-Z][\w-]*+)\s*+=\s*+(?=[{\"])")
_MARK = re.compile(r'(?<!\\)[{}"#,]')
#: Groups of fields that an entry inherits from the one in its `crossref`. If it has any field of a group, it inherits
#: none of that group: its `year` must not be combined with the other entry's `date`.
_INHERITED = (("date", "year"), ("journal", "journaltitle", "booktitle"))


class Fields:
    """The field values of a library: concatenated, with @strings and fields from `crossref`.

    Names of strings and entries are case-insensitive, as in BibTeX.
    """

    def __init__(self, strings: Iterable[String], entries: Iterable[Entry]) -> None:
        """Take the library's strings, in the order in which they may use each other, and its entries."""
        self._strings: dict[str, str] = {}
        for string in strings:
            # Strings that repeat each other double in length with each one.
            self._strings[string.key.lower()] = self._value(str(string.value))[:MAX_STRING]
        self._entries: dict[str, Entry] = {}
        for entry in entries:
            self._entries.setdefault(entry.key.strip().lower(), entry)

    def of(self, entry: Entry) -> dict[str, str]:
        """Return an entry's fields by name in lower case, with those inherited from its `crossref`."""
        fields = own = self.own(entry)
        seen = {entry.key.strip().lower()}
        for _ in range(MAX_CROSSREFS):
            key = own.get("crossref", "").strip().lower()
            parent = self._entries.get(key)
            if not key or key in seen or parent is None:
                break
            seen.add(key)
            own = self.own(parent)
            fields = fields | _inherited(fields, own)
        return fields

    def own(self, entry: Entry) -> dict[str, str]:
        """Return the fields of the entry itself. BibTeX uses the first of a repeated field."""
        fields = (part for field in entry.fields for part in _split_fields(field.key.lower(), str(field.value)))
        return {key: self._value(value) for key, value in reversed([*fields])}

    def _value(self, text: str) -> str:
        return "".join(self._part(part.strip()) for part in _parts(text))

    def _part(self, part: str) -> str:
        if len(part) > 1 and part[0] + part[-1] in {"{}", '""'}:
            return part[1:-1]
        return self._strings.get(part.lower(), part)


def _split_fields(key: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield a field, and those after it that lack the comma between them: `title={A} author={B}`."""
    start = 0
    for missed in _MISSED_FIELD.finditer(value):
        if _is_balanced(value[start : missed.end(1)]):
            yield key, value[start : missed.end(1)]
            key, start = missed[2].lower(), missed.end()
    yield key, value[start:]


def _parts(text: str, separator: str = "#") -> Iterator[str]:
    """Split a text at each separator outside of braces and quotes: `acl # " 2020"`."""
    depth, quoted, start = 0, False, 0
    for mark in _MARK.finditer(text):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
        elif depth:
            continue
        elif mark[0] == '"':
            quoted = not quoted
        elif mark[0] == separator and not quoted:
            yield text[start : mark.start()]
            start = mark.end()
    yield text[start:]


def recover_entry(text: str, begin: int = 0, limit: int = MAX_ENTRY) -> tuple[Entry | None, int]:
    """Return the entry at a position that the parser refused, and where it ends; None when it is not complete.

    Handles entries without a key, with empty fields, without their last brace, with an @ inside of a value, and with
    unbalanced braces in a field. At most `limit` characters are read; if there is no entry,
    the position is where reading ended.
    """
    start = _ENTRY_START.match(text, begin)
    if start is None:
        return None, begin
    last = min(len(text), begin + limit)
    end = read = _closing(text, start.end(), last)
    if end is None:
        # Without the last brace it ends where the next entry begins.
        following = _NEXT_ENTRY.search(text, start.end(), last)
        end, read = following.start() if following else last, last
    parts = [part.strip() for part in _parts(text[start.end() : end], ",")]
    key = "" if not parts or "=" in parts[0] else parts.pop(0)
    if "\n" in key:
        return None, read or end
    pairs = [part.partition("=") for part in parts if "=" in part]
    fields = [Field(name.strip(), value.strip()) for name, _, value in pairs]
    is_balanced = _has_title(fields) and all(map(_is_balanced, parts))
    if is_balanced and _has_author(fields):
        return Entry(start[1], key, fields, raw=text[begin : end + 1]), end + 1
    following = _NEXT_ENTRY.search(text, start.end(), last)
    next_end = following.start() if following else last
    repaired = _unbalanced_fields(text[start.end() : next_end])
    if _has_title(repaired) and (len(repaired) > len(fields) or not is_balanced):
        return Entry(start[1], key, repaired, raw=text[begin:next_end]), next_end
    return (Entry(start[1], key, fields, raw=text[begin : end + 1]), end + 1) if is_balanced else (None, read or end)


def _has_author(fields: Iterable[Field]) -> bool:
    return any(field.key.lower() in {"author", "editor"} for field in fields)


def _has_title(fields: Iterable[Field]) -> bool:
    return "title" in {field.key.lower() for field in fields}


def _unbalanced_fields(text: str) -> list[Field]:
    """Return the fields of an entry in which a brace is missing or left over; each ends where the next one begins."""
    starts = list(_FIELD_START.finditer(text))
    ends = [*(start.start() for start in starts[1:]), len(text)][: len(starts)]
    fields = [
        Field(start[1], text[start.end() : end].strip().rstrip(",").strip())
        for start, end in zip(starts, ends, strict=True)
    ]
    return [field for field in fields if _repair(field)]


def _repair(field: Field) -> bool:
    """Balance the braces of a value, and return whether any text is left."""
    value = str(field.value)
    if not _is_balanced(value) or value.count('"') % 2:
        value = value.removesuffix("}") if value.startswith("{") else value
        value = _balanced(value.removeprefix("{").strip('"'))
        field.value = f"{{{value}}}"
    return len(value) > 2


def _balanced(text: str) -> str:
    """Return a text without closing braces that close nothing, and with those that are missing at its end."""
    parts, depth, end = [], 0, 0
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            depth += 1
        elif depth:
            depth -= 1
        else:
            parts.append(text[end : brace.start()])
            end = brace.end()
    return "".join([*parts, text[end:], "}" * depth])


def _closing(text: str, start: int, end: int) -> int | None:
    """Return the position of the brace or parenthesis that closes an entry; None when there is none."""
    depth = 1
    for match in _BRACE.finditer(text, start, end):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return match.start()
    return None


def _is_balanced(text: str) -> bool:
    return len(re.findall(r"(?<!\\)\{", text)) == len(re.findall(r"(?<!\\)\}", text))


def _inherited(own: Mapping[str, str], parent: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that an entry lacks and its parent has; the parent's title is the `booktitle` of its parts."""
    available = {"booktitle": parent.get("title", ""), **parent}
    missing = (group for group in _INHERITED if not any(own.get(name) for name in group))
    return {name: available[name] for group in missing for name in group if name in available}

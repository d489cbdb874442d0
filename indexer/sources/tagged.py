"""Text files in which each line is a field with a tag: RIS, NBIB, Web of Science, RefWorks, refer.

A format is a description: how a line with a tag looks, which tags begin and end a record, and a function that converts
the fields of one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from indexer.sources.base import EXCERPT, FileSource, Item, SourceError, convert_record

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator


class TaggedRecord(NamedTuple):
    """One record: its fields as pairs (tag, value) in their order, and its text."""

    fields: list[tuple[str, str]]
    text: str

    def all(self, *tags: str) -> list[str]:
        """Return the values of these tags, those of the first tag first, without empty ones."""
        values: dict[str, list[str]] = defaultdict(list)
        for tag, value in self.fields:
            if value:
                values[tag].append(value)
        return [value for tag in tags for value in values[tag]]

    def first(self, *tags: str) -> str | None:
        """Return the first of these values."""
        return next(iter(self.all(*tags)), None)


@dataclass(frozen=True)
class TaggedSyntax:
    """How a format separates fields and records.

    `line` matches a line with a tag, with groups for tag and value. A record ends at a tag of `ends`, before one of
    `begins` if it already has one, and at a blank line before a tag if `is_ended_by_blank`. Lines without a tag
    continue the value before them; after a tag of `lists` they are further values. Text that has no tag of `required`
    is no record.
    """

    line: re.Pattern[str]
    begins: frozenset[str]
    ends: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    is_ended_by_blank: bool = False


def parse_tagged(text: str, syntax: TaggedSyntax) -> Iterator[TaggedRecord]:
    """Yield the records of a text.

    Fields before the tag that begins a record belong to it; other text between records, such as the header of a
    database, is ignored.
    """
    fields: list[tuple[str, str]] = []
    lines: list[str] = []
    has_begun = has_content = False
    is_after_blank = False

    def finished() -> Iterator[TaggedRecord]:
        if fields and (has_begun or not syntax.required.isdisjoint(tag for tag, _ in fields)):
            yield TaggedRecord(list(fields), "\n".join(lines))
        fields.clear()
        lines.clear()

    for line in text.splitlines():
        match = syntax.line.match(line.rstrip())
        tag, value = (match[1], (match[2] or "").strip()) if match else ("", line.strip())
        # A blank line before text without a tag separates paragraphs of a value.
        if is_after_blank and tag:
            yield from finished()
            has_begun = has_content = False
        is_after_blank = syntax.is_ended_by_blank and not line.strip()
        is_end = tag in syntax.ends
        # Of two such lines after each other in refer, the second is about the same record.
        is_begun_again = tag in syntax.begins and has_begun and (has_content or not syntax.is_ended_by_blank)
        if is_end or is_begun_again:
            yield from finished()
            has_begun = has_content = False
            if is_end:
                continue
        has_begun = has_begun or tag in syntax.begins
        has_content = has_content or (bool(tag) and tag not in syntax.begins)
        lines.append(line)
        if tag:
            fields.append((tag, value))
        elif value and fields and (has_begun or syntax.is_ended_by_blank):
            _continue(fields, value, syntax)
    yield from finished()


def _continue(fields: list[tuple[str, str]], value: str, syntax: TaggedSyntax) -> None:
    tag, before = fields[-1]
    if tag in syntax.lists:
        fields.append((tag, value))
    else:
        fields[-1] = (tag, f"{before} {value}".strip())


class TaggedFile(FileSource):
    """A file of tagged records. Subclasses set the syntax and the function that converts a record."""

    syntax: TaggedSyntax
    convert: Callable[[TaggedRecord], dict[str, Any]]
    #: What each record begins with, for the message about a file without any.
    beginning: str

    def records(self, text: str) -> Iterator[TaggedRecord]:
        """Yield the records of a text."""
        return parse_tagged(text, self.syntax)

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each record. Raises SourceError when there is none."""
        text = self.whole_text(file)
        number = 0
        for number, record in enumerate(self.records(text), 1):
            yield convert_record(self.name, number, type(self).convert, record, record.text[:EXCERPT])
        if text.strip() and not number:
            raise SourceError(f"{self.name}: no references found; each begins with a line `{self.beginning}`")

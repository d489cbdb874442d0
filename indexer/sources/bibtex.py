"""BibTeX and BibLaTeX files. LaTeX accents and commands become letters, formulas stay as they are."""

from __future__ import annotations

import logging
import re
from typing import IO, TYPE_CHECKING, Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import DuplicateFieldKeyBlock, Entry

from indexer.sources.aas_journals import AAS_JOURNALS
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, NotAWork, convert_record
from indexer.sources.bibliography import arxiv_number, reference
from indexer.sources.text import decode_latex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bibtexparser.model import ParsingFailedBlock, String

# Each broken entry becomes an Item with its reason; on the console it would disturb the progress bar.
logging.getLogger("bibtexparser").addHandler(logging.NullHandler())

_TYPES = {
    "article": "article",
    "inproceedings": "article",
    "conference": "article",
    "incollection": "book-chapter",
    "inbook": "book-chapter",
    "book": "book",
    "phdthesis": "dissertation",
    "mastersthesis": "dissertation",
    "thesis": "dissertation",
    "techreport": "report",
    "report": "report",
    "dataset": "dataset",
    "online": None,
}
#: Entry types in which reference managers store settings and groups.
_NOT_WORKS = {"xdata", "set", "control", "jabref-meta"}
_MARK = re.compile(r'(?<!\\)[{}"#]')
#: Groups of fields that an entry inherits from the one in its `crossref`. If it has any field of a group, it inherits
#: none of that group: its `year` must not be combined with the other entry's `date`.
_INHERITED = (("date", "year"), ("journal", "journaltitle", "booktitle"))


class BibtexFile(FileSource):
    """One .bib file."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each entry, in the file's order; one that cannot be parsed costs only itself."""
        library = parse_string(self.whole_text(file), parse_stack=[])
        parsed: list[Entry | ParsingFailedBlock] = [*library.entries, *library.failed_blocks]
        blocks = [_with_repeated_fields(block) for block in sorted(parsed, key=lambda block: block.start_line or 0)]
        fields = Fields(library.strings, (block for block in blocks if isinstance(block, Entry)))
        for number, block in enumerate(blocks, 1):
            text = (block.raw or "")[:EXCERPT]
            if isinstance(block, Entry):
                yield convert_record(
                    self.name, number, lambda entry: entry_record(entry, fields.of(entry)), block, text
                )
            else:
                yield Item(self.name, number, problem=f"not BibTeX: {block.error}", text=text)


FORMAT = FileFormat("BibTeX", BibtexFile, suffixes=(".bib",), starts=("@", "%"))


def _with_repeated_fields(block: Entry | ParsingFailedBlock) -> Entry | ParsingFailedBlock:
    """Return the entry that the parser refused because of a repeated field, for which BibTeX only prints a warning."""
    entry = block.ignore_error_block if isinstance(block, DuplicateFieldKeyBlock) else None
    return entry if isinstance(entry, Entry) else block


def entry_record(entry: Entry, field: Mapping[str, str]) -> dict[str, Any]:
    """Return an entry in the import format; `field` has its values by field name in lower case."""
    kind = entry.entry_type.lower()
    if kind in _NOT_WORKS:
        raise NotAWork(f"an entry of type @{kind}, not a work")
    # Without a field for the archive, an eprint that looks like an arXiv number is one.
    archive = field.get("archiveprefix") or field.get("eprinttype") or "arxiv"
    arxiv = arxiv_number(f"arxiv:{field.get('eprint')}" if archive.lower() == "arxiv" else None, field.get("url"))
    return reference(
        entry.key,
        doi=_unescaped(field.get("doi")),
        arxiv=arxiv or arxiv_number(field.get("journal")),
        dates=[field.get("date"), field.get("year")],
        title=decode_latex(field.get("title")),
        abstract=decode_latex(field.get("abstract")),
        type=_TYPES.get(kind) or ("preprint" if arxiv else None),
        venue=_venue(field) or ("arXiv" if arxiv else None),
        url=_unescaped(field.get("url")),
        language=field.get("langid") or field.get("language"),
        authors=[{"name": name} for name in names(field.get("author") or "")],
    )


def _venue(field: Mapping[str, str]) -> str | None:
    value = field.get("journal") or field.get("journaltitle") or field.get("booktitle") or ""
    macro = re.fullmatch(r"[{\s]*\\([a-z]+)[}\s]*", value)
    return (AAS_JOURNALS.get(macro[1]) if macro else None) or decode_latex(value)


def names(text: str) -> list[str]:
    """Return the persons of an author field as `First von Last Jr`; a name in braces (an organisation) as it is.

    Names are split before LaTeX is decoded: afterwards the braces that hold a name together are lost.
    """
    parts = [parse_single_name_into_parts(name, strict=False) for name in split_multiple_persons_names(text)]
    joined = (" ".join([*name.first, *name.von, *name.last, *name.jr]) for name in parts)
    return [name for name in map(decode_latex, joined) if name and name != "others"]


def _unescaped(text: str | None) -> str | None:
    r"""Return a URL or DOI without the backslashes that LaTeX needs (`10.1/a\_b`)."""
    return re.sub(r"\\([_%#&~$])", r"\1", text).strip("{} ") if text else None


class Fields:
    """The field values of a library: concatenated, with @strings and fields from `crossref`.

    Names of strings and entries are case-insensitive, as in BibTeX.
    """

    def __init__(self, strings: Iterable[String], entries: Iterable[Entry]) -> None:
        """Take the library's strings, in the order in which they may use each other, and its entries."""
        self._strings: dict[str, str] = {}
        for string in strings:
            self._strings[string.key.lower()] = self._value(str(string.value))
        self._entries = {entry.key.lower(): entry for entry in entries}

    def of(self, entry: Entry) -> dict[str, str]:
        """Return an entry's fields by name in lower case, with those inherited from its `crossref`."""
        own = self._own(entry)
        parent = self._entries.get(own.get("crossref", "").strip().lower())
        return own if parent is None else own | _inherited(own, self._own(parent))

    def _own(self, entry: Entry) -> dict[str, str]:
        """Return the fields of the entry itself. BibTeX uses the first of a repeated field."""
        return {field.key.lower(): self._value(str(field.value)) for field in reversed(entry.fields)}

    def _value(self, text: str) -> str:
        return "".join(self._part(part.strip()) for part in _parts(text))

    def _part(self, part: str) -> str:
        if len(part) > 1 and part[0] + part[-1] in {"{}", '""'}:
            return part[1:-1]
        return self._strings.get(part.lower(), part)


def _parts(text: str) -> Iterator[str]:
    """Split a value at each # outside of braces and quotes: `acl # " 2020"`."""
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
        elif not quoted:
            yield text[start : mark.start()]
            start = mark.end()
    yield text[start:]


def _inherited(own: Mapping[str, str], parent: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that an entry lacks and its parent has; the parent's title is the `booktitle` of its parts."""
    available = {"booktitle": parent.get("title", ""), **parent}
    missing = (group for group in _INHERITED if not any(own.get(name) for name in group))
    return {name: available[name] for group in missing for name in group if name in available}

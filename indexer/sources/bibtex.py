"""BibTeX and BibLaTeX files. LaTeX accents and commands become letters, formulas stay as they are."""

from __future__ import annotations

import logging
import re
from functools import partial
from html import unescape
from typing import IO, TYPE_CHECKING, Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import Entry

from indexer.records import RecordWarning
from indexer.sources.aas_journals import AAS_JOURNALS
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, NotAWork, SourceError, convert_record
from indexer.sources.bibliography import (
    arxiv_number,
    editors_as_authors,
    is_own_id,
    is_retracted_note,
    other_ids,
    reference,
    type_of,
)
from indexer.sources.bibtex_fields import MAX_ENTRY, Fields, recover_entry
from indexer.sources.bibtex_names import names
from indexer.sources.encoding import printable_text
from indexer.sources.latex import decode_latex
from indexer.sources.text import with_subtitle
from indexer.sources.xml_text import date_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bibtexparser.library import Library
    from bibtexparser.model import ParsingFailedBlock

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
#: Fields with the publisher of works that are not part of a journal or book.
_PUBLISHERS = {"book": "publisher", "phdthesis": "school", "mastersthesis": "school", "techreport": "institution"}
#: Entry types in which reference managers store settings and groups.
_NOT_WORKS = {"xdata", "set", "control", "jabref-meta"}


#: The start of an entry, a comment or a string.
_BLOCK = re.compile(r"@\s*+\w++\s*+[{(]")


class BibtexFile(FileSource):
    """One .bib file."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each entry, in the file's order. Raises SourceError for a text that is not BibTeX."""
        text = self.whole_text(file)
        library = parse_string(text, parse_stack=[])
        blocks = list(_blocks(text, library))
        fields = Fields(library.strings, (block for block in blocks if isinstance(block, Entry)))
        if text.strip() and not blocks and not _BLOCK.search(text):
            raise SourceError(f"{self.name}: no entries found; each begins with a line `@article{{key,`")
        first_entries: dict[str, dict[str, str]] = {}
        for number, block in enumerate(blocks, 1):
            excerpt = (block.raw or "")[:EXCERPT]
            if isinstance(block, Entry):
                own = fields.own(block)
                # The same entry twice is one work; two entries with one key are two works.
                is_repeated = bool(block.key.strip()) and first_entries.setdefault(block.key, own) != own
                convert = partial(entry_record, field=fields.of(block), is_key_repeated=is_repeated)
                yield convert_record(self.name, number, convert, block, excerpt)
            else:
                problem = f"not BibTeX: {str(block.error) or 'the entry is not closed, or its syntax is invalid'}"
                yield Item(self.name, number, problem=problem, text=printable_text(excerpt))


FORMAT = FileFormat("BibTeX", BibtexFile, suffixes=(".bib",), starts=("@", "%"))


def _blocks(text: str, library: Library) -> Iterator[Entry | ParsingFailedBlock]:
    """Yield the entries of a library in the file's order, and the blocks that are none.

    Entries that the parser refused are read if they are complete: with a repeated key or field, for which BibTeX only
    prints a warning, or with bad syntax.
    """
    parsed: list[Entry | ParsingFailedBlock] = [*library.entries, *library.failed_blocks]
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    end = 0
    # An entry without its last brace is searched for it to its limit: together at most ten times the file.
    budget = 10 * len(text)
    for block in sorted(parsed, key=lambda block: block.start_line or 0):
        start = line_starts[block.start_line or 0]
        if start < end:
            # Part of a value of the entry before.
            continue
        if isinstance(block, Entry):
            yield block
        elif isinstance(repeated := block.ignore_error_block, Entry):
            yield repeated
        else:
            recovered, read = recover_entry(text, start, min(MAX_ENTRY, budget))
            budget -= read - start
            end = read if recovered else end
            yield recovered or block


def entry_record(entry: Entry, field: Mapping[str, str], *, is_key_repeated: bool = False) -> dict[str, Any]:
    """Return an entry in the import format; `field` has its values by field name in lower case."""
    kind = entry.entry_type.lower()
    if kind in _NOT_WORKS:
        raise NotAWork(f"an entry of type @{kind}, not a work")
    # Without a field for the archive, an eprint that looks like an arXiv number is one.
    archive = field.get("archiveprefix") or field.get("eprinttype") or "arxiv"
    arxiv = arxiv_number(f"arxiv:{field.get('eprint')}" if archive.lower() == "arxiv" else None, field.get("url"))
    arxiv = arxiv or arxiv_number(field.get("journal"))
    pmid = field.get("eprint") if archive.lower() in {"pubmed", "pmid"} else field.get("pmid")
    people, warnings = names(field.get("author") or "")
    if is_key_repeated:
        warnings.append(RecordWarning("repeated key", f"the key {entry.key!r} is used by another entry of the file"))
    editors, problems = ([], []) if people else names(field.get("editor") or "")
    own_id, url, note = _own_id(field), _unescaped(field.get("url")), field.get("note")
    dblp_key = entry.key if entry.key.startswith("DBLP:") else None
    preprint, repository = ("preprint", "arXiv") if arxiv and not own_id else (None, None)
    record = reference(
        own_id or (None if is_key_repeated else entry.key),
        doi=_unescaped(field.get("doi")),
        arxiv=arxiv,
        dates=_dates(field),
        title=with_subtitle(decode_latex(field.get("title")), decode_latex(field.get("subtitle"))),
        abstract=decode_latex(field.get("abstract")),
        type=type_of(own_id, _TYPES.get(kind), field.get("entrysubtype")) or preprint,
        is_retracted=is_retracted_note(note),
        venue=_venue(field, kind) or repository,
        url=url,
        ids=[]
        if own_id
        else other_ids(
            url,
            dblp_key,
            pmid=pmid,
            pmcid=field.get("pmcid"),
            arxiv=arxiv,
            note=note,
        ),
        language=field.get("langid") or field.get("language"),
        authors=[{"name": name} for name in people],
        warnings=[*warnings, *problems],
    )
    return editors_as_authors(record, [{"name": name} for name in editors])


def _dates(field: Mapping[str, str]) -> list[str | None]:
    """Return the date, or the year, with month and day where all three are numbers, or month is an English name."""
    year, month, day = (decode_latex(field.get(name)) for name in ("year", "month", "day"))
    if year and month and day and re.fullmatch(r"\s*\d{4}\s*", year):
        return [field.get("date"), date_of(year.strip(), month, day), year]
    return [field.get("date"), year]


def _own_id(field: Mapping[str, str]) -> str | None:
    """Return the id that Peerscope's export writes into BibLaTeX's field for further keys; None for any other key."""
    id_ = (field.get("ids") or "").strip()
    return id_ if is_own_id(id_) else None


def _venue(field: Mapping[str, str], kind: str) -> str | None:
    value = field.get("journal") or field.get("journaltitle") or field.get("booktitle")
    if value and (subtitle := field.get("journalsubtitle") or field.get("booksubtitle")):
        value = with_subtitle(value, subtitle)
    if value and value.lower().startswith("arxiv") and arxiv_number(value):
        # As Google Scholar names it: `arXiv preprint arXiv:1910.00744`.
        return "arXiv"
    value = value or field.get("eventtitle") or field.get("howpublished") or field.get(_PUBLISHERS.get(kind, "")) or ""
    if re.match(r"\s*(?:\\url|https?:)", value):
        return None
    macro = re.fullmatch(r"[{\s]*\\([a-z]+)[}\s]*", value)
    return (AAS_JOURNALS.get(macro[1]) if macro else None) or decode_latex(value)


def _unescaped(text: str | None) -> str | None:
    r"""Return a URL or DOI without LaTeX and HTML escapes (`10.1/a\_b`, `{\_}`, `$<$`, `{\textless}`, `&lt;`)."""
    if not text:
        return None
    text = re.sub(r"\{?\\text(less|greater)\b\s*(?:\{\})?\}?", lambda match: "<>"[match[1] == "greater"], text)
    text = re.sub(r"\\(?:url|doi|path|nolinkurl|ensuremath)\b\s*(?=\{)", "", text)
    text = re.sub(r"\\href\s*\{([^{}]*)\}\s*\{[^{}]*\}", r"\1", text)
    text = re.sub(r"\$\s*([<>])\s*\$|\{\s*([<>])\s*\}", r"\1\2", text)
    text = re.sub(r"\{?\\([_%#&~$])(?:\{\})?\}?", r"\1", text)
    return unescape(text).strip("{} ")

"""BibTeX and BibLaTeX files. LaTeX accents and commands become letters, formulas stay as they are."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import DuplicateFieldKeyBlock, Entry
from pylatexenc.latex2text import LatexNodes2Text, SpecialsTextSpec, get_default_latex_context_db

from indexer.sources.aas_journals import AAS_JOURNALS
from indexer.sources.base import EXCERPT, FileSource, Item, NotAWork, converted
from indexer.sources.bibliography import arxiv_number, reference
from indexer.sources.bibtex_values import Values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bibtexparser.model import ParsingFailedBlock

# Each broken entry comes as an Item with its reason; on the screen it would only tear the progress bar.
for _logger in ("bibtexparser", "pylatexenc"):
    logging.getLogger(_logger).addHandler(logging.NullHandler())

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
#: Editors' tools put settings and groups of theirs into entries of these kinds.
_NOT_WORKS = {"xdata", "set", "control", "jabref-meta"}


class BibtexFile(FileSource):
    """One .bib file."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Return an Item for each entry, in the file's order; one that cannot be parsed costs only itself."""
        library = parse_string(self.whole_text(file), parse_stack=[])
        found: list[Entry | ParsingFailedBlock] = [*library.entries, *library.failed_blocks]
        blocks = [_with_repeated_fields(block) for block in sorted(found, key=lambda block: block.start_line or 0)]
        values = Values(library.strings, (block for block in blocks if isinstance(block, Entry)))
        for number, block in enumerate(blocks, 1):
            text = (block.raw or "")[:EXCERPT]
            if isinstance(block, Entry):
                yield converted(self.name, number, lambda entry: entry_record(entry, values.of(entry)), block, text)
            else:
                yield Item(self.name, number, problem=f"not BibTeX: {block.error}", text=text)


def _with_repeated_fields(block: Entry | ParsingFailedBlock) -> Entry | ParsingFailedBlock:
    """Return the entry that the parser refused because of a repeated field, for which BibTeX only prints a warning."""
    entry = block.ignore_error_block if isinstance(block, DuplicateFieldKeyBlock) else None
    return entry if isinstance(entry, Entry) else block


def entry_record(entry: Entry, field: Mapping[str, str]) -> dict[str, Any]:
    """Return an entry in the import format; `field` holds its values by their names in lower case."""
    kind = entry.entry_type.lower()
    if kind in _NOT_WORKS:
        raise NotAWork(f"an entry of the kind @{kind}, not a work")
    # Without a word of whose number an eprint is, it is arXiv's if it looks like one.
    eprint_of = field.get("archiveprefix") or field.get("eprinttype") or "arxiv"
    arxiv = arxiv_number(f"arxiv:{field.get('eprint')}" if eprint_of.lower() == "arxiv" else None, field.get("url"))
    return reference(
        entry.key,
        doi=_unescaped(field.get("doi")),
        arxiv=arxiv or arxiv_number(field.get("journal")),
        dates=[field.get("date"), field.get("year")],
        title=decoded(field.get("title")),
        abstract=decoded(field.get("abstract")),
        type=_TYPES.get(kind) or ("preprint" if arxiv else None),
        venue=_venue(field) or ("arXiv" if arxiv else None),
        url=_unescaped(field.get("url")),
        language=field.get("langid") or field.get("language"),
        authors=[{"name": name} for name in names(field.get("author") or "")],
    )


def _venue(field: Mapping[str, str]) -> str | None:
    written = field.get("journal") or field.get("journaltitle") or field.get("booktitle") or ""
    macro = re.fullmatch(r"[{\s]*\\([a-z]+)[}\s]*", written)
    return (AAS_JOURNALS.get(macro[1]) if macro else None) or decoded(written)


def names(text: str) -> list[str]:
    """Return the persons of an author field, each as `First von Last Jr`; a name in braces (an institution) as it is.

    Names are taken apart before LaTeX is decoded: afterwards the braces that hold a name together are gone.
    """
    parts = [parse_single_name_into_parts(name, strict=False) for name in split_multiple_persons_names(text)]
    joined = (" ".join([*name.first, *name.von, *name.last, *name.jr]) for name in parts)
    return [name for name in map(decoded, joined) if name and name != "others"]


@cache
def _latex() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    # A field holds no table: outside of a formula a bare & is the sign.
    context.add_context_category("sign", specials=[SpecialsTextSpec("&", "&")], prepend=True)
    return LatexNodes2Text(latex_context=context, math_mode="verbatim", strict_latex_spaces=True)


def decoded(text: str | None) -> str | None:
    """Return LaTeX as plain text. A bare % is the sign here, not LaTeX's comment: nobody comments inside a field."""
    if not text:
        return None
    if re.search(r"[\\{}$~^%]|--|``|''", text):
        text = str(_latex().latex_to_text(re.sub(r"(?<!\\)%", r"\\%", text)))
    return " ".join(text.split()) or None


def _unescaped(text: str | None) -> str | None:
    r"""Return an address or DOI without the backslashes that LaTeX needs (`10.1/a\_b`)."""
    return re.sub(r"\\([_%#&~$])", r"\1", text).strip("{} ") if text else None

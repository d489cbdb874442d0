"""Tables with a header: exports of Scopus, IEEE, Springer, Zotero, Peerscope, and any other CSV or TSV file of works.

Columns are recognized by their names, in several languages; `--map title=Titel` names them otherwise.
"""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import IO, TYPE_CHECKING, Any

from indexer.sources.author_lists import read_names
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, SourceError, convert_record
from indexer.sources.bibliography import arxiv_number, catalogue_record, editors_as_authors, is_own_id, other_ids
from indexer.sources.xml_text import spaced_initials
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from indexer.records import RecordWarning

# An abstract may be longer than the limit of the csv module.
csv.field_size_limit(1_000_000)
#: Names of columns for each field, the best first; compared in lower case, letters and digits only.
COLUMNS = {
    "id": "id key citationkey",
    "title": "title titel titre titulo título titolo documenttitle itemtitle articletitle"
    " papertitle 标题 题名 タイトル",
    "authors": "authorfullnames author authors autor autoren auteur auteurs autores autore autori creator creators"
    " authornames 作者 著者",
    "editors": "editor editors herausgeber",
    "year": "year publicationyear pubyear jahr année annee año ano anno yearpublished copyrightyear 年",
    "date": "date publicationdate publisheddate issued datum dateissued onlinedate",
    "abstract": "abstract abstractnote summary zusammenfassung abstrakt résumé resume resumen resumo 摘要",
    "venue": "venue sourcetitle publicationtitle journal journaltitle zeitschrift revue revista booktitle conference"
    " conferencename publication publicationname secondarytitle container containertitle journalbook 期刊",
    "publisher": "publisher verlag éditeur",
    "doi": "doi itemdoi digitalobjectidentifier",
    "url": "url link links pdflink fulltexturl",
    "type": "type documenttype itemtype publicationtype contenttype typ",
    "language": "language languageoforiginaldocument sprache langue idioma",
    "affiliation": "affiliation affiliations authoraffiliations",
    "affiliations_of_authors": "authorswithaffiliations",
    "cited_by_count": "citedbycount citedby timescited citationcount citations articlecitationcount",
    "is_retracted": "isretracted retracted",
    "license": "license licence",
    "pmid": "pmid pubmedid",
    "pmcid": "pmcid pmcreferencenumber",
    "arxiv": "arxiv arxivid eprint",
    "eid": "eid",
}
_TYPES = {
    "article": "article",
    "journal article": "article",
    "journalarticle": "article",
    "review": "article",
    "conference paper": "article",
    "conferencepaper": "article",
    "proceedings paper": "article",
    "book": "book",
    "book chapter": "book-chapter",
    "booksection": "book-chapter",
    "chapter": "book-chapter",
    "thesis": "dissertation",
    "dissertation": "dissertation",
    "report": "report",
    "preprint": "preprint",
    "dataset": "dataset",
}
#: Scopus: `Yagai T.`, and the number of a person after the full name.
_FAMILY_FIRST = re.compile(r"(.{1,80}?) ((?:[A-Z]\.-?){1,4})$")
_NUMBER = re.compile(r" \(\d{6,}\)")
#: Springer joins the names of authors without a separator: `Ada AshBo Birch`.
_JOINED = re.compile(r"(?<=[a-zß-ÿ])(?<!\bMc)(?<!\bMac)(?<!\bDe)(?<!\bLe)(?=[A-ZÀ-Þ])")
#: The first line in which Excel is told the separator.
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=", re.IGNORECASE)
#: Scopus: an author with an affiliation, `Ash A.B., Univ X, Town` or `Ash, A.B., Univ X, Town`.
_WITH_PLACE = re.compile(r"[^,]+,(?:\s*+(?:[A-Z]\.-?\s?)+,)?\s*+(.+)")
_PROTECTED = re.compile(r"'(?=[=+\-@\t\r＝＋－＠])")  # noqa: RUF001 (full-width signs count as well)


class CsvFile(FileSource):
    """One CSV or TSV file. `columns` has the names of columns by field, where they are not to be recognized."""

    columns: Mapping[str, str]

    def __init__(self, path: str) -> None:
        """Store the path."""
        super().__init__(path)
        self.columns = {}

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each row. Raises SourceError when no column has titles, or the file is not CSV."""
        # Not splitlines: a cell may contain other separators of lines, such as U+2028.
        lines = list(StringIO(self.whole_text(file).replace("\0", ""), newline=""))
        if lines and _SEPARATOR_LINE.match(lines[0]):
            lines.pop(0)
        header = next((line for line in lines if line.strip()), "")
        reader = csv.reader(lines, delimiter=max(",;\t|", key=header.count))
        try:
            names = next((row for row in reader if any(cell.strip() for cell in row)), [])
            table = _Table(names, self._mapped(names))
            rows = [row for row in reader if any(cell.strip() for cell in row)]
        except csv.Error as error:
            raise SourceError(f"{self.name}: not valid CSV ({error})") from error
        if not table.has("title"):
            found = ", ".join(name for name in names[:30] if name.strip()) or "none"
            raise SourceError(f"{self.name}: no column has titles; name it with --map title=COLUMN. Columns: {found}")
        table.look_at(rows)
        for number, row in enumerate(rows, 1):
            yield self._item(number, row, table)

    def _mapped(self, names: Sequence[str]) -> Mapping[str, str]:
        missing = [name for name in self.columns.values() if name not in names]
        if missing:
            raise SourceError(f"{self.name}: there is no column {missing[0]!r}; columns: {', '.join(names[:30])}")
        return self.columns

    def _item(self, number: int, row: Sequence[str], table: _Table) -> Item:
        text = " | ".join(row)[:EXCERPT]
        if len(row) > len(table.names):
            problem = f"has {len(row)} values, but there are {len(table.names)} columns"
            return Item(self.name, number, problem=problem, text=text)
        return convert_record(self.name, number, table.record, row, text)


class _Table:
    """The columns of a file, and how it writes lists of authors."""

    def __init__(self, names: Sequence[str], mapped: Mapping[str, str]) -> None:
        self.names = [name.strip().lstrip("\ufeff") for name in names]
        folded = [re.sub(r"[\W_]+", "", name.lower()) for name in self.names]
        self._columns: dict[str, list[int]] = {}
        for field, known in COLUMNS.items():
            if field in mapped:
                self._columns[field] = [self.names.index(mapped[field])]
            else:
                self._columns[field] = [folded.index(name) for name in known.split() if name in folded]
        self._is_own = self.names[:3] == ["id", "title", "authors"]
        self._columns["source"] = [self.names.index("source")] if self._is_own and "source" in self.names else []
        self._is_springer = "itemtitle" in folded and "contenttype" in folded
        self._has_comma_lists = False

    def has(self, field: str) -> bool:
        """Return whether there is a column for a field."""
        return bool(self._columns[field])

    def look_at(self, rows: Sequence[Sequence[str]]) -> None:
        """Find out whether authors are separated by commas: some rows then have more than two full names."""
        values = [self._cell(row, "authors") or "" for row in rows]
        lists = [value.split(",") for value in values if value.count(",") > 1 and ";" not in value]
        self._has_comma_lists = not any(";" in value for value in values) and any(
            all(len(part.split()) > 1 for part in parts) for parts in lists
        )

    def record(self, row: Sequence[str]) -> dict[str, Any]:
        """Return a row in the import format."""
        id_, links = self._cell(row, "id"), self._cell(row, "url")
        authors, warnings = self._people(row, "authors")
        editors, problems = ([], []) if authors else self._people(row, "editors")
        eid, pmid = self._cell(row, "eid"), self._cell(row, "pmid")
        arxiv = self._cell(row, "arxiv")
        own_id = id_ if id_ and is_own_id(id_) else f"scopus:{eid}" if eid else None
        kind = (self._cell(row, "type") or "").strip()
        count = (self._cell(row, "cited_by_count") or "").strip()
        record = catalogue_record(
            own_id,
            source=self._cell(row, "source") if self._is_own else "bibliography",
            doi=self._cell(row, "doi") or (links if links and doi_in(links) else None),
            arxiv=arxiv_number(arxiv, f"arxiv:{arxiv}", links),
            ids=other_ids(pmid=pmid, pmcid=self._cell(row, "pmcid")),
            dates=[self._cell(row, "date"), self._cell(row, "year")]
            if self._is_own
            else [self._cell(row, "year"), self._cell(row, "date")],
            title=self._cell(row, "title"),
            abstract=self._abstract(row),
            type=_TYPES.get(kind.lower()) or (kind or None if self._is_own else None),
            venue=self._cell(row, "venue") or self._cell(row, "publisher"),
            url=links,
            language=self._cell(row, "language"),
            license=self._cell(row, "license"),
            cited_by_count=int(count) if count.isdecimal() else None,
            is_retracted=(self._cell(row, "is_retracted") or "").lower() in {"true", "yes", "1"},
            authors=authors,
            warnings=[*warnings, *problems],
        )
        self._add_affiliations(row, authors)
        return editors_as_authors(record, editors)

    def _add_affiliations(self, row: Sequence[str], authors: list[dict[str, Any]]) -> None:
        """Add the affiliations that the row states for each author, or those of its only author."""
        if len(authors) == 1 and (place := self._cell(row, "affiliation")):
            authors[0]["affiliation"] = place
        entries = [part.strip() for part in (self._cell(row, "affiliations_of_authors") or "").split(";")]
        if len(entries) == len(authors):
            for author, entry in zip(authors, entries, strict=True):
                if match := _WITH_PLACE.match(entry):
                    author["affiliation"] = match[1]

    def _abstract(self, row: Sequence[str]) -> str | None:
        text = self._cell(row, "abstract")
        return None if text and text.strip("[] .").lower() in {"no abstract available", "n/a"} else text

    def _people(self, row: Sequence[str], field: str) -> tuple[list[dict[str, Any]], list[RecordWarning]]:
        text = self._cell(row, field) or ""
        if self._is_own:
            return [{"name": name} for part in text.split(";") if (name := part.strip())], []
        names, warnings = read_names(self._split(_NUMBER.sub("", text)))
        return [{"name": name} for name in names], warnings

    def _split(self, text: str) -> list[str]:
        """Return the names in a cell, as far as the style of the file tells them apart."""
        parts = [part.strip() for part in text.split("," if ";" not in text else ";") if part.strip()]
        if ";" not in text:
            if self._is_springer:
                return [name for part in parts for name in _JOINED.split(part)]
            matches = [_FAMILY_FIRST.match(part) for part in parts]
            if all(matches):
                return [f"{match[1]}, {match[2]}" for match in matches if match]
            return parts if self._has_comma_lists else [text]
        return [_with_points(part) for part in parts]

    def _cell(self, row: Sequence[str], field: str) -> str | None:
        """Return the first value of a field that is not empty."""
        cells = (row[column].strip() for column in self._columns[field] if column < len(row))
        text = next((cell for cell in cells if cell), None)
        # An apostrophe keeps spreadsheets from running a cell as a formula.
        return _PROTECTED.sub("", text, count=1) if text and self._is_own and _PROTECTED.match(text) else text


def _with_points(name: str) -> str:
    family, comma, initials = name.partition(", ")
    return f"{family}, {spaced_initials(initials)}" if comma else name


FORMAT = FileFormat(
    "CSV",
    CsvFile,
    suffixes=(".csv", ".tsv"),
    content=re.compile(
        r"[^\n{}<@%\[]{0,2000}?\b(?:title|titel|titre|titulo|título|titolo)\b[\"']?[ \w/()]{0,40}[,;\t|]", re.IGNORECASE
    ),
)

"""Web of Science: plain text (tagged) and tab-delimited exports, in the import format."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from indexer.sources.author_lists import read_names
from indexer.sources.base import FileFormat
from indexer.sources.bibliography import catalogue_record, editors_as_authors
from indexer.sources.tagged import TaggedFile, TaggedRecord, TaggedSyntax
from indexer.sources.xml_text import joined, spaced_initials
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINE = re.compile(r"([A-Z][A-Z0-9])(?: (.*))?$")
_TYPES = {
    "article": "article",
    "review": "article",
    "proceedings paper": "article",
    "letter": "article",
    "book": "book",
    "book chapter": "book-chapter",
    "data paper": "article",
    "data set": "dataset",
    "meeting abstract": "article",
}
#: Affiliations of several authors: `[Ash, Ada; Birch, Bo] Univ X, Dept Y`.
_PLACE = re.compile(r"\[([^\[\]]*+)\]\s*+([^\[]++)")
#: Given names as initials without points: `HUGONIN, JP`.
_INITIALS = re.compile(r", ([A-Z]{1,4})$")
_QUOTED = re.compile(r'"((?:[^"]|"")*+)"')
_ORCID = re.compile(r"(?:^|(?<=;))([^;/]++)/(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
#: Tags whose values are lists with an entry in each line, or separated by semicolons in tab-delimited files.
_LISTS = frozenset({"AU", "AF", "BE", "BA", "BF", "CA", "CR", "C1", "GP"})


def work_record(record: TaggedRecord) -> dict[str, Any]:
    """Return a work in the import format."""
    names, warnings = read_names(_people(record.all("AF", "BF"), record.all("AU", "BA")))
    groups, _ = read_names(record.all("CA", "GP") if not names else record.all("CA"))
    editors, problems = ([], []) if names or groups else read_names(record.all("BE", "ED"))
    kind = (record.first("DT") or "").partition(";")[0].strip().lower()
    places = _places(record)
    orcids = {_short_key(name): orcid for name, orcid in _ORCID.findall("; ".join(record.all("OI")))}
    short_keys = Counter(map(_short_key, names))
    number = record.first("UT")
    result = catalogue_record(
        f"wos:{number.removeprefix('WOS:')}" if number and not re.search(r"\s", number) else None,
        source="Web of Science",
        doi=record.first("DI", "D2"),
        ids=[f"pmid:{value}" for value in record.all("PM") if value.isdecimal()],
        dates=[_date(record), record.first("PY", "PD", "EA")],
        title=record.first("TI"),
        abstract=record.first("AB"),
        type=_TYPES.get(kind) or _type_of_publication(record.first("PT"), kind),
        venue=record.first("SO", "J9", "JI"),
        language=record.first("LA"),
        cited_by_count=_number(record.first("TC", "Z9")),
        is_retracted="retracted" in (record.first("DT") or "").lower(),
        authors=[
            {
                "name": name,
                "affiliation": joined(places.get(_key(name), [])),
                "orcid": orcids.get(_short_key(name)) if short_keys[_short_key(name)] == 1 else None,
            }
            for name in names
        ]
        + [{"name": name} for name in groups],
        references=[f"doi:{doi}" for value in record.all("CR") if " DOI " in value and (doi := doi_in(value))],
        warnings=[*warnings, *problems],
    )
    return editors_as_authors(result, [{"name": name} for name in editors])


def _type_of_publication(publication: str | None, kind: str) -> str | None:
    """Return the type by the kind of publication; an unknown kind of text in a journal has none."""
    return {"B": "book", "J": None if kind else "article"}.get(publication or "")


def _people(full: list[str], short: list[str]) -> list[str]:
    """Return the names in full, unless there are less of them than short ones."""
    return [_INITIALS.sub(_spaced, name) for name in (full if len(full) >= len(short) else short)]


def _spaced(match: re.Match[str]) -> str:
    return f", {spaced_initials(match[1])}"


def _places(record: TaggedRecord) -> dict[str, list[str]]:
    """Return the affiliations of each author by the key of the name."""
    places: dict[str, list[str]] = {}
    for names, place in _PLACE.findall("; ".join(record.all("C1"))):
        for name in names.split(";"):
            places.setdefault(_key(name), []).append(place.strip(" ;."))
    return places


def _key(name: str) -> str:
    """Return letters that a name has in common in both orders."""
    return " ".join(sorted(re.findall(r"\w+", name.lower())))


def _short_key(name: str) -> str:
    """Return family name and first initial, from a name in either order."""
    family, comma, given = name.partition(",")
    if not comma:
        given, _, family = name.rpartition(" ")
    return f"{family.strip()} {given.strip()[:1]}".lower()


def _date(record: TaggedRecord) -> str | None:
    """Return the day of publication (`MAR 5`) with the year, None if it is not complete."""
    match = re.match(r"([A-Za-z]{3}) (\d{1,2})$", record.first("PD") or "")
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    year = record.first("PY")
    if not match or not year or match[1].lower() not in months:
        return None
    return f"{year}-{months.index(match[1].lower()) + 1:02}-{int(match[2]):02}"


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


class WebOfScienceFile(TaggedFile):
    """One plain text or tab-delimited export."""

    syntax = TaggedSyntax(
        _LINE,
        begins=frozenset({"PT"}),
        ends=frozenset({"ER", "EF"}),
        required=frozenset({"TI", "AU", "UT"}),
        lists=_LISTS,
    )
    beginning = "PT ..."
    convert = staticmethod(work_record)

    def records(self, text: str) -> Iterator[TaggedRecord]:
        """Yield the records of a text in one of the two forms."""
        return _rows(text) if "\t" in text[: text.find("\n")] else super().records(text)


def _rows(text: str) -> Iterator[TaggedRecord]:
    """Yield the rows of a tab-delimited export, whose columns are named by the tags."""
    # With universal newlines, a stray carriage return ends a row instead of the file.
    rows = io.StringIO(text, newline=None)
    for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
        fields = []
        for tag, value in row.items():
            if tag and isinstance(value, str):
                if quoted := _QUOTED.fullmatch(value):
                    # Spreadsheets quote a value with quotation marks, and double these.
                    value = quoted[1].replace('""', '"')
                is_list = tag in _LISTS and tag != "C1"
                fields += [(tag, part.strip()) for part in (value.split(";") if is_list else [value])]
        yield TaggedRecord(fields, "\t".join(value for _, value in fields))


FORMAT = FileFormat(
    "Web of Science",
    WebOfScienceFile,
    suffixes=(".isi", ".ciw"),
    content=re.compile(r"\s*(?:FN (?:ISI|Thomson|Clarivate)|PT [A-Z]\s*\n[A-Z][A-Z0-9] |PT\tAU\t)"),
)

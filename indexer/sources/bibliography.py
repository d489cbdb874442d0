"""What BibTeX, RIS and CSL-JSON have in common: a reference from a personal library, in the import format.

These files are edited by hand. Ids are therefore taken from what is stable (a DOI, an arXiv number) and only otherwise
from the citation key. Keywords are ignored, because each library has its own.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any

from indexer.records import RecordWarning
from indexer.records.parse import YEARS
from indexer.sources.text import strip_markup
from mappings import WORK_SCHEMES, arxiv_number_in, doi_in, work_id
from mappings import arxiv_number as normal_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Codes of three letters (ISO 639-2, both variants) and English names of languages.
_LANGUAGES = {
    name: code
    for code, names in {
        "ar": "ara arabic",
        "bg": "bul bulgarian",
        "cs": "cze ces czech",
        "da": "dan danish",
        "de": "ger deu german deutsch",
        "el": "gre ell greek",
        "en": "eng english",
        "es": "spa spanish español",
        "fa": "per fas persian",
        "fi": "fin finnish",
        "fr": "fre fra french français",
        "he": "heb hebrew",
        "hr": "hrv scr croatian",
        "hu": "hun hungarian",
        "id": "ind indonesian",
        "it": "ita italian italiano",
        "ja": "jpn japanese",
        "ko": "kor korean",
        "nl": "dut nld dutch",
        "no": "nor norwegian",
        "pl": "pol polish",
        "pt": "por portuguese português",
        "ro": "rum ron romanian",
        "ru": "rus russian",
        "sk": "slo slk slovak",
        "sl": "slv slovenian slovene",
        "sr": "srp scc serbian",
        "sv": "swe swedish",
        "tr": "tur turkish",
        "uk": "ukr ukrainian",
        "vi": "vie vietnamese",
        "zh": "chi zho chinese",
    }.items()
    for name in names.split()
}
_OWN_ID = re.compile(rf"(?:{'|'.join(WORK_SCHEMES)}):\S+$")
#: What may be a number of arXiv, or the path of a URL with one.
_ARXIV = re.compile(
    r"arxiv:\s*(?P<number>(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z-]+)?/\d{7})(?!\d))"
    r"|(?:arxiv|alphaxiv|ar5iv|xxx\.lanl)\.(?:org|gov)(?P<path>/[^\s?#,;)\]}<>\"'|\\*]+)",
    re.IGNORECASE,
)
_PMID = re.compile(r"\bPMID:\s*(\d+)", re.IGNORECASE)
_PMCID = re.compile(r"\bPMCID:\s*((?:PMC)?\d+)", re.IGNORECASE)
#: A year, alone or followed by month and day: `2019-10`, `2019/10/02/`, `20191002`; never part of a longer number.
_DATE = re.compile(r"(?<!\d)(?<!^-)(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?|(\d{2})(\d{2}))?(?!\d)")


def editors_as_authors(record: Mapping[str, Any], editors: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a record with its editors as authors, if it has no authors."""
    if record["authors"] or not editors:
        return dict(record)
    names = ", ".join(editor["name"] for editor in editors)
    warning = RecordWarning("editors as authors", f"has no authors; its editors stand for them: {names}")
    return {**record, "authors": editors, "warnings": [*record.get("warnings", []), warning]}


def is_retracted_note(*notes: str | None) -> bool:
    """Return whether one of the notes marks a retracted work, as Peerscope's exports do."""
    return any((note or "").strip(" .").casefold() == "retracted" for note in notes)


def reference(
    key: str | None, *, doi: str | None = None, arxiv: str | None = None, dates: Iterable[str | None], **fields: Any
) -> dict[str, Any]:
    """Return a reference in the import format; `key` is its citation key, `dates` the fields that may have its date."""
    texts = [text for text in dates if text and text.strip()]
    day, year = date_and_year(*texts)
    warnings = [*fields.pop("warnings", ()), *_date_warnings(texts, day, year)]
    valid_doi = doi_in(doi) if doi else None
    # A value that is no DOI is reported by the check of the record.
    record = {
        "doi": valid_doi or doi,
        "date": day,
        "year": year,
        "source": "bibliography",
        **fields,
        "title": strip_markup(fields.get("title")),
        "abstract": strip_markup(fields.get("abstract")),
        "venue": strip_markup(fields.get("venue")),
        "language": _language(fields.get("language")),
        "warnings": warnings,
    }
    return {"id": _id(key, valid_doi, arxiv) or _id_of_content(record), **record}


def catalogue_record(id_: str | None, **fields: Any) -> dict[str, Any]:
    """Return a record of a catalogue in the import format, with the id that the catalogue gives it.

    `fields` are those of `reference`. Without an id, it gets one from its DOI, another id, or its content.
    """
    record = reference(None, **fields)
    if id_ and not id_.endswith((":", ":None")):
        return {**record, "id": id_}
    is_made_up = not record["id"] or record["id"].startswith("local:")
    return {**record, "id": fields["ids"][0]} if is_made_up and fields.get("ids") else record


def other_ids(
    *urls: str | None,
    pmid: str | None = None,
    pmcid: str | None = None,
    arxiv: str | None = None,
    note: str | None = None,
) -> list[str]:
    """Return the ids of a reference that a catalogue gave to it: PubMed, arXiv, and those in the URLs of catalogues.

    Numbers of PubMed that no field has may be in a note, as Zotero writes them: `PMID: 1234567`, `PMCID: PMC1234567`.
    """
    pmid, pmcid = pmid or _number_in(_PMID, note), pmcid or _number_in(_PMCID, note)
    of_urls = [id_ for url in urls if url and not (id_ := work_id(url)).startswith(("local:", "doi:"))]
    numbers = [
        re.fullmatch(r"(?:PMC|PMID:?\s*|PMCID:?\s*(?:PMC)?)?(\d+)", text.strip(), re.IGNORECASE) if text else None
        for text in (pmid, pmcid)
    ]
    ids = [f"{scheme}:{match[1]}" for scheme, match in zip(("pmid", "pmcid"), numbers, strict=True) if match]
    return list(dict.fromkeys([*of_urls, *ids, *([f"arxiv:{arxiv}"] if arxiv else [])]))


def _number_in(pattern: re.Pattern[str], note: str | None) -> str | None:
    match = pattern.search(note or "")
    return match[1] if match else None


def is_own_id(key: str) -> bool:
    """Return whether a key is an id of Peerscope, which comes from one of its exports."""
    return _OWN_ID.match(key) is not None


def type_of(key: str | None, kind: str | None, stated: str | None) -> str | None:
    """Return the type of a reference by its kind, else the type that an export of Peerscope states.

    For works of the ACL Anthology, which mostly have no type, exports choose the kind by their ids.
    """
    return stated if key and key.startswith("acl:") else kind or stated


def _id(key: str | None, doi: str | None, arxiv: str | None) -> str | None:
    """Return the most stable id available; a key that is an id of Peerscope comes from one of its exports."""
    if key and is_own_id(key):
        return key
    if doi:
        return f"doi:{doi}"
    if arxiv:
        return f"arxiv:{arxiv}"
    slug = re.sub(r"[^\w.:+-]+", "-", key or "").strip("-")
    return f"local:{slug}" if slug else None


def _id_of_content(record: Mapping[str, Any]) -> str | None:
    """Return an id for a reference without any, as in RIS files: its title, and a hash of title, year and authors."""
    title = (record["title"] or "").casefold()
    names = [author["name"] for author in record["authors"]]
    if not title and not names:
        return None
    # Without a title, two records with the same authors are different works if anything differs.
    other = "" if title else f"|{record['date']}|{record['venue']}|{record['abstract']}|{record.get('url')}"
    digest = hashlib.sha256(f"{title}|{record['year']}|{names}{other}".encode("utf-8", "replace")).hexdigest()[:8]
    slug = re.sub(r"\W+", "-", title)[:40].strip("-") or "untitled"
    return f"local:{slug}-{digest}"


def arxiv_number(*candidates: str | None) -> str | None:
    """Return the arXiv number in the first text that has one: `arXiv:1910.00744v2`, or a URL; else None."""
    places = chain.from_iterable(_ARXIV.finditer(text) for text in candidates if text)
    # A sentence may end after a URL.
    paths = ((place["number"] or "", (place["path"] or "").rstrip(".:")) for place in places)
    numbers = (normal_number(number) or arxiv_number_in(path) for number, path in paths)
    return next(filter(None, numbers), None)


def date_and_year(*texts: str | None) -> tuple[str | None, int | None]:
    """Return the year of the first text that contains one, and the first full date of that year, if there is one."""
    year: int | None = None
    for match in chain.from_iterable(_DATE.finditer(text) for text in texts if text):
        number, day = int(match[1]), _day(match[1], match[2] or match[4], match[3] or match[5])
        # Eight digits that are not a day are a number of another kind.
        if number not in YEARS or (match[4] and not day):
            continue
        if day and year in (None, number):
            return day, number
        year = year or number
    return None, year


def _date_warnings(texts: Iterable[str], day: str | None, year: int | None) -> list[RecordWarning]:
    """Return a warning if texts have no year, or a date that does not exist, of which only the year is used."""
    values = ", ".join(repr(text[:40]) for text in texts)
    if values and year is None:
        message = f"date {values} has no year between {YEARS.start} and {YEARS.stop - 1}; ignored"
        return [RecordWarning("invalid date", message)]
    if day is None and any(_is_impossible(match) for text in texts for match in _DATE.finditer(text)):
        return [RecordWarning("invalid date", f"date {values} does not exist; only its year {year} is used")]
    return []


def _is_impossible(match: re.Match[str]) -> bool:
    """Return whether a date has a month and a day, neither of them zero, that do not exist."""
    parts = match[2], match[3]
    return all(part and int(part) for part in parts) and _day(match[1], *parts) is None


def _day(year: str, month: str | None, day: str | None) -> str | None:
    try:
        return date(int(year), int(month or 0), int(day or 0)).isoformat()
    except ValueError:
        return None


def _language(text: str | None) -> str | None:
    """Return a code of two letters, for `en-US`, `eng` and `English`; None for other names of languages."""
    code = (text or "").strip().lower()
    match = re.fullmatch(r"([a-z]{2})(?:[-_]\w+)?", code)
    return match[1] if match else _LANGUAGES.get(code)

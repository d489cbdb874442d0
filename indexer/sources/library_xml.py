"""MODS and MARCXML, the formats of library catalogues, in the import format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.author_names import from_inverted, is_organisation
from indexer.sources.base import NotAWork
from indexer.sources.bibliography import catalogue_record, editors_as_authors
from indexer.sources.text import with_subtitle
from indexer.sources.xml_records import XmlRecord, text_of
from indexer.sources.xml_text import first, joined, marked_up, person, texts, without_namespaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from xml.etree.ElementTree import Element

#: Years of birth and death after a name.
_DATES = re.compile(r"(?:(?<![,\s])[,\s]++)?[\[(]?\b\d{4}-(?:\d{4})?[\])]?$")
_AUTHOR_ROLES = {"aut", "author", "cre", "creator", "dis", "dissertant"}
#: Creators of works that have no author: photographers, artists, composers, cartographers, film directors.
_CREATOR_ROLES = {
    *("pht", "photographer", "art", "artist", "cmp", "composer", "ctg", "cartographer", "drt", "director", "ill"),
    *("illustrator", "prg", "programmer", "inv", "inventor", "spk", "speaker", "ive", "interviewee", "pro", "producer"),
}
_EDITOR_ROLES = {"edt", "editor"}
_BRACKETS = re.compile(r"(?<!\s)\s*\([^()]*\)")
_TYPES = (
    ("thesis", "dissertation"),
    ("dissertation", "dissertation"),
    ("book chapter", "book-chapter"),
    ("chapter", "book-chapter"),
    ("conference publication", "article"),
    ("article", "article"),
    ("report", "report"),
    ("book", "book"),
)


def mods_record(mods: Element) -> dict[str, Any]:
    """Return a `mods` element in the import format."""
    mods = without_namespaces(mods)
    host = mods.find("relatedItem[@type='host']")
    people = mods.findall("name")
    genres = texts(mods, "genre")
    record = catalogue_record(
        _mods_id(mods),
        source="MODS",
        doi=first(mods, "identifier[@type='doi']"),
        dates=[*texts(mods, "originInfo/dateIssued", "originInfo/copyrightDate", "originInfo/dateCreated")]
        + ([] if host is None else texts(host, "part/date", "originInfo/dateIssued")),
        title=_mods_title(mods),
        abstract=marked_up(mods.find("abstract")),
        type=_kind(
            genres, has_host=host is not None, is_monographic=first(mods, "originInfo/issuance") == "monographic"
        ),
        venue=_mods_title(host) if host is not None else first(mods, "originInfo/publisher"),
        url=first(mods, "location/url", "identifier[@type='uri']"),
        language=first(mods, "language/languageTerm[@type='code']", "language/languageTerm"),
        authors=[_mods_author(name) for name in people if _roles(name) & _AUTHOR_ROLES or not _roles(name)]
        or [_mods_author(name) for name in people if _roles(name) & _CREATOR_ROLES],
    )
    return editors_as_authors(record, [_mods_author(name) for name in people if _roles(name) & _EDITOR_ROLES])


def _mods_id(mods: Element) -> str | None:
    handle = first(mods, "identifier[@type='hdl']", "identifier[@type='handle']")
    local = first(mods, "recordInfo/recordIdentifier", "identifier[@type='local']")
    if handle:
        return f"handle:{handle.rpartition('hdl.handle.net/')[2].removeprefix('hdl:')}"
    return f"local:{local}" if local and not re.search(r"\s", local) else None


def _mods_title(item: Element) -> str | None:
    """Return the main title with article, subtitle and part; translated and abbreviated titles are others."""
    infos = item.findall("titleInfo")
    info = next((info for info in infos if not info.get("type")), infos[0] if infos else None)
    if info is None:
        return None
    title = " ".join(part for part in (first(info, "nonSort"), marked_up(info.find("title"))) if part)
    title = title.rstrip(" :/").replace("\u2019 ", "\u2019")
    title = with_subtitle(title, marked_up(info.find("subTitle"))) or ""
    return _with_part(title, texts(info, "partNumber"), texts(info, "partName")) or None


def _with_part(title: str, numbers: Sequence[str], names: Sequence[str]) -> str:
    """Return the title of one part of a work: `Trees: An Essay. Part 2, Roots`."""
    part = ", ".join(text.strip(" /:;,=.") for text in (*numbers, *names))
    if not part or not title:
        return title or part
    return f"{title} {part}" if title.endswith(("?", "!", ".")) else f"{title}. {part}"


def _roles(name: Element) -> set[str]:
    return {role.lower() for role in texts(name, "role/roleTerm")}


def _mods_author(name: Element) -> dict[str, Any]:
    given, family = " ".join(texts(name, "namePart[@type='given']")), first(name, "namePart[@type='family']")
    parts = [part for part in name.findall("namePart") if part.get("type") not in {"date", "termsOfAddress"}]
    plain = _unpunctuated(_DATES.sub("", " ".join(filter(None, map(text_of, parts))).strip())) or first(
        name, "displayForm"
    )
    is_group = name.get("type") in {"corporate", "conference"} or is_organisation(plain or "")
    return person(
        given,
        family,
        suffix=first(name, "namePart[@type='termsOfAddress']"),
        name=plain if is_group or not plain else from_inverted(_BRACKETS.sub("", plain)),
        orcid=first(name, "nameIdentifier[@type='orcid']"),
        affiliation=joined(texts(name, "affiliation")),
    )


def _kind(genres: Iterable[str], *, has_host: bool, is_monographic: bool) -> str | None:
    text = " ".join(genres).lower()
    found = next((type_ for word, type_ in _TYPES if word in text), None)
    return found or ("article" if has_host else "book" if is_monographic else None)


class _Marc:
    """The data fields of a MARC record."""

    def __init__(self, record: Element) -> None:
        self._fields = record.findall("datafield")

    def fields(self, *tags: str) -> list[Element]:
        """Return the fields with one of the tags, in the order of the record."""
        return [field for field in self._fields if field.get("tag") in tags]

    def texts(self, tags: str, codes: str) -> list[str]:
        """Return the texts of the subfields with one of the codes, joined for each field."""
        found = (self.subfields(field, codes) for field in self.fields(*tags.split()))
        return [text for text in map(" ".join, found) if text]

    def first(self, tags: str, codes: str) -> str | None:
        """Return the first of these texts."""
        return next(iter(self.texts(tags, codes)), None)

    @staticmethod
    def subfields(field: Element, codes: str) -> list[str]:
        """Return the texts of a field's subfields with one of the codes."""
        return [text for part in field if part.get("code", "-") in codes and (text := text_of(part))]


def marc_record(record: Element) -> dict[str, Any]:
    """Return a MARC 21 bibliographic `record` in the import format."""
    record = without_namespaces(record)
    marc = _Marc(record)
    number = first(record, "controlfield[@tag='001']")
    title = " ".join(_unpunctuated(text) + ":" for text in marc.texts("245", "a")).rstrip(":")
    subtitle = marc.first("245", "b")
    title = f"{title}: {_unpunctuated(subtitle)}" if title and subtitle else title
    people = marc.fields("100", "110", "111", "700", "710")
    fixed = first(record, "controlfield[@tag='008']") or ""
    contained = marc.first("773", "t")
    result = catalogue_record(
        f"local:marc-{re.sub(r'[^A-Za-z0-9_.-]+', '-', number)}" if number else None,
        source="MARC",
        doi=next((text for text in marc.texts("024 856", "au") if "10." in text), None),
        dates=[*marc.texts("260 264", "c"), *marc.texts("773", "g"), fixed[7:11]],
        title=_with_part(title, marc.texts("245", "n"), marc.texts("245", "p")) or None,
        abstract=marc.first("520", "ab"),
        type="dissertation" if marc.fields("502") else "article" if contained else "book",
        venue=_unpunctuated(contained or marc.first("260 264", "b")),
        url=marc.first("856", "u"),
        language=marc.first("041", "a") or fixed[35:38],
        authors=[
            _marc_author(field) for field in people if _marc_roles(field) & _AUTHOR_ROLES or not _marc_roles(field)
        ],
    )
    return editors_as_authors(result, [_marc_author(field) for field in people if _marc_roles(field) & _EDITOR_ROLES])


def _marc_roles(field: Element) -> set[str]:
    """Return the roles of a person: codes, and words in English, without points."""
    return {role.strip(" .,").lower() for role in _Marc.subfields(field, "4e")} - {""}


def _marc_author(field: Element) -> dict[str, Any]:
    name = _unpunctuated(" ".join(_Marc.subfields(field, "ab")))
    name = name if (field.get("tag") or "")[1:] in {"10", "11"} else from_inverted(name or "")
    return person(name=name, affiliation=joined(_Marc.subfields(field, "u")))


def _unpunctuated(text: str | None) -> str:
    """Return a text without the punctuation that separates areas of a catalogue card; points of initials are kept."""
    text = (text or "").rstrip(" /:;,=").lstrip()
    return text[:-1] if re.search(r"\w{3}\.$", text) else text


def any_record(record: Element) -> dict[str, Any]:
    """Return a `record` without a namespace that tells its format. Raises NotAWork for an unknown one."""
    record = without_namespaces(record)
    if record.find("datafield") is None:
        raise NotAWork("a <record> of an unknown format")
    return marc_record(record)


RECORDS = (
    XmlRecord("MODS", ("mods",), lambda mods, _: mods_record(mods)),
    XmlRecord("MARCXML", ("{http://www.loc.gov/MARC21/slim}record",), lambda record, _: marc_record(record)),
)

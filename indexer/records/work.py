"""The Work record: what a source gives us of one work, checked field by field.

Missing stays missing (None, never a guess). What cannot be right is refused with a reason that a person can act on;
keys that we do not know are passed over, and counted so that a misspelt one is noticed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from mappings import bare_doi, orcid_id, work_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: No published title comes near this; longer ones are a whole text in the wrong field.
MAX_TITLE = 5_000
MAX_ABSTRACT = 100_000
#: Any other text.
MAX_TEXT = 2_000
#: The largest known collaboration papers have some 5,500 authors.
MAX_AUTHORS = 10_000
YEARS = range(1000, date.today().year + 3)


class RecordError(ValueError):
    """A record that cannot be indexed; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Institution:
    """Where an author worked, as the source knows it: its own id for the place, and the ROR."""

    name: str
    id: str | None = None
    ror: str | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """A name on a work, as printed, with what the source knows of the person behind it."""

    name: str
    id: str | None = None
    orcid: str | None = None
    affiliation: str | None = None
    institutions: tuple[Institution, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """One work as a source describes it; `topics` are (id, name or None), `topic_parents` what is above each topic."""

    id: str
    title: str
    authors: tuple[Author, ...]
    abstract: str | None = None
    abstract_origin: str | None = None
    year: int | None = None
    date: str | None = None
    type: str | None = None
    venue: str | None = None
    doi: str | None = None
    url: str | None = None
    license: str | None = None
    source: str | None = None
    language: str | None = None
    cited_by_count: int | None = None
    is_retracted: bool = False
    topics: tuple[tuple[str, str | None], ...] = ()
    topic_parents: tuple[tuple[str, ...], ...] = ()


KNOWN_KEYS = frozenset(field.name for field in fields(Work)) | {"topic_names", "withdrawn"}
KNOWN_AUTHOR_KEYS = frozenset(field.name for field in fields(Author))


def withdrawn_id(raw: object) -> str | None:
    """Return the id of a record that says its work is withdrawn (`"withdrawn": true`); None for any other record."""
    return _id(raw) if isinstance(raw, dict) and raw.get("withdrawn") is True else None


def parse_work(raw: object) -> Work:
    """Make a Work of one decoded JSON value. Raises RecordError with the reason when it cannot be one."""
    if not isinstance(raw, dict):
        raise RecordError(f"a record is a JSON object, this is a {type(raw).__name__}")
    day, topics = _date(raw), _topics(raw)
    return Work(
        id=_id(raw),
        title=_required(raw, "title", MAX_TITLE),
        authors=_authors(raw),
        abstract=_text(raw, "abstract", MAX_ABSTRACT),
        abstract_origin=_text(raw, "abstract_origin"),
        year=_year(raw, day),
        date=day,
        type=_text(raw, "type"),
        venue=_text(raw, "venue"),
        doi=_doi(raw),
        url=_url(raw),
        license=_text(raw, "license"),
        source=_text(raw, "source"),
        language=_text(raw, "language"),
        cited_by_count=_count(raw, "cited_by_count"),
        is_retracted=_flag(raw, "is_retracted"),
        topics=tuple((id_, name) for id_, (name, _) in topics.items()),
        topic_parents=tuple(parents for _, parents in topics.values()) if raw.get("topic_parents") else (),
    )


def usable(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a record out of a foreign format without what `parse_work` would refuse of things a work can do without.

    Nobody here can correct a catalogue: an ORCID iD with a wrong digit there must not cost the work. A record in our
    own format is not treated so, since its writer can.
    """
    fit = dict(raw)
    for key, check in _DISPENSABLE.items():
        try:
            check(fit)
        except RecordError:
            fit[key] = None
    fit |= {key: _cut(fit[key], limit) for key, limit in _CUT.items() if key in fit}
    if isinstance(fit.get("authors"), list):
        fit["authors"] = [_usable_author(author) for author in fit["authors"] if _is_named(author)]
    return fit


def _is_named(author: object) -> bool:
    """Tell a person from what is left of punctuation between names, as in `X Consortium: A. B`."""
    return not isinstance(author, dict) or any(map(str.isalpha, str(author.get("name") or "")))


def _usable_author(author: Any) -> Any:
    if not isinstance(author, dict):
        return author
    # Half an affiliation would be taken for an institution of its own.
    fit = {**author, "affiliation": _cut(author.get("affiliation"), MAX_TEXT, at=";")}
    try:
        _orcid(fit)
    except ValueError:
        fit["orcid"] = None
    return fit


def _cut(text: Any, limit: int, at: str = " ") -> Any:
    """Return the start of a text that is too long, up to a word or another place to part it."""
    if not isinstance(text, str) or len(text) <= limit:
        return text
    return text[: limit + 1].rpartition(at)[0] or text[:limit]


def unknown_keys(raw: Mapping[str, Any]) -> set[str]:
    """Name the keys of a record that `parse_work` does not read; those of authors as `authors[].key`."""
    found = set(raw.keys() - KNOWN_KEYS)
    for author in raw.get("authors") or ():
        if isinstance(author, dict) and not author.keys() <= KNOWN_AUTHOR_KEYS:
            found.update(f"authors[].{key}" for key in author.keys() - KNOWN_AUTHOR_KEYS)
    return found


def _text(raw: Mapping[str, Any], key: str, limit: int = MAX_TEXT) -> str | None:
    """Return the text under `key` with its white space folded; None when it is missing or empty."""
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise RecordError(f"{key} is a {type(value).__name__}, not text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RecordError(f"{key} holds half a character (a lone surrogate)") from error
    if len(value) > limit:
        raise RecordError(f"{key} has {len(value):,} characters, more than {limit:,}")
    return " ".join(value.replace("\0", " ").split()) or None


def _required(raw: Mapping[str, Any], key: str, limit: int = MAX_TEXT) -> str:
    value = _text(raw, key, limit)
    if value is None:
        raise RecordError(f"{key} is missing")
    return value


def _id(raw: Mapping[str, Any]) -> str:
    text = _required({"id": str(raw["id"])} if isinstance(raw.get("id"), int) else raw, "id", 500)
    if re.search(r"\s", text):
        raise RecordError(f"id {text!r} holds white space")
    return work_id(text)


def _date(raw: Mapping[str, Any]) -> str | None:
    """Return a full ISO date; one that is only a year or a month is no date, and says so through `year` alone."""
    text = _text(raw, "date")
    if text is None or re.fullmatch(r"\d{4}(-\d{2})?", text):
        return None
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        raise RecordError(f"date {text!r} is not a date like 2019-10-02") from error


def _year(raw: Mapping[str, Any], day: str | None) -> int | None:
    value = raw.get("year")
    if isinstance(value, str) and re.fullmatch(r"\s*\d{4}\s*", value):
        value = int(value)
    if value is None:
        value = int((day or _text(raw, "date") or "0")[:4]) or None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value not in YEARS:
        raise RecordError(f"year {value!r} is not a year between {YEARS.start} and {YEARS.stop - 1}")
    return value


def _doi(raw: Mapping[str, Any]) -> str | None:
    text = _text(raw, "doi")
    if text is None:
        return None
    # Some feeds list several DOIs in one field; the first is the work's own.
    try:
        return bare_doi(text.split()[0])
    except ValueError as error:
        raise RecordError(f"doi {text!r} is not a DOI like 10.1000/xyz") from error


def _url(raw: Mapping[str, Any]) -> str | None:
    text = _text(raw, "url")
    # Pages link to it: a javascript: address from a feed must never get that far.
    if text is not None and not text.lower().startswith(("https://", "http://")):
        raise RecordError(f"url {text[:80]!r} does not start with https:// or http://")
    return text


def _flag(raw: Mapping[str, Any], key: str) -> bool:
    value = raw.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise RecordError(f"{key} {value!r} is neither true nor false")
    return value


def _count(raw: Mapping[str, Any], key: str) -> int | None:
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise RecordError(f"{key} {value!r} is not a count")
    return value


def _topics(raw: Mapping[str, Any]) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """Return each topic's name and what stands above it, by id; the lists beside `topics` are as long, or missing."""
    ids, names, parents = _texts(raw, "topics"), _texts(raw, "topic_names"), _list(raw, "topic_parents")
    for key, beside in (("topic_names", names), ("topic_parents", parents)):
        if beside and len(beside) != len(ids):
            raise RecordError(f"{key} has {len(beside)} entries, topics {len(ids)}")
    above = (tuple(_texts({"topic_parents": names_above}, "topic_parents")) for names_above in parents)
    return {id_: (name, over or ()) for id_, name, over in zip_longest(ids, names, above)}


def _texts(raw: Mapping[str, Any], key: str) -> list[str]:
    return [_required({key: value}, key) for value in _list(raw, key)]


def _list(raw: Mapping[str, Any], key: str) -> list[Any]:
    values = raw.get(key)
    if values is not None and not isinstance(values, list):
        raise RecordError(f"{key} is a {type(values).__name__}, not a list")
    return values or []


def _authors(raw: Mapping[str, Any]) -> tuple[Author, ...]:
    authors = raw.get("authors")
    if not isinstance(authors, list) or not authors:
        raise RecordError("authors is missing or empty; a work has at least one")
    if len(authors) > MAX_AUTHORS:
        raise RecordError(f"authors has {len(authors):,} entries, more than {MAX_AUTHORS:,}")
    return tuple(_author(author) for author in authors)


def _author(raw: object) -> Author:
    if not isinstance(raw, dict):
        raise RecordError(f"an author is an object with a name, this is a {type(raw).__name__}")
    try:
        return Author(
            name=_required(raw, "name", 500),
            id=_text(raw, "id", 500),
            orcid=_orcid(raw),
            affiliation=_text(raw, "affiliation"),
            institutions=_institutions(raw),
        )
    except RecordError as error:
        raise RecordError(f"author: {error}") from error
    except ValueError as error:
        raise RecordError(f"author {raw.get('name')!r}: {error}") from error


def _orcid(raw: Mapping[str, Any]) -> str | None:
    orcid = _text(raw, "orcid")
    return orcid_id(orcid) if orcid else None


def _institutions(raw: Mapping[str, Any]) -> tuple[Institution, ...]:
    values = _list(raw, "institutions")
    if not all(isinstance(value, dict) for value in values):
        raise RecordError("an institution is an object with a name")
    return tuple(Institution(_required(at, "name"), _text(at, "id", 500), _text(at, "ror", 500)) for at in values)


#: What a work can do without, each with its check; the date comes before the year that is taken from it.
_DISPENSABLE: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "date": _date,
    "year": lambda raw: _year(raw, None),
    "doi": _doi,
    "url": _url,
    "cited_by_count": partial(_count, key="cited_by_count"),
    **{key: partial(_text, key=key) for key in ("type", "license", "language")},
}
#: What is cut where it is too long.
_CUT = {"abstract": MAX_ABSTRACT, "venue": MAX_TEXT}

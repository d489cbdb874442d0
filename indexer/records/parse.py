"""Read a decoded JSON value as a Work, checking it field by field.

Id and title are required: a record without them is refused with a reason that its author can act on. An
invalid value of any other field is dropped with a warning, so that it never costs the record. Unknown keys are ignored,
and counted by the caller so that a misspelled key is noticed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeVar

from indexer.records.names import EAST_ASIAN, in_own_order, is_placeholder
from indexer.records.work import KNOWN_AUTHOR_KEYS, KNOWN_KEYS, Author, Institution, RecordError, RecordWarning, Work
from mappings import bare_doi, orcid_id, work_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

#: Longer than any published title; a longer one is a whole text in the wrong field.
MAX_TITLE = 5_000
MAX_NAME = 500
MAX_ABSTRACT = 100_000
#: Limit of all other texts.
MAX_TEXT = 2_000
#: The largest known collaboration papers have about 5,500 authors.
MAX_AUTHORS = 10_000
#: A review of a whole field cites some 5,000 works.
MAX_REFERENCES = 10_000
#: Control characters: those of C1 are Windows-1252 in a text that says it is Unicode, the others nothing.
_CONTROLS = dict.fromkeys((*range(9, 14), 0, *range(28, 32)), " ")
_CONTROLS |= dict.fromkeys((*range(1, 9), *range(14, 28), 127), "")
_CONTROLS |= {code: bytes([code]).decode("cp1252", "ignore") for code in range(128, 160)}
YEARS = range(1000, date.today().year + 3)
#: A Latin name with the same name in its own script in brackets, or the other way round.
_TWO_SCRIPTS = re.compile(r"([^()\uff08\uff09]++)[(\uff08]([^()\uff08\uff09]++)[)\uff09]")
#: Placeholders for the ids of unknown people: A9999999999 in OpenAlex, elsewhere -1, 0 or a word.
_PLACEHOLDER_ID = re.compile(
    r"(?:[a-z0-9]+:|https?://\S*/)?(?:a?-?0+|a?-1|a9{10}|null|none|nil|nan|undefined|unknown|anonymous|n/?a)",
    re.IGNORECASE,
)
_EAST_ASIAN_NAME = re.compile(rf"[{EAST_ASIAN}\s]+")
#: Special interest groups of the ACL: `SIGMORPHON`, `SIGdial`.
_ACL_GROUP = re.compile(r"SIG(?:[A-Z]|dial)[A-Za-z-]*")


def withdrawn_id(record: object) -> str | None:
    """Return the id of a record with `"withdrawn": true`, which removes its work; None for any other record."""
    return _id(record) if isinstance(record, dict) and record.get("withdrawn") is True else None


def parse_work(record: object, warnings: list[RecordWarning] | None = None) -> Work:
    """Return the Work of one decoded JSON value. Raises RecordError with the reason when it cannot be one.

    Each optional value that is dropped or shortened is described in `warnings`.
    """
    if not isinstance(record, dict):
        raise RecordError(f"a record must be a JSON object, not a {type(record).__name__}")
    fields = _Fields(record, [] if warnings is None else warnings)
    # First the title: a record without one often has no id for that reason.
    title, id_ = _required(record, "title", MAX_TITLE), _id(record)
    authors = _authors(fields)
    day = fields.read("date", _date)
    doi = fields.read("doi", _doi)
    topics = fields.checked("topics", _topics) or {}
    return Work(
        id=id_,
        title=title,
        authors=authors,
        abstract=fields.text("abstract", MAX_ABSTRACT),
        abstract_origin=fields.text("abstract_origin"),
        year=fields.read("year", _year) or _year_of_date(record, day),
        date=day,
        type=fields.text("type"),
        venue=fields.text("venue"),
        doi=doi,
        url=fields.read("url", _url),
        license=fields.text("license"),
        source=fields.text("source"),
        language=fields.text("language"),
        cited_by_count=fields.read("cited_by_count", partial(_count, key="cited_by_count")),
        is_retracted=fields.read("is_retracted", partial(_flag, key="is_retracted")) or False,
        topics=tuple((topic, name) for topic, (name, _) in topics.items()),
        topic_parents=tuple(parents for _, parents in topics.values()) if record.get("topic_parents") else (),
        ids=tuple(sorted(set(_ids(fields, "ids")) - {id_, f"doi:{doi}"})),
        references=tuple(cited for cited in dict.fromkeys(_ids(fields, "references")) if cited != id_)[:MAX_REFERENCES],
        authors_truncated=fields.read("authors_truncated", partial(_total_authors, listed=len(authors))),
    )


class _Fields:
    """The optional fields of a record: an invalid value is read as None, with a warning."""

    def __init__(self, record: Mapping[str, Any], warnings: list[RecordWarning], prefix: str = "") -> None:
        self.record, self.warnings, self._prefix = record, warnings, prefix

    def read(self, key: str, check: Callable[[Mapping[str, Any]], T]) -> T | None:
        """Return what `check` makes of the record; None, without a check, if the key is missing."""
        return None if self.record.get(key) is None else self.checked(key, check)

    def checked(self, key: str, check: Callable[[Mapping[str, Any]], T]) -> T | None:
        """Return what `check` makes of the record, which may depend on other keys than this one."""
        try:
            return check(self.record)
        except ValueError as error:
            self.warnings.append(RecordWarning(f"invalid {key}", f"{self._prefix}{error}; ignored"))
            return None

    def text(self, key: str, limit: int = MAX_TEXT, separator: str = " ") -> str | None:
        """Return a text, shortened at the last separator before the limit if it is too long."""
        value = self.record.get(key)
        if not isinstance(value, str) or len(value) <= limit:
            return self.read(key, partial(_text, key=key, limit=limit))
        self.warnings.append(
            RecordWarning(
                f"shortened {key}", f"{self._prefix}{key} has {len(value):,} characters; cut to at most {limit:,}"
            )
        )
        start = value[: limit + 1].rpartition(separator)[0] or value[:limit]
        return _Fields({key: start}, self.warnings, self._prefix).read(key, partial(_text, key=key, limit=limit))


def unknown_keys(record: Mapping[str, Any]) -> set[str]:
    """Return the keys of a record that `parse_work` does not read; those of authors as `authors[].key`."""
    unknown = set(record.keys() - KNOWN_KEYS)
    for author in record.get("authors") or ():
        if isinstance(author, dict) and not author.keys() <= KNOWN_AUTHOR_KEYS:
            unknown.update(f"authors[].{key}" for key in author.keys() - KNOWN_AUTHOR_KEYS)
    return unknown


def _text(record: Mapping[str, Any], key: str, limit: int = MAX_TEXT) -> str | None:
    """Return the text of a field with white space collapsed; None when it is missing or empty."""
    value = record.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise RecordError(f"{key} is a {type(value).__name__}, not text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RecordError(f"{key} contains half a character (a lone surrogate)") from error
    if len(value) > limit:
        raise RecordError(f"{key} has {len(value):,} characters, more than {limit:,}")
    if value.isascii() and value.isprintable():
        return " ".join(value.split()) or None
    # NFC: what looks the same is the same text, however it was typed. Joiners (U+200C, U+200D) are kept.
    return " ".join(unicodedata.normalize("NFC", value).translate(_CONTROLS).split()) or None


def _required(record: Mapping[str, Any], key: str, limit: int = MAX_TEXT) -> str:
    value = _text(record, key, limit)
    if value is None:
        raise RecordError(f"{key} is missing")
    return value


def _id(record: Mapping[str, Any]) -> str:
    text = _required({"id": str(record["id"])} if isinstance(record.get("id"), int) else record, "id", 500)
    if re.search(r"\s", text):
        raise RecordError(f"id {text!r} contains white space")
    return work_id(text)


def _date(record: Mapping[str, Any]) -> str | None:
    """Return a full ISO date; a year or a month alone is not a date, only `_year` uses it."""
    text = _text(record, "date")
    if text is None or re.fullmatch(r"\d{4}(-\d{2})?", text):
        return None
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as error:
        raise RecordError(f"date {text!r} is not a date like 2019-10-02") from error


def _year(record: Mapping[str, Any]) -> int | None:
    value = record.get("year")
    if isinstance(value, str) and re.fullmatch(r"\s*\d{4}\s*", value):
        value = int(value)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value not in YEARS:
        raise RecordError(f"year {value!r} is not a year between {YEARS.start} and {YEARS.stop - 1}")
    return value


def _year_of_date(record: Mapping[str, Any], day: str | None) -> int | None:
    """Return the year of the date, which may be a year or a month alone."""
    text = day or record.get("date")
    match = re.match(r"\d{4}(?!\d)", text.strip()) if isinstance(text, str) else None
    return int(match[0]) if match and int(match[0]) in YEARS else None


def _doi(record: Mapping[str, Any]) -> str | None:
    text = _text(record, "doi")
    if text is None:
        return None
    # Some sources list several DOIs in one field; the first is the work's own.
    try:
        return bare_doi(text.split()[0].rstrip(",;"))
    except ValueError as error:
        raise RecordError(f"doi {text!r} is not a DOI like 10.1000/xyz") from error


def _url(record: Mapping[str, Any]) -> str | None:
    text = _text(record, "url")
    # Pages link to it: a javascript: address must never be stored.
    if text is not None and not text.lower().startswith(("https://", "http://")):
        raise RecordError(f"url {text[:80]!r} does not start with https:// or http://")
    return text


def _flag(record: Mapping[str, Any], key: str) -> bool:
    value = record.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise RecordError(f"{key} {value!r} is neither true nor false")
    return value


def _count(record: Mapping[str, Any], key: str) -> int | None:
    value = record.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise RecordError(f"{key} {value!r} is not a count")
    return value


def _ids(fields: _Fields, key: str) -> list[str]:
    """Return the valid ids in a list, normalized; the others are described in one warning."""
    ids, invalid = [], []
    for value in fields.read(key, partial(_list, key=key)) or ():
        try:
            ids.append(_id({"id": value}))
        except ValueError as error:
            invalid.append(str(error))
    if invalid:
        fields.warnings.append(RecordWarning(f"invalid {key}", f"{key} has {len(invalid)} invalid ids ({invalid[0]})"))
    return ids


def _total_authors(record: Mapping[str, Any], listed: int) -> int | None:
    """Return the number of authors of a work that lists only the first ones; `true` says that there are more."""
    value = record.get("authors_truncated")
    if value is None or value is False:
        return None
    if value is True:
        return listed + 1
    total = _count(record, "authors_truncated") or 0
    if total < listed:
        raise RecordError(f"authors_truncated is {total}, less than the {listed} authors of the record")
    # Authors that are listed but unnamed are not missing.
    return total if total > listed else None


def _topics(record: Mapping[str, Any]) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """Return each topic's name and parents by id; the lists beside `topics` must have its length, or be absent.

    The ACL Anthology lists the special interest groups that sponsored an event as topics, which they are not.
    """
    ids, names, parents = _texts(record, "topics"), _texts(record, "topic_names"), _list(record, "topic_parents")
    for key, parallel in (("topic_names", names), ("topic_parents", parents)):
        if parallel and len(parallel) != len(ids):
            raise RecordError(f"{key} has {len(parallel)} entries, but topics has {len(ids)}")
    parent_names = (tuple(_texts({"topic_parents": entry}, "topic_parents")) for entry in parents)
    topics = {id_: (name, above or ()) for id_, name, above in zip_longest(ids, names, parent_names)}
    if not str(record.get("id")).startswith("acl:"):
        return topics
    return {id_: value for id_, value in topics.items() if not _ACL_GROUP.fullmatch(id_)}


def _texts(record: Mapping[str, Any], key: str) -> list[str]:
    return [_required({key: value}, key) for value in _list(record, key)]


def _list(record: Mapping[str, Any], key: str) -> list[Any]:
    values = record.get(key)
    if values is not None and not isinstance(values, list):
        raise RecordError(f"{key} is a {type(values).__name__}, not a list")
    return values or []


def _authors(fields: _Fields) -> tuple[Author, ...]:
    authors = [*_listed_authors(fields)]
    if not authors:
        # Datasets, editorials and standards often have none.
        fields.warnings.append(RecordWarning("no authors", "authors is missing or empty; the work has no researcher"))
    if len(authors) > MAX_AUTHORS:
        message = f"authors has {len(authors):,} entries; cut to {MAX_AUTHORS:,}"
        fields.warnings.append(RecordWarning("shortened authors", message))
        fields.record = {**fields.record, "authors_truncated": len(authors)}
        authors = authors[:MAX_AUTHORS]
    people = tuple(person for author in authors if (person := _author(author, fields.warnings)))
    known = tuple(author for author in people if not is_placeholder(author.name))
    if len(known) < len(people):
        names = ", ".join(repr(author.name) for author in people if is_placeholder(author.name))
        fields.warnings.append(RecordWarning("unnamed author", f"authors contains {names}; ignored"))
    return _without_shared_orcids(known, fields.warnings)


def _listed_authors(fields: _Fields) -> Iterator[Any]:
    """Yield the authors of a record; one that is written as text alone is its name."""
    for author in fields.read("authors", partial(_list, key="authors")) or ():
        yield {"name": author} if isinstance(author, str) else author


def _without_shared_orcids(authors: tuple[Author, ...], warnings: list[RecordWarning]) -> tuple[Author, ...]:
    """Drop an ORCID iD that several authors have: it belongs to one of them at most, and it is unknown to which."""
    counts = Counter(author.orcid for author in authors if author.orcid)
    shared = {orcid for orcid, count in counts.items() if count > 1}
    if not shared:
        return authors
    warnings += [
        RecordWarning("shared orcid", f"{counts[id_]} authors have the ORCID iD {id_}; ignored") for id_ in shared
    ]
    return tuple(replace(author, orcid=None) if author.orcid in shared else author for author in authors)


def _author(author: object, warnings: list[RecordWarning]) -> Author | None:
    """Return an author; None with a warning for a value that has no name."""
    if not isinstance(author, dict):
        message = f"an author must be an object with a name, not a {type(author).__name__}; ignored"
        warnings.append(RecordWarning("invalid author", message))
        return None
    printed = author.get("name")
    if isinstance(printed, str) and len(printed) > MAX_NAME:
        # A list of names in one field; the work is worth more than all of them.
        message = f"the name of an author has {len(printed):,} characters; cut to at most {MAX_NAME:,}"
        warnings.append(RecordWarning("shortened name", message))
        printed = printed[: MAX_NAME + 1].rpartition(" ")[0] or printed[:MAX_NAME]
    try:
        name = _required({"name": printed}, "name", MAX_NAME)
    except RecordError as error:
        warnings.append(RecordWarning("invalid author", f"author: {error}; ignored"))
        return None
    name, variants = _in_one_script(in_own_order(name))
    fields = _Fields(author, warnings, f"author {name!r}: ")
    return Author(
        name=name,
        id=fields.read("id", _author_id),
        orcid=fields.read("orcid", _orcid),
        # Cut at a semicolon: half an affiliation would become an institution with a wrong name.
        affiliation=fields.text("affiliation", separator=";"),
        institutions=fields.read("institutions", _institutions) or (),
        name_variants=tuple(
            dict.fromkeys([*variants, *(fields.read("name_variants", partial(_name_variants, name=name)) or ())])
        ),
    )


def _author_id(author: Mapping[str, Any]) -> str | None:
    """Return the id of a person. Raises RecordError for a placeholder that stands for unknown people."""
    id_ = _text(author, key="id", limit=500)
    if id_ and _PLACEHOLDER_ID.fullmatch(id_):
        raise RecordError(f"id {id_!r} stands for unknown people")
    return id_


def _in_one_script(name: str) -> tuple[str, list[str]]:
    """Return `Ming Li` and its other form for `Ming Li (李明)`; other names unchanged."""
    match = _TWO_SCRIPTS.fullmatch(name)
    forms = [in_own_order(form.strip()) for form in match.groups()] if match else []
    if sum(_EAST_ASIAN_NAME.fullmatch(form) is not None for form in forms) != 1:
        return name, []
    return forms[0], forms[1:]


def _name_variants(author: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(variant for variant in dict.fromkeys(_texts(author, "name_variants")) if variant != name)


def _orcid(author: Mapping[str, Any]) -> str | None:
    orcid = _text(author, "orcid")
    return orcid_id(orcid) if orcid else None


def _institutions(author: Mapping[str, Any]) -> tuple[Institution, ...]:
    values = _list(author, "institutions")
    if not all(isinstance(value, dict) for value in values):
        raise RecordError("an institution must be an object with a name")
    return tuple(
        Institution(_required(value, "name"), _text(value, "id", 500), _text(value, "ror", 500)) for value in values
    )

"""The Work record that every source produces."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

from peerscope.errors import PeerscopeError

#: Part of every content hash. Increase it when the same record must produce a different document: the next run then
#: writes all documents again.
DOCUMENT_VERSION = 5
#: Prefix of a source's id of an author that is only a slug of the name, and so no stronger evidence than the name.
NAME_SCHEME = "name:"


class RecordError(PeerscopeError, ValueError):
    """A record that cannot be indexed; the message is the reason."""


class RecordWarning(NamedTuple):
    """A problem that did not reject the record: its kind, by which warnings are counted, and a description."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Institution:
    """An institution of an author as the source describes it: its name, the source's id, and its ROR id."""

    name: str
    id: str | None = None
    ror: str | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """A name on a work, as printed, with what the source knows about the person."""

    name: str
    id: str | None = None
    orcid: str | None = None
    affiliation: str | None = None
    institutions: tuple[Institution, ...] = ()
    name_variants: tuple[str, ...] = ()
    """Other forms of the name that the source states, such as the one in Chinese characters."""


@dataclass(frozen=True, slots=True)
class Work:
    """One work as a source describes it. Fields that the source leaves out are None, never a guess.

    `ids` are the work's other ids, sorted. `topics` are pairs (id, name or None); `topic_parents` has the names of
    each topic's parents, nearest first. `references` are ids of the works that it cites. `authors_truncated` is the
    total number of authors if `authors` has only the first of them, else None; one more than there are in `authors`
    where the source does not state the total.
    """

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
    ids: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    authors_truncated: int | None = None


#: Keys of a record in the import format that are read; others are counted and reported.
KNOWN_KEYS = frozenset(field.name for field in fields(Work)) | {"topic_names", "withdrawn"}
KNOWN_AUTHOR_KEYS = frozenset(field.name for field in fields(Author))

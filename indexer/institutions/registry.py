"""Resolve names of institutions to ids: by decisions of the operator, a ROR dump, source ids, known and mined names.

An institution that nothing identifies gets a slug of its name as id.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from indexer.identity import fold_name
from indexer.institutions.printed import is_generic, is_institution, is_university, printed_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.records import Author, Institution
    from mappings.documents import InstitutionName

KNOWN = Path(__file__).with_name("known.json")
#: Maximum characters of a slug, which becomes an id.
MAX_SLUG = 100
#: Characters of a name that are compared.
MAX_NAME = 300
#: Words of a text in which a known name is looked for.
MAX_WORDS = 40
#: Names resolved by one registry that are kept: each is printed on many works.
CACHE = 20_000
#: Works with exactly this affiliation that make a name of the collection a known one.
MIN_WORKS = 2

_LEGAL_FORM = re.compile(
    r"(?:(?<![\s,.&])[\s,.&]++)?\b"
    r"(inc|ltd|llc|gmbh|co|corp|corporation|plc|n ?v|s ?a|s ?r ?l|b ?v|ag|limited|company|pvt)\b$"
)
_CAMPUS = re.compile(r"^(university of \w+(?: \w+)?|state university of new york|ohio state university) (?:at|in) ")
_RAW = re.compile(r"[,;/.]")
_RAW_SEPARATOR = re.compile(r"[,;]")
#: Words after the name of an institution that make it another one.
_UNIT = re.compile(r"\b(cent(er|re)|school|system|campus|trust|health|medical|sciences?|press|group)\b")
_IIT = re.compile(r"^iit (?=\w)")
_SMALL_WORDS = {"of", "and", "for", "the", "in", "at", "de", "la", "di", "der", "für", "do", "da"}


class Resolved(NamedTuple):
    """An institution: its id and name."""

    id: str
    name: str


class Names(Protocol):
    """A large list of names, such as a ROR dump."""

    def find(self, key: str) -> Resolved | None:
        """Return the one institution with this folded name; None without, or when several have it."""


def name_key(name: str) -> str:
    """Return the key of a name, equal for its spellings: no diacritics, no legal form, no `at` of a campus."""
    folded = fold_name(name[:MAX_NAME].replace("&", " and ")).removeprefix("the ")
    while (shorter := _LEGAL_FORM.sub("", folded).strip()) and shorter != folded:
        folded = shorter
    return _CAMPUS.sub(r"\1 ", _IIT.sub("indian institute of technology ", folded))


def slug(name: str) -> str:
    """Return the id of an institution that is known by name only."""
    return name_key(name).replace(" ", "-")[:MAX_SLUG]


@dataclass(frozen=True)
class Decisions:
    """Decisions of the operator: names that are an institution (Resolved) or none (None), by key."""

    by_key: Mapping[str, Resolved | None] = field(default_factory=dict)


@dataclass(frozen=True)
class CollectionNames:
    """Names found in the collection: names with the id of a source, names that stand alone, and acronyms, by key."""

    ids: Mapping[str, Resolved] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()
    acronyms: Mapping[str, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    is_resolved: bool = False
    """Whether the sources give ids to most institutions."""


class Registry:
    """Resolves affiliations; immutable, so that each run has one answer for each name."""

    def __init__(
        self, decisions: Decisions | None = None, dump: Names | None = None, collection: CollectionNames | None = None
    ) -> None:
        """Combine the sources of names, from the strongest to the weakest: decisions, dump, collection, known names."""
        self._decisions = decisions or Decisions()
        self._dump = dump
        self._collection = collection or CollectionNames()
        self.printed = lru_cache(maxsize=CACHE)(self._printed)

    def of_author(self, author: Author) -> list[InstitutionName]:
        """Return the distinct institutions of an author, in the order of the source.

        A source that resolves institutions leaves some as raw text: whole affiliations, departments, places. Of those,
        only names that are known, that contain a known one, or that are of universities and hospitals count.
        """
        if author.institutions:
            found = [resolved for place in author.institutions for resolved in self._of_source(place)]
        else:
            found = self._of_text(author.affiliation or "", is_raw=self._collection.is_resolved)
        distinct = {resolved.id: resolved.name for resolved in reversed(found)}
        return [{"id": id_, "name": distinct[id_]} for id_ in dict.fromkeys(item.id for item in found) if id_]

    def resolve(self, name: str) -> Resolved | None:
        """Return the institution of a name; None if it is decided to be none."""
        key = name_key(name)
        if key in self._decisions.by_key:
            return self._decisions.by_key[key]
        return self._identified(key) or (Resolved(slug(name), capitalized(name)) if key else None)

    def is_known(self, name: str) -> bool:
        """Return whether a printed name is that of an institution, and not of a place."""
        key = name_key(name)
        if not key or key in self._decisions.by_key or self._identified(key):
            return bool(key)
        return key in self._collection.alone and not self.is_place(name)

    def is_decided(self, name: str) -> bool:
        """Return whether the operator decided about a name."""
        return name_key(name) in self._decisions.by_key

    def is_place(self, name: str) -> bool:
        """Return whether a printed name is that of a country or a large city."""
        key = fold_name(name)
        return key in _known().places or key in self._collection.places or key.isdigit()

    def _of_source(self, place: Institution) -> list[Resolved]:
        if id_ := source_id(place):
            return [Resolved(id_, place.name)]
        return self._of_text(place.name, is_raw=self._collection.is_resolved or bool(_RAW.search(place.name)))

    def _of_text(self, text: str, *, is_raw: bool) -> list[Resolved]:
        found = self.printed(text)
        if not is_raw:
            return list(found)
        items = [item for each in found if (item := self._of_raw(each))]
        # A unit and its institution may be one piece: `Department of Neurology Mayo Clinic Rochester`.
        pieces = [] if items else _RAW_SEPARATOR.split(text[:MAX_NAME])
        return items or [item for piece in pieces if (item := self._inside(name_key(piece)))]

    def _of_raw(self, item: Resolved) -> Resolved | None:
        """Return what a name in raw text stands for: itself, a known one inside it, or nothing."""
        if self.is_known(item.name):
            return item
        if inside := self._inside(name_key(item.name)):
            return inside
        return item if is_university(item.name) and not is_generic(item.name) else None

    def _inside(self, key: str) -> Resolved | None:
        """Return the institution with an id whose name, of two words at least, is the longest inside a folded text.

        Sources without commas print `neurology mayo clinic rochester minnesota`. What follows the name may be a place
        but no unit: `university of colorado health sciences center` is another institution.
        """
        words = key.split()[:MAX_WORDS]
        for length in range(len(words) - 1, 1, -1):
            for start in range(len(words) - length + 1):
                candidate, rest = " ".join(words[start : start + length]), " ".join(words[start + length :])
                if is_institution(rest) or _UNIT.search(rest) or not is_institution(candidate):
                    continue
                if found := self._identified(candidate):
                    return found if ":" in found.id else None
        return None

    def _printed(self, affiliation: str) -> tuple[Resolved, ...]:
        found = (self.resolve(name) for name in printed_names(affiliation, self))
        return tuple(dict.fromkeys(resolved for resolved in found if resolved))

    def _identified(self, key: str) -> Resolved | None:
        """Return the institution that a folded name identifies, following acronyms and known names to an id."""
        known = _known().names.get(key) or _known().company(key)
        full = name_key(known) if known else self._collection.acronyms.get(key)
        for candidate in filter(None, (full, key)):
            if found := (self._dump and self._dump.find(candidate)) or self._collection.ids.get(candidate):
                return found
        if known:
            return Resolved(slug(known), known)
        return Resolved(slug(full), capitalized(full)) if full else None


def source_id(place: Institution) -> str | None:
    """Return the id that a source gives to an institution, preferably from ROR; None without one."""
    if place.ror:
        return f"ror:{place.ror.rstrip('/').rpartition('/')[2]}"
    return place.id


def capitalized(name: str) -> str:
    """Capitalize a name in lower or upper case like a name; mixed case is kept."""
    if not (name.islower() or name.isupper()) or (name.isupper() and " " not in name):
        return name
    words = name.lower().split()
    return " ".join(word if index and word in _SMALL_WORDS else word.capitalize() for index, word in enumerate(words))


class _KnownNames:
    """The names in `known.json`: frequent acronyms and forms of names, companies with their divisions, and places."""

    def __init__(self) -> None:
        data = json.loads(KNOWN.read_text(encoding="utf-8"))
        self.names: dict[str, str] = {}
        for names in (data["institutions"], data["companies"]):
            for name, others in names.items():
                for form in (name, *others):
                    self.names.setdefault(name_key(form), name)
                    # Some sources drop letters that are not ASCII: `Universitt Potsdam`.
                    if not form.isascii():
                        self.names.setdefault(name_key("".join(filter(str.isascii, form))), name)
        self.places = frozenset(map(fold_name, data["places"]))
        self._companies: dict[str, str] = {
            name_key(form): name for name, others in data["companies"].items() for form in (name, *others)
        }
        self._divisions = frozenset(data["divisions"])

    def company(self, key: str) -> str | None:
        """Return the company of which a folded name is a division: `huawei noahs ark lab`."""
        words = key.split()
        for length in range(len(words) - 1, 0, -1):
            company = self._companies.get(" ".join(words[:length]))
            if company and all(word in self._divisions for word in words[length:]):
                return company
        return None


@lru_cache(maxsize=1)
def _known() -> _KnownNames:
    return _KnownNames()

"""Names of institutions in a collection: ids of sources, names that stand alone, acronyms, and places."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, TypeVar

from indexer.identity import fold_name
from indexer.institutions.printed import acronyms, is_department, is_institution, is_university
from indexer.institutions.registry import MIN_WORKS, CollectionNames, Resolved, name_key, source_id
from indexer.write.reads import pages

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from indexer.records import Work
    from mappings import Generation
    from mappings.documents import InstitutionDocument

#: Share of the uses of a name with an id that one id must have: `Northeastern University` is in two countries.
CLEAR = 0.9
#: Different affiliations that end with a name, from which on it is a place, if it rarely stands alone.
PLACE = 3
#: Institutions read in one response.
PAGE = 1_000
Value = TypeVar("Value")

_SEVERAL = re.compile(r"[,;/|&(]|\band\b")


class NameCollector:
    """Counts names while works are read; `names` returns the result."""

    def __init__(self) -> None:
        """Start empty."""
        self._ids: dict[str, Counter[Resolved]] = defaultdict(Counter)
        self._unresolved = 0
        self._alone: Counter[str] = Counter()
        self._last: Counter[str] = Counter()
        self._acronyms: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, work: Work) -> None:
        """Count the affiliations of a work, each once."""
        for place in {place for author in work.authors for place in author.institutions}:
            if id_ := source_id(place):
                self._ids[name_key(place.name)][Resolved(id_, place.name)] += 1
            else:
                self._unresolved += 1
                self._add_printed(place.name)
        for affiliation in {author.affiliation for author in work.authors if author.affiliation}:
            self._add_printed(affiliation)

    def add_stored(self, client: OpenSearch, generation: Generation) -> None:
        """Count the institutions of a generation."""
        body = {"size": PAGE, "sort": ["id"], "query": {"match_all": {}}}
        for hits in pages(client, generation.institutions, body):
            for hit in hits:
                self._add_document(hit["_source"])

    def names(self) -> CollectionNames:
        """Return the names found in the works."""
        places = {key for key, count in self._last.items() if count >= PLACE and self._is_place(key)}
        clear = {key: resolved for key, counts in self._ids.items() if (resolved := _clear(counts))}
        is_resolved = sum(counts.total() for counts in self._ids.values()) > self._unresolved
        return CollectionNames(
            is_resolved=is_resolved,
            ids=clear,
            # Where sources give ids, what stands alone without one is mostly a department or a place.
            alone=frozenset(
                key
                for key, count in self._alone.items()
                if count >= MIN_WORKS and key not in places and not is_resolved and not is_department(key)
            ),
            acronyms={
                key: full
                for key, counts in self._acronyms.items()
                if (full := _clear(counts)) and counts[full] >= MIN_WORKS and is_university(full)
            },
            places=frozenset(places),
        )

    def _is_place(self, key: str) -> bool:
        return self._alone[key] < self._last[key] and not is_institution(key) and " and " not in f" {key} "

    def _add_document(self, document: InstitutionDocument) -> None:
        key, works = name_key(document["name"]), document["works_count"]
        if ":" in document["id"]:
            self._ids[key][Resolved(document["id"], document["name"])] += works
        else:
            self._alone[key] += works

    def _add_printed(self, affiliation: str) -> None:
        if not _SEVERAL.search(affiliation):
            self._alone[name_key(affiliation)] += 1
        elif "," in affiliation:
            self._last[fold_name(affiliation.rpartition(",")[2])] += 1
        for name, acronym in acronyms(affiliation):
            self._acronyms[name_key(acronym)][name_key(name)] += 1


def _clear(counts: Counter[Value]) -> Value | None:
    """Return the value that nearly all have; None when several are common."""
    value, count = counts.most_common(1)[0]
    return value if count >= CLEAR * counts.total() else None

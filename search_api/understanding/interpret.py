"""Find the item that an identifier given as query identifies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search_api.understanding.identifiers import Identifier, Kind, identifier_in

if TYPE_CHECKING:
    from search_api.http.services import Services

Clause = dict[str, Any]

#: Fields of works that contain the id of an item, by kind.
_FIELDS = {"work": "id", "researcher": "researchers.id", "institution": "institutions.id"}
#: DOIs that the ACL registers contain the Anthology's id.
_ACL_DOI = re.compile(r"^doi:10\.(?:18653|3115)/v1/(.+)$")


@dataclass(frozen=True)
class Interpretation:
    """The item that a query identifies; `kind` is None if it is not in the collection, `id` then as it was asked."""

    kind: Kind | None
    id: str

    @property
    def clause(self) -> Clause:
        """The clause for the works of the item: the work alone, or those of the researcher or institution."""
        return {"term": {_FIELDS[self.kind]: self.id}} if self.kind else {"match_none": {}}

    def to_dict(self) -> dict[str, str | None]:
        """Return `meta.interpreted`."""
        return {"kind": self.kind, "id": self.id}


def interpret(services: Services, text: str) -> Interpretation | None:
    """Return what a query identifies; None if it consists of words."""
    if not (identifier := identifier_in(text)):
        return None
    if found := _LOOKUPS[identifier.kind](services, identifier):
        return Interpretation(identifier.kind, found)
    return Interpretation(None, identifier.id) if identifier.is_certain else None


def _work(services: Services, identifier: Identifier) -> str | None:
    spellings = [identifier.id, *identifier.also]
    if match := _ACL_DOI.match(identifier.id):
        name = match[1]
        spellings.append(f"acl:{name.upper() if '-' in name[:4] else name}")
    if identifier.id.startswith("arxiv:"):
        spellings.append(f"doi:10.48550/arxiv.{identifier.id.removeprefix('arxiv:').lower()}")
    body = {"size": 1, "sort": ["id"], "query": {"terms": {"ids": spellings}}, "_source": ["id"]}
    hits = services.search(services.names.works, body)["hits"]["hits"]
    return str(hits[0]["_source"]["id"]) if hits else None


def _researcher(services: Services, identifier: Identifier) -> str | None:
    """Return the researcher's canonical id; one that was merged leads to it."""
    if stored := services.get(services.names.researchers, identifier.id, _source_includes="id"):
        return str(stored["id"])
    return services.researcher_ids([identifier.id]).get(identifier.id)


def _institution(services: Services, identifier: Identifier) -> str | None:
    stored = services.get(services.names.institutions, identifier.id, _source_includes="id")
    return str(stored["id"]) if stored else None


_LOOKUPS = {"work": _work, "researcher": _researcher, "institution": _institution}

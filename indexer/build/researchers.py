"""The works of one researcher -> document of the index `researchers`.

A pure function of the works, so the document is the same whenever and in whatever order it is built.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.build.documents import stored_vector

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

#: Collaborators kept in the document, most works together first. Of 97,000 works' researchers 1 in 1,000 has more.
MAX_COLLABORATORS = 500
#: Titles in the text that is searched for a researcher's expertise, newest first.
MAX_TITLES = 500
#: A close collaborator shares at least this many works.
CLOSE = 2


def researcher_document(researcher_id: str, works: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Build a researcher's document from their works' documents (with `embedding`); `works` holds at least one."""
    works = sorted(works, key=lambda work: (-(work["year"] or 0), work["id"]))
    authorships = [entry for work in works for entry in work["researchers"] if entry["id"] == researcher_id]
    names = _ranked(entry["name"] for entry in authorships)
    years = Counter(work["year"] for work in works if work["year"] is not None)
    together = _collaborators(researcher_id, works)
    close = sum(person["works"] >= CLOSE for person in together)
    orcids = _ranked(entry["orcid"] for entry in authorships if entry["orcid"])
    document: dict[str, Any] = {
        "id": researcher_id,
        "ids": sorted({entry["source_id"] for entry in authorships if entry["source_id"]} | set(orcids)),
        "name": names[0],
        "name_variants": names[1:],
        "orcid": orcids[0] if orcids else None,
        "affiliations": _affiliations(researcher_id, works),
        "institutions": _institutions(researcher_id, works),
        "topics": _topics(works),
        "works_count": len(works),
        "counts_by_year": [{"year": year, "works": years[year]} for year in sorted(years)],
        "first_year": min(years, default=None),
        "last_year": max(years, default=None),
        "collaborators": together[:MAX_COLLABORATORS],
        "collaborators_count": len(together),
        "close_collaborators_count": close,
        "expertise": "\n".join(work["title"] for work in works[:MAX_TITLES]),
        "embedding": mean_embedding([work["embedding"] for work in works]),
        "verification_level": 1,
        "claimed": False,
        "followers_count": 0,
        "open_to_collaborate": False,
        "owner": None,
    }
    return document


def mean_embedding(vectors: Sequence[Sequence[float] | NDArray[np.float32]]) -> list[float]:
    """Return the mean of unit vectors, brought back to unit length (float32).

    The mean of vectors that cancel out has no direction; the first of them stands in then.
    """
    matrix = np.asarray(vectors, dtype=np.float32)
    mean = matrix.mean(axis=0)
    length = float(np.linalg.norm(mean))
    return stored_vector(mean / length if length > 1e-6 else matrix[0])


def _ranked(values: Iterable[str]) -> list[str]:
    """Order distinct values: most frequent first, then the longest (the fullest form of a name), then by alphabet."""
    counts = Counter(values)
    return sorted(counts, key=lambda value: (-counts[value], -len(value), value))


def _topics(works: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter(topic["id"] for work in works for topic in work["topics"])
    names = {topic["id"]: topic["name"] for work in works for topic in work["topics"]}
    return [
        {"id": id_, "name": names[id_], "count": count}
        for id_, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _collaborators(researcher_id: str, works: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List who else is on the works, with how many works and in which years, most works together first."""
    shared: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    names: dict[str, str] = {}
    for work in works:
        for entry in {entry["id"]: entry for entry in work["researchers"]}.values():
            if entry["id"] != researcher_id:
                shared[entry["id"]].append(work)
                # Works come newest first: the latest printed form of the name is the one to show.
                names.setdefault(entry["id"], entry["name"])
    people = [{"id": id_, "name": names[id_], "works": len(joint), **_span(joint)} for id_, joint in shared.items()]
    return sorted(people, key=lambda person: (-person["works"], -(person["last_year"] or 0), person["id"]))


def _affiliations(researcher_id: str, works: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List the affiliations as printed, with the years in which they were, the latest first."""
    printed: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    institution: dict[str, str | None] = {}
    for work in works:
        for entry in work["researchers"]:
            if entry["id"] == researcher_id and entry["affiliation"]:
                printed[entry["affiliation"]].append(work)
                institution[entry["affiliation"]] = entry["institution_id"]
    found = [
        {"name": name, "institution_id": institution[name], "works": len(at), **_span(at)}
        for name, at in printed.items()
    ]
    return sorted(found, key=lambda one: (-(one["last_year"] or 0), -one["works"], one["name"]))


def _institutions(researcher_id: str, works: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """List the institutions of this researcher's own affiliations, most works first."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for work in works:
        own = {entry["institution_id"] for entry in work["researchers"] if entry["id"] == researcher_id}
        for institution in work["institutions"]:
            if institution["id"] in own:
                counts[institution["id"]] += 1
                names.setdefault(institution["id"], institution["name"])
    return [{"id": id_, "name": names[id_]} for id_, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _span(works: Sequence[Mapping[str, Any]]) -> dict[str, int | None]:
    years = [work["year"] for work in works if work["year"] is not None]
    return {"first_year": min(years, default=None), "last_year": max(years, default=None)}

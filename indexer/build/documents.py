"""Builds the documents of works and researchers: pure functions, whose result does not depend on order or time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from indexer.identity import strong_id
from indexer.institutions import Registry
from indexer.records import topics_of
from indexer.stages.vectors import rounded
from mappings.analysis import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from indexer.records import Author, Work
    from indexer.staging.database import MergeReasons
    from mappings.documents import (
        Affiliation,
        AssignedTopic,
        Authorship,
        Collaborator,
        Identity,
        IdentityGroup,
        InstitutionName,
        Localized,
        Provenance,
        ResearcherSummary,
        ResearcherTopic,
        WorkDocument,
        WorkTopic,
    )

#: Collaborators kept in a researcher's document, most shared works first. Of the researchers of 97,000 works, one in
#: 1,000 has more.
MAX_COLLABORATORS = 500
#: Titles in the text that is searched for a researcher's expertise, newest first.
MAX_TITLES = 500
#: Resolves institutions without names from the collection.
KNOWN_NAMES = Registry()
#: The provenance of a work whose source is unknown.
UNKNOWN_ORIGIN: Provenance = {
    "sources": [],
    "sources_count": 0,
    "versions": [],
    "records": [],
    "claimed_ids": [],
    "version_keys": [],
    "is_decided": False,
}
#: A close collaborator shares at least this many works.
CLOSE = 2


def stored_vector(vector: NDArray[np.floating[Any]]) -> list[float]:
    """Return a unit vector as it is stored: five decimals, which moves a cosine by less than 1e-5.

    Unrounded float32 values print with 17 digits, and a work's vector takes 8 kB of JSON instead of 3.
    """
    values: list[float] = rounded(vector).tolist()
    return values


def work_document(
    work: Work,
    researcher_ids: Sequence[str],
    *,
    vector: NDArray[np.float32],
    model: str,
    digest: str,
    time: str,
    registry: Registry = KNOWN_NAMES,
    provenance: Provenance = UNKNOWN_ORIGIN,
) -> WorkDocument:
    """Return the document of a work, in which every unknown value is null.

    `researcher_ids` has one for each author; `vector` is float32[d], of unit length; `model` is the name of the
    embedding model, `digest` the content hash, `time` the time of writing in ISO 8601, `provenance` the records that
    describe it.
    """
    authorships = [
        _authorship(author, id_, position, registry)
        for position, (author, id_) in enumerate(zip(work.authors, researcher_ids, strict=True), 1)
    ]
    return {
        "sources": provenance["sources"],
        "sources_count": provenance["sources_count"],
        "versions": provenance["versions"],
        "records": provenance["records"],
        "claimed_ids": provenance["claimed_ids"],
        "version_keys": provenance["version_keys"],
        "is_decided": provenance["is_decided"],
        "id": work.id,
        "ids": sorted({work.id, *work.ids, *([f"doi:{work.doi}"] if work.doi else [])}),
        "title": work.title,
        "abstract": work.abstract,
        "abstract_origin": work.abstract_origin,
        "has_abstract": work.abstract is not None,
        "year": work.year,
        "date": work.date,
        "type": work.type,
        "venue": work.venue,
        "doi": work.doi or _claimed_doi(provenance["claimed_ids"]),
        "url": work.url,
        "license": work.license,
        "source": work.source,
        "language": work.language,
        "localized": _localized(work),
        "cited_by_count": work.cited_by_count,
        "is_retracted": work.is_retracted,
        "topics": topics_of(work),
        "researchers": authorships,
        "authors_truncated": work.authors_truncated,
        "references": list(work.references),
        "references_count": len(work.references),
        "institutions": _distinct(institution for entry in authorships for institution in entry["institutions"]),
        "embedding": stored_vector(vector),
        "embedding_model": model,
        "content_hash": digest,
        "orcid_signature": None,
        "records_signature": None,
        "added_at": time,
        "indexed_at": time,
    }


def _localized(work: Work) -> Localized:
    language = language_of(work.language)
    text = f"{work.title}\n{work.abstract or ''}".strip()
    return cast("Localized", {language: text} if language else {})


def _claimed_doi(claimed_ids: Sequence[str]) -> str | None:
    """Return the DOI that the records of a work state although it is the id of another one, such as that of a book."""
    return next((id_.removeprefix("doi:") for id_ in claimed_ids if id_.startswith("doi:")), None)


def _authorship(author: Author, researcher_id: str, position: int, registry: Registry) -> Authorship:
    affiliated = registry.of_author(author)
    return {
        "id": researcher_id,
        "name": author.name,
        "position": position,
        "source_id": strong_id(author),
        "orcid": author.orcid,
        "affiliation": author.affiliation,
        "institution_id": affiliated[0]["id"] if affiliated else None,
        "institutions": affiliated,
        "name_variants": list(author.name_variants),
    }


def _distinct(institutions: Iterable[InstitutionName]) -> list[InstitutionName]:
    return list({institution["id"]: institution for institution in institutions}.values())


class IndexedWork:
    """A work's document with its authorships by researcher, which all researchers of a batch share."""

    def __init__(self, document: WorkDocument) -> None:
        """Index the authorships of a document."""
        self.id, self.document, self.year = document["id"], document, document["year"]
        self.authorships: dict[str, list[Authorship]] = {}
        for entry in document["researchers"]:
            self.authorships.setdefault(entry["id"], []).append(entry)
        #: The name of each author by researcher id, sorted by id.
        self.names = {id_: self.authorships[id_][-1]["name"] for id_ in sorted(self.authorships)}


def researcher_summary(
    researcher_id: str,
    works: Iterable[IndexedWork],
    vectors: Mapping[str, Sequence[float] | NDArray[np.float32]],
    reasons: MergeReasons | None = None,
) -> ResearcherSummary:
    """Return what the document of a researcher has of these works, of which there is at least one.

    `vectors` has the embedding of each work by its id.
    """
    works = sorted(works, key=lambda work: (-(work.year or 0), work.id))
    authorships = [entry for work in works for entry in work.authorships[researcher_id]]
    names = _by_frequency(entry["name"] for entry in authorships)
    stated = _by_frequency(variant for entry in authorships for variant in entry["name_variants"])
    years = Counter(work.year for work in works if work.year is not None)
    collaborators = _collaborators(researcher_id, works)
    orcids = _by_frequency(entry["orcid"] for entry in authorships if entry["orcid"])
    return {
        "id": researcher_id,
        "ids": sorted({entry["source_id"] for entry in authorships if entry["source_id"]} | set(orcids)),
        "name": names[0],
        "name_variants": [*names[1:], *(variant for variant in stated if variant not in names)],
        "orcid": orcids[0] if orcids else None,
        "affiliations": _affiliations(researcher_id, works),
        "institutions": _institutions(researcher_id, works),
        "topics": _topics(work.document["topics"] for work in works),
        "suggested_topics": _topics(work.document.get("assigned_topics", []) for work in works),
        "works_count": len(works),
        "counts_by_year": [{"year": year, "works": years[year]} for year in sorted(years)],
        "first_year": min(years, default=None),
        "last_year": max(years, default=None),
        "collaborators": collaborators.stored,
        "collaborators_count": collaborators.total,
        "close_collaborators_count": collaborators.close,
        "merge_reasons": reasons.sentences if reasons else [],
        "identity": _identity(works, reasons),
        "expertise": "\n".join(work.document["title"] for work in works[:MAX_TITLES]),
        "embedding": mean_embedding([vectors[work.id] for work in works]),
        "embedding_model": works[0].document["embedding_model"],
    }


def _identity(works: Sequence[IndexedWork], reasons: MergeReasons | None) -> Identity:
    """Return the groups of works that are one person's; a work without joins is a group by itself."""
    present = {work.id for work in works}
    groups = reasons.identity["groups"] if reasons else []
    kept: list[IdentityGroup] = [
        {"works": [id_ for id_ in group["works"] if id_ in present], "evidence": group["evidence"]} for group in groups
    ]
    missing = sorted(present.difference(*(group["works"] for group in kept)))
    kept += [{"works": [id_], "evidence": []} for id_ in missing]
    return {
        "groups": [group for group in kept if group["works"]],
        "confidence": reasons.identity["confidence"] if reasons else 1.0,
    }


def mean_embedding(vectors: Sequence[Sequence[float] | NDArray[np.float32]]) -> list[float]:
    """Return the mean of unit vectors, scaled to unit length (float32).

    When vectors cancel out, their mean has no direction, and the first of them is returned.
    """
    matrix = np.asarray(vectors, dtype=np.float32)
    mean = matrix.mean(axis=0)
    length = float(np.linalg.norm(mean))
    return stored_vector(mean / length if length > 1e-6 else matrix[0])


def _by_frequency(values: Iterable[str]) -> list[str]:
    """Return distinct values: the most frequent first, then the longest (the fullest form of a name), then A to Z."""
    counts = Counter(values)
    return sorted(counts, key=lambda value: (-counts[value], -len(value), value))


def _topics(topics_of_works: Iterable[Sequence[WorkTopic | AssignedTopic]]) -> list[ResearcherTopic]:
    """Return the topics of works with the number of these works, the most frequent first."""
    topics = [topic for topics_of_work in topics_of_works for topic in topics_of_work]
    counts = Counter(topic["id"] for topic in topics)
    names = {topic["id"]: topic["name"] for topic in topics}
    return [
        {"id": id_, "name": names[id_], "count": count}
        for id_, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


class _Collaborators(NamedTuple):
    """The co-authors of a researcher: those to store, how many there are, and how many share several works."""

    stored: list[Collaborator]
    total: int
    close: int


def _collaborators(researcher_id: str, works: Sequence[IndexedWork]) -> _Collaborators:
    """Return the co-authors on `works`, sorted newest first; most shared works first, then the latest, then by id.

    Each of n authors of a work has n - 1 co-authors, so this counts and sorts without Python code per
    co-author: 1.7 ms of CPU for 3,000 authors, instead of 15.
    """
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    first_years: dict[str, int] = {}
    last_years: dict[str, int] = {}
    for work in works:
        if work.year is not None:
            first_years |= dict.fromkeys(work.names, work.year)
    for work in reversed(works):
        counts.update(work.names.keys())
        # The name shown is the latest printed form.
        names |= work.names
        if work.year is not None:
            last_years |= dict.fromkeys(work.names, work.year)
    del counts[researcher_id]
    order = sorted(counts)
    order.sort(key=(dict.fromkeys(counts, 0) | last_years).__getitem__, reverse=True)
    order.sort(key=counts.__getitem__, reverse=True)
    stored: list[Collaborator] = [
        {
            "id": id_,
            "name": names[id_],
            "works": counts[id_],
            "first_year": first_years.get(id_),
            "last_year": last_years.get(id_),
        }
        for id_ in order[:MAX_COLLABORATORS]
    ]
    return _Collaborators(stored, len(order), sum(map(CLOSE.__le__, counts.values())))


def _affiliations(researcher_id: str, works: Sequence[IndexedWork]) -> list[Affiliation]:
    """Return the affiliations as printed, with their numbers of works and the years of these, the latest first.

    `works` are sorted newest first, so years do not increase.
    """
    affiliations: dict[str, Affiliation] = {}
    for entry, year in ((entry, work.year) for work in works for entry in work.authorships[researcher_id]):
        name, institution_id = entry["affiliation"], entry["institution_id"]
        if not name:
            continue
        if affiliation := affiliations.get(name):
            affiliation["works"] += 1
            affiliation["institution_id"] = institution_id
            affiliation["first_year"] = affiliation["first_year"] if year is None else year
        else:
            affiliations[name] = {
                "name": name,
                "institution_id": institution_id,
                "works": 1,
                "first_year": year,
                "last_year": year,
            }
    return sorted(affiliations.values(), key=lambda place: (-(place["last_year"] or 0), -place["works"], place["name"]))


def _institutions(researcher_id: str, works: Sequence[IndexedWork]) -> list[InstitutionName]:
    """Return the institutions of this researcher's own affiliations, most works first."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for work in works:
        own = {entry["institution_id"] for entry in work.authorships[researcher_id]} - {None}
        for institution in work.document["institutions"] if own else ():
            if institution["id"] in own:
                counts[institution["id"]] += 1
                names.setdefault(institution["id"], institution["name"])
    return [{"id": id_, "name": names[id_]} for id_, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]

"""Work record -> document of the index `works`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.build.affiliations import institutions
from indexer.identity import identity_key, researcher_id, strong_id
from indexer.records import topics_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from indexer.records import Author, Work


def stored_vector(vector: NDArray[np.floating[Any]]) -> list[float]:
    """Return a unit vector as it is sent: five decimals, which moves a cosine by less than 1e-5.

    As they come, float32 values print with 17 digits, and a work's vector takes 8 kB of JSON in place of 3.
    """
    short: list[float] = np.round(vector.astype(np.float64), 5).tolist()
    return short


def work_document(work: Work) -> dict[str, Any]:
    """Return the document of a work, all but its embedding, hash and time. Every field is there, null where unknown."""
    researchers = [_researcher(author, position) for position, author in enumerate(work.authors, 1)]
    return {
        "id": work.id,
        "ids": sorted({work.id, *([f"doi:{work.doi}"] if work.doi else [])}),
        "title": work.title,
        "abstract": work.abstract,
        "abstract_origin": work.abstract_origin,
        "has_abstract": work.abstract is not None,
        "year": work.year,
        "date": work.date,
        "type": work.type,
        "venue": work.venue,
        "doi": work.doi,
        "url": work.url,
        "license": work.license,
        "source": work.source,
        "language": work.language,
        "cited_by_count": work.cited_by_count,
        "is_retracted": work.is_retracted,
        "topics": topics_of(work),
        "researchers": researchers,
        "institutions": _unique(institution for author in work.authors for institution in institutions(author)),
    }


def _researcher(author: Author, position: int) -> dict[str, Any]:
    at = institutions(author)
    return {
        "id": researcher_id(identity_key(author)),
        "name": author.name,
        "position": position,
        "source_id": strong_id(author),
        "orcid": author.orcid,
        "affiliation": author.affiliation,
        "institution_id": at[0]["id"] if at else None,
        "institutions": at,
    }


def _unique(institutions: Any) -> list[dict[str, str]]:
    return list({institution["id"]: institution for institution in institutions}.values())

"""Work record -> document of the index `works`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.identity import identity_key, researcher_id, strong_id
from indexer.institutions import institutions
from indexer.topics import topic_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from indexer.records import Author, Work

#: Part of every content hash: raise it when the same record has to give another document, and all are written anew.
DOCUMENT_VERSION = 3


def content_hash(work: Work, model_fingerprint: str) -> str:
    """Give the SHA-256 of all that the document follows from: the record, the model, and how documents are made."""
    content = [DOCUMENT_VERSION, model_fingerprint, asdict(work)]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


def stored_vector(vector: NDArray[np.floating[Any]]) -> list[float]:
    """Give a unit vector as it is sent: five decimals, which moves a cosine by less than 1e-5.

    As they come, float32 values print with 17 digits, and a work's vector takes 8 kB of JSON in place of 3.
    """
    short: list[float] = np.round(vector.astype(np.float64), 5).tolist()
    return short


def work_document(work: Work) -> dict[str, Any]:
    """Give the document of a work, all but its embedding, hash and time. Every field is there, null where unknown."""
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


def topics_of(work: Work) -> list[dict[str, Any]]:
    """Give the topics of a work as its source names them, with id, name, and the topics above."""
    above: tuple[tuple[str, ...], ...] = work.topic_parents or ((),) * len(work.topics)
    return [
        {"id": id_, "name": topic_name(id_, name), "parents": list(parents)}
        for (id_, name), parents in zip(work.topics, above, strict=True)
    ]


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

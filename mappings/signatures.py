"""Signatures of documents on which claims of profiles rely.

A local user who can write to an unprotected OpenSearch could put any ORCID iD on any record, and claim the record with
it. So the indexer signs which researcher has which ORCID iD on a work, when it writes a work that it has read from a
source, and it signs redirects of merged researchers. A claim counts only what is signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mappings.documents import WorkDocument
    from peerscope.signing import Signer

#: Fields of a work that are signed, and the signature.
SIGNED_FIELDS = ["id", "orcid_signature", "researchers.id", "researchers.position", "researchers.orcid"]


def work_signature(signer: Signer, work: Mapping[str, Any]) -> str | None:
    """Return the signature of a work's document: of its id, and position, researcher and iD of authors with an iD.

    Returns None for a work without ORCID iDs.
    """
    orcids = _orcids(work)
    return signer.sign("work", work["id"], orcids) if orcids else None


def is_signed_work(signer: Signer, work: Mapping[str, Any]) -> bool:
    """Return whether the ORCID iDs of a work's document, with at least `SIGNED_FIELDS`, are signed."""
    return signer.is_valid(work.get("orcid_signature"), "work", work["id"], _orcids(work))


def signed_orcids(signer: Signer, work: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the pairs of researcher id and ORCID iD that a work's document proves; empty if it is not signed."""
    if not is_signed_work(signer, work):
        return set()
    return {(researcher, orcid) for _, researcher, orcid in _orcids(work)}


def records_signature(signer: Signer, work_id: str, records: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the signature of the records of a work, in the import format: of the authors with an ORCID iD.

    Returns None for records without ORCID iDs.
    """
    orcids = _orcids_of_records(records)
    return signer.sign("records", work_id, orcids) if orcids else None


def are_signed_records(signer: Signer, work: Mapping[str, Any]) -> bool:
    """Return whether the ORCID iDs in the records of a work's document are signed."""
    orcids = _orcids_of_records(work.get("records", []))
    return not orcids or signer.is_valid(work.get("records_signature"), "records", work["id"], orcids)


def has_orcids(work: WorkDocument | Mapping[str, Any]) -> bool:
    """Return whether an author of a work's document has an ORCID iD."""
    return bool(_orcids(work))


def redirect_signature(signer: Signer, merged: str, current: str) -> str:
    """Return the signature of a redirect from the id of a merged researcher to the current one."""
    return signer.sign("redirect", merged, current)


def is_signed_redirect(signer: Signer, redirect: Mapping[str, Any]) -> bool:
    """Return whether the document of a redirect is signed."""
    parts = ("redirect", redirect["id"], redirect["researcher_id"])
    return signer.is_valid(redirect.get("signature"), *parts)


def _orcids(work: Mapping[str, Any]) -> list[list[Any]]:
    # OpenSearch leaves an empty list out of a filtered source.
    authorships = work.get("researchers", [])
    return [[entry["position"], entry["id"], entry["orcid"]] for entry in authorships if entry.get("orcid")]


def _orcids_of_records(records: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [
        [number, position, author["name"], author["orcid"]]
        for number, record in enumerate(records)
        for position, author in enumerate(record.get("authors", []))
        if author.get("orcid")
    ]

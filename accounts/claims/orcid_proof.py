"""Removes ORCID iDs of records that no work proves whose iDs the indexer has signed.

The index alone proves nothing, because other users of a machine may be able to write to an unprotected OpenSearch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mappings.signatures import SIGNED_FIELDS, signed_orcids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opensearchpy import OpenSearch

    from mappings import IndexNames
    from peerscope.signing import Signer

#: Works read to find a signed one. Nearly all works of an iD are signed.
WORKS = 100


def with_proven_orcid(
    client: OpenSearch, names: IndexNames, signer: Signer, record: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the document of a researcher, without its ORCID iD if no signed work proves it.

    Raises TransportError.
    """
    orcid = record.get("orcid")
    if orcid and not _is_proven(client, names, signer, record["id"], orcid):
        orcid = None
    return {**record, "orcid": orcid}


def _is_proven(client: OpenSearch, names: IndexNames, signer: Signer, researcher_id: str, orcid: str) -> bool:
    body = {
        "size": WORKS,
        "query": {
            "bool": {"filter": [{"term": {"researchers.id": researcher_id}}, {"term": {"researchers.orcid": orcid}}]}
        },
        "_source": SIGNED_FIELDS,
    }
    hits = client.search(index=names.works, body=body, params={})["hits"]["hits"]
    return any((researcher_id, orcid) in signed_orcids(signer, hit["_source"]) for hit in hits)

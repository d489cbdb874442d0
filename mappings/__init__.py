"""WHAT IS STORED: index mappings, analyzers and search pipelines as JSON; the names, versions and ids of things."""

from mappings.ids import bare_doi, orcid_id, work_id
from mappings.names import VERSION, IndexNames
from mappings.store import StoreError, drop, ensure, index_body, stored_model

__all__ = [
    "VERSION",
    "IndexNames",
    "StoreError",
    "bare_doi",
    "drop",
    "ensure",
    "index_body",
    "orcid_id",
    "stored_model",
    "work_id",
]

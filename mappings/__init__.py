"""WHAT IS STORED: index mappings, analyzers and search pipelines as JSON; the names, versions and ids of things."""

from mappings.errors import StoreError
from mappings.generations import (
    begin,
    drop,
    followed,
    generations,
    live,
    note_followed,
    publish,
    rollback,
    stored_fingerprint,
    stored_model,
    unfinished,
)
from mappings.ids import bare_doi, doi_in, institution_id, orcid_id, person_id, ror_address, topic_id, work_id
from mappings.names import Generation, IndexNames
from mappings.people import STATE, begin_people
from mappings.scale import Scale

__all__ = [
    "STATE",
    "Generation",
    "IndexNames",
    "Scale",
    "StoreError",
    "bare_doi",
    "begin",
    "begin_people",
    "doi_in",
    "drop",
    "followed",
    "generations",
    "institution_id",
    "live",
    "note_followed",
    "orcid_id",
    "person_id",
    "publish",
    "rollback",
    "ror_address",
    "stored_fingerprint",
    "stored_model",
    "topic_id",
    "unfinished",
    "work_id",
]

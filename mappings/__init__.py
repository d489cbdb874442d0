"""What is stored in OpenSearch: mappings and analyzers as JSON, types of documents, names, ids and generations."""

from mappings.documents import DEFAULT_STATE, STATE_FIELDS
from mappings.generations import (
    StoreError,
    begin,
    discard,
    drop,
    list_generations,
    live,
    publish,
    rollback,
    save_decisions,
    stored_decisions,
    stored_fingerprint,
    stored_model,
    unfinished,
)
from mappings.ids import (
    WORK_SCHEMES,
    bare_doi,
    doi_in,
    institution_id,
    orcid_id,
    person_id,
    ror_address,
    topic_id,
    work_id,
)
from mappings.indices import Scale, begin_people
from mappings.names import Generation, IndexNames

__all__ = [
    "DEFAULT_STATE",
    "STATE_FIELDS",
    "WORK_SCHEMES",
    "Generation",
    "IndexNames",
    "Scale",
    "StoreError",
    "bare_doi",
    "begin",
    "begin_people",
    "discard",
    "doi_in",
    "drop",
    "institution_id",
    "list_generations",
    "live",
    "orcid_id",
    "person_id",
    "publish",
    "rollback",
    "ror_address",
    "save_decisions",
    "stored_decisions",
    "stored_fingerprint",
    "stored_model",
    "topic_id",
    "unfinished",
    "work_id",
]

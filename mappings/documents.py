"""Types of every stored document, the counterpart of the JSON mappings; a test checks that they match.

Readers ask OpenSearch for some fields (`_source`), so a document that was read may lack the others.
"""

# Without `annotations` from `__future__`, which would hide `NotRequired` from `__required_keys__`.
from typing import NotRequired, TypedDict


class InstitutionName(TypedDict):
    """An institution as it is named on a work, an authorship or a researcher."""

    id: str
    name: str


class WorkTopic(TypedDict):
    """A topic as the source of a work names it; `parents` are the names of the topics above it, nearest first."""

    id: str
    name: str
    parents: list[str]


class AssignedTopic(TypedDict):
    """A topic that similar works suggest; `share` is its share of their votes, 0.5 to 1."""

    id: str
    name: str
    share: float


class Authorship(TypedDict):
    """An author of a work: the name as printed, and the researcher (`id`) who was identified behind it.

    `position` counts from 1. `source_id` is the source's id of the person; `institution_id` is the first institution.
    `name_variants` are other forms of the name that the source states.
    """

    id: str
    name: str
    position: int
    source_id: str | None
    orcid: str | None
    affiliation: str | None
    institution_id: str | None
    institutions: list[InstitutionName]
    name_variants: list[str]


class Localized(TypedDict, total=False):
    """The title and abstract of a work in a language that has its own stemmer (see `mappings.analysis.LANGUAGES`)."""

    ar: str
    bg: str
    ca: str
    cs: str
    da: str
    de: str
    el: str
    es: str
    fi: str
    fr: str
    hi: str
    hu: str
    id: str
    it: str
    nl: str
    no: str
    pt: str
    ro: str
    ru: str
    sv: str
    tr: str


class WorkSource(TypedDict):
    """The record of a source that describes a work; see `indexer.records.source_record`."""

    source: str
    id: str
    file: str
    digest: str
    modified: float


class WorkVersion(TypedDict):
    """A version of a work: published or preprint."""

    id: str
    type: str | None
    year: int | None
    venue: str | None


class StoredRecord(TypedDict, total=False):
    """A record in the import format, of which the other keys are described in docs/import.md."""

    id: str
    title: str


class Provenance(TypedDict):
    """The part of a work that says which records describe it.

    `sources` are the records, the best first, and `records` their content in the same order; it is empty when the
    document alone gives its only record. `versions` are the published one and its preprints, empty for a single one.
    `claimed_ids` are ids that its records state but another work keeps, `version_keys` are equal for a preprint and its
    published version, and `is_decided` marks a work that a decision of an operator concerns.
    """

    sources: list[WorkSource]
    sources_count: int
    versions: list[WorkVersion]
    records: list[StoredRecord]
    claimed_ids: list[str]
    version_keys: list[str]
    is_decided: bool


class WorkDocument(Provenance):
    """A work. `ids` holds its own id, its DOI and all others; `date` is an ISO date; times are ISO 8601 in UTC.

    `authors_truncated` is the total number of authors if `researchers` has only the first of them; it is one more than
    those where the source does not state the total. `references` are ids of cited works, indexed or not.

    `embedding` has unit length. `assigned_topics` and `assigned_by` are missing until topics have been looked for.
    """

    id: str
    ids: list[str]
    title: str
    abstract: str | None
    abstract_origin: str | None
    has_abstract: bool
    year: int | None
    date: str | None
    type: str | None
    venue: str | None
    doi: str | None
    url: str | None
    license: str | None
    source: str | None
    language: str | None
    localized: Localized
    cited_by_count: int | None
    is_retracted: bool
    topics: list[WorkTopic]
    assigned_topics: NotRequired[list[AssignedTopic]]
    assigned_by: NotRequired[str]
    researchers: list[Authorship]
    authors_truncated: int | None
    references: list[str]
    references_count: int
    institutions: list[InstitutionName]
    embedding: list[float]
    embedding_model: str
    content_hash: str
    orcid_signature: str | None
    records_signature: str | None
    added_at: str
    indexed_at: str


class ResearcherTopic(TypedDict):
    """A topic of a researcher, with the number of their works on it."""

    id: str
    name: str
    count: int


class Affiliation(TypedDict):
    """An affiliation as printed on a researcher's works, how many works, and the years of the first and last."""

    name: str
    institution_id: str | None
    works: int
    first_year: int | None
    last_year: int | None


class YearCount(TypedDict):
    """The number of works of one year."""

    year: int
    works: int


class Collaborator(TypedDict):
    """A co-author of a researcher, with the number of shared works and the years of the first and last."""

    id: str
    name: str
    works: int
    first_year: int | None
    last_year: int | None


class Owner(TypedDict):
    """What the owner of a claimed profile states; `proof` is how the claim was verified, `orcid` or `admin`.

    `proven_at` and `email_proven_at`, in ISO 8601, are when the claim was verified and an address at an institution of
    the record confirmed.
    """

    proof: str | None
    proven_at: str | None
    email_proven_at: str | None
    name: str | None
    affiliation: str | None
    bio: str | None
    links: list[str]


class Corrected(TypedDict):
    """What decisions and owners' statements change on a profile at once, before the next run follows them.

    `name` and `affiliation` replace wrong ones; `works_added` and `works_removed` are ids of works.
    """

    name: str | None
    affiliation: str | None
    works_added: list[str]
    works_removed: list[str]


class ResearcherState(TypedDict):
    """The part of a researcher's document that comes from accounts; `verification_level` is 1 to 4."""

    verification_level: int
    claimed: bool
    followers_count: int
    open_to_collaborate: bool
    owner: Owner | None
    corrected: Corrected | None


class IdentityGroup(TypedDict):
    """Works that clearly belong together, and in phrases what connects them with each other and with the others."""

    works: list[str]
    evidence: list[str]


class Identity(TypedDict):
    """Why the works of a researcher are one person's; `confidence` in [0, 1] is that of the weakest join."""

    groups: list[IdentityGroup]
    confidence: float


class ResearcherSummary(TypedDict):
    """The part of a researcher's document that is built from their works.

    `ids` are the ids that sources and ORCID give them; `name` is the most frequent printed form, `name_variants` the
    others. `suggested_topics` counts the assigned topics of works whose source gives none; it is missing in documents
    that were written before this field was added. `merge_reasons` says why several names were identified as one person,
    in sentences. `expertise` is the text of their titles; `embedding`, of unit length, is the mean of their works'
    embeddings.
    """

    id: str
    ids: list[str]
    name: str
    name_variants: list[str]
    orcid: str | None
    affiliations: list[Affiliation]
    institutions: list[InstitutionName]
    topics: list[ResearcherTopic]
    suggested_topics: NotRequired[list[ResearcherTopic]]
    works_count: int
    counts_by_year: list[YearCount]
    first_year: int | None
    last_year: int | None
    collaborators: list[Collaborator]
    collaborators_count: int
    close_collaborators_count: int
    merge_reasons: list[str]
    identity: Identity
    expertise: str
    embedding: list[float]
    embedding_model: str


class ResearcherDocument(ResearcherSummary, ResearcherState):
    """A researcher: the summary of their works, their state, and when the document was written."""

    indexed_at: str


class TopicDocument(TypedDict):
    """A topic with the number of its works and researchers; `parent` is the name of the topic or field above it."""

    id: str
    name: str
    parent: str | None
    works_count: int
    researchers_count: int
    indexed_at: str


class InstitutionDocument(TypedDict):
    """An institution with the number of its works and of the researchers on them."""

    id: str
    name: str
    works_count: int
    researchers_count: int
    indexed_at: str


class WorkStatement(TypedDict):
    """The owner of a profile states that a work is theirs, or not; `at` is when, in ISO 8601."""

    work_id: str
    is_mine: bool
    at: str


class PersonState(ResearcherState):
    """A researcher's state in the `people` index, which outlives every generation."""

    researcher_id: str
    statements: list[WorkStatement]


class Redirect(TypedDict):
    """The id of a merged researcher, and the researcher it leads to; see `signatures`."""

    id: str
    researcher_id: str
    signature: str | None


class PendingResearcher(TypedDict):
    """A researcher whose document has to be rebuilt, and one of the works that changed."""

    researcher_id: str
    work_id: str


class WriterLockDocument(TypedDict):
    """The process that writes to the collection; `began` is its start in seconds since 1970, `token` names the lock."""

    host: str
    process: int
    began: float
    token: str


#: The state of a researcher whom no account claims or follows.
DEFAULT_STATE = ResearcherState(
    verification_level=1, claimed=False, followers_count=0, open_to_collaborate=False, owner=None, corrected=None
)
#: The fields of a researcher's document that come from their state.
STATE_FIELDS = tuple(DEFAULT_STATE)

#: Every document that the indexer writes.
Document = WorkDocument | ResearcherDocument | TopicDocument | InstitutionDocument | Redirect | PendingResearcher

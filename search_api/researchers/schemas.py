"""Researchers over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from search_api.http.args import MAX_QUERY, Args, CommaList, CursorArgs, PageArgs, filter_args, selection
from search_api.http.schemas import Named, list_of
from search_api.researchers import queries


class TrustPart(Schema):
    """One part of the trust snapshot."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    points = fields.Float(required=True)
    max = fields.Integer(required=True)
    detail = fields.String(required=True)


class Trust(Schema):
    """What is known about the identity behind a record, out of 100."""

    score = fields.Integer(required=True)
    band = fields.String(required=True)
    parts = fields.List(fields.Nested(TrustPart), required=True)
    verification_level = fields.Integer(required=True)
    claimed = fields.Boolean(required=True)


class Counts(Schema):
    """How much there is."""

    works = fields.Integer(required=True)
    followers = fields.Integer(required=True)
    topics = fields.Integer(required=True)
    close_collaborators = fields.Integer(required=True)


class Affiliation(Schema):
    """An affiliation as printed on works, and in which years."""

    name = fields.String(required=True)
    institution_id = fields.String(allow_none=True)
    works = fields.Integer(required=True)
    first_year = fields.Integer(allow_none=True)
    last_year = fields.Integer(allow_none=True)


class TopicCount(Named):
    """A topic, and on how many of the works it is."""

    count = fields.Integer(required=True)


class YearCount(Schema):
    """Works of one year."""

    year = fields.Integer(required=True)
    works = fields.Integer(required=True)


class Collaborator(Named):
    """Someone who is on works of this researcher."""

    works = fields.Integer(required=True, metadata={"description": "Works together."})
    first_year = fields.Integer(allow_none=True)
    last_year = fields.Integer(allow_none=True)


class ResearcherLinks(Schema):
    """Addresses of a researcher."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    works = fields.String(required=True)
    similar = fields.String(required=True)
    collaborators = fields.String(required=True)
    feed = fields.String(required=True)
    graph = fields.String(required=True)


class Voice(Schema):
    """A work that speaks for an expert."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    score = fields.Float(required=True, metadata={"description": "In [0, 1]: how well it fits the text."})


class ResearcherReasons(Schema):
    """Why a researcher is like another."""

    shared_topics = fields.List(fields.Nested(Named), required=True)
    closest_works = fields.List(
        fields.List(fields.Raw()), required=True, metadata={"description": "[work of the one, of the other, cosine]."}
    )
    titles = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "Titles of the closest works, by id."}
    )
    works_together = fields.Integer(required=True)
    semantic = fields.Float(required=True, metadata={"description": "Cosine of the mean embeddings."})
    keyword = fields.Float(required=True, metadata={"description": "Keyword score as a share of the best."})


class Owner(Schema):
    """What the owner of a claimed profile says of themselves: their words, and no import's."""

    name = fields.String(allow_none=True, metadata={"description": "The name they prefer."})
    affiliation = fields.String(allow_none=True)
    bio = fields.String(allow_none=True)
    links = fields.List(fields.String(), metadata={"description": "Up to five addresses, https alone."})
    proof = fields.String(
        allow_none=True, metadata={"description": "How the claim was verified: `orcid`, or `admin` by a person."}
    )


class ResearcherSummary(Schema):
    """A researcher in a list."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    name_variants = fields.List(fields.String(), required=True)
    orcid = fields.String(allow_none=True)
    tagline = fields.String(allow_none=True)
    affiliations = fields.List(fields.Nested(Affiliation), required=True)
    open_to_collaborate = fields.Boolean(required=True)
    trust = fields.Nested(Trust, required=True)
    counts = fields.Nested(Counts, required=True)
    topics = fields.List(fields.Nested(TopicCount), required=True)
    institutions = fields.List(fields.Nested(Named), required=True)
    links = fields.Nested(ResearcherLinks, required=True)
    score = fields.Float(metadata={"description": "In [0, 1]; there when the list is ranked."})
    works = fields.List(
        fields.Nested(Voice), metadata={"description": "With `about` and in a ranking: up to three works, best first."}
    )
    reasons = fields.Nested(ResearcherReasons)


class Researcher(ResearcherSummary):
    """A researcher's profile."""

    owner = fields.Nested(
        Owner, metadata={"description": "There when the profile is claimed and its owner says something."}
    )
    ids = fields.List(fields.String(), required=True)
    counts_by_year = fields.List(fields.Nested(YearCount), required=True)
    collaborators = fields.List(fields.Nested(Collaborator), required=True)


ResearcherList = list_of(ResearcherSummary, "ResearcherList")
CollaboratorList = list_of(Collaborator, "CollaboratorList")


class ResearcherArgs(Args):
    """One researcher."""

    select = selection(Researcher, without=("score", "works", "reasons"))


class CollaboratorsArgs(PageArgs):
    """A researcher's collaborators."""

    select = selection(Collaborator)


class SimilarArgs(PageArgs, filter_args(queries.FILTERS)):  # type: ignore[misc]  # the base is made from the table
    """Researchers like one."""

    exclude = CommaList(  # type: ignore[assignment]  # marshmallow moves fields off the class, so nothing is hidden
        ("collaborators",), metadata={"description": "Leave out who is on a work with them already."}
    )
    select = selection(ResearcherSummary)


class ResearchersArgs(CursorArgs, filter_args(queries.FILTERS)):  # type: ignore[misc]
    """A search for researchers."""

    q = fields.String(load_default="", validate=validate.Length(max=500), metadata={"description": "A name."})
    about = fields.String(
        load_default="", validate=validate.Length(max=MAX_QUERY), metadata={"description": "What they work on."}
    )
    sort = fields.String(
        load_default=None,
        validate=validate.OneOf(tuple(queries.SORTS)),
        metadata={"description": "Default: `relevance` with `q` or `about`, `works_count` without."},
    )
    facets = CommaList(tuple(queries.FACETS), metadata={"description": "Facets to count."})
    select = selection(ResearcherSummary)

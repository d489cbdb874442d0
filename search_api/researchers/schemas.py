"""Schemas of researchers: parameters, bodies and results."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from search_api.http.args import MAX_QUERY, Args, CommaList, CursorArgs, PageArgs, Repeated, Whole, selection
from search_api.http.paging import MAX_PER_PAGE
from search_api.http.schemas import Named, list_of
from search_api.researchers.fields import FACETS, FIELDS, SORTS
from search_api.retrieval.filters import filter_args, year

#: Ids in each field of a body.
MAX_IDS = 1_000
#: Examples of similar researchers, and members of a team.
MAX_EXAMPLES = 100


class TrustPart(Schema):
    """One part of the trust snapshot."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    points = fields.Float(required=True)
    max = fields.Integer(required=True)
    detail = fields.String(required=True)


class Trust(Schema):
    """How well the identity behind a record is established, out of 100."""

    score = fields.Integer(required=True)
    band = fields.String(required=True)
    parts = fields.List(fields.Nested(TrustPart), required=True)
    verification_level = fields.Integer(required=True)
    claimed = fields.Boolean(required=True)
    note = fields.String(
        required=True, allow_none=True, metadata={"description": "What is pending, without effect on the score."}
    )
    meaning = fields.String(required=True, metadata={"description": "What the score describes, in one sentence."})


class Counts(Schema):
    """Counts of a profile."""

    works = fields.Integer(required=True)
    followers = fields.Integer(required=True)
    topics = fields.Integer(required=True)
    close_collaborators = fields.Integer(required=True)


class Affiliation(Schema):
    """An affiliation as printed on works, and its years."""

    name = fields.String(required=True)
    institution_id = fields.String(allow_none=True)
    works = fields.Integer(required=True)
    first_year = fields.Integer(allow_none=True)
    last_year = fields.Integer(allow_none=True)


class TopicCount(Named):
    """A topic and its number of works."""

    count = fields.Integer(required=True)


class YearCount(Schema):
    """A year and its number of works."""

    year = fields.Integer(required=True)
    works = fields.Integer(required=True)


class Collaborator(Named):
    """A co-author of this researcher."""

    works = fields.Integer(required=True, metadata={"description": "Joint works."})
    first_year = fields.Integer(allow_none=True)
    last_year = fields.Integer(allow_none=True)


class ResearcherLinks(Schema):
    """Links of a researcher."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    works = fields.String(required=True)
    similar = fields.String(required=True)
    collaborators = fields.String(required=True)
    feed = fields.String(required=True)
    graph = fields.String(required=True)


class SupportingWork(Schema):
    """A supporting work of an expert."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    score = fields.Float(required=True, metadata={"description": "In [0, 1]: how well it matches the text."})


class ResearcherReasons(Schema):
    """Why a researcher is similar to another."""

    shared_topics = fields.List(fields.Nested(Named), required=True)
    closest_works = fields.List(
        fields.List(fields.Raw()),
        required=True,
        metadata={
            "description": "[work of this researcher, work of the other, cosine]; pairs on shared main topics first."
        },
    )
    titles = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "Titles of the closest and joint works, by id."},
    )
    joint_works = fields.List(
        fields.String(), required=True, metadata={"description": "Ids of up to three works that they wrote together."}
    )
    works_together = fields.Integer(
        required=True, metadata={"description": "Number of joint works; with several examples, summed over them."}
    )
    semantic = fields.Float(required=True, metadata={"description": "Cosine of the mean embeddings."})
    keyword = fields.Float(required=True, metadata={"description": "Keyword score as a share of the best."})


class Gain(Schema):
    """What a researcher adds to a team on a part of a text."""

    text = fields.String(required=True)
    gain = fields.Float(required=True, metadata={"description": "Their score minus that of the best member."})


class Owner(Schema):
    """What the owner of a claimed profile entered; nothing is imported."""

    name = fields.String(allow_none=True, metadata={"description": "Preferred name."})
    affiliation = fields.String(allow_none=True)
    bio = fields.String(allow_none=True)
    links = fields.List(fields.String(), metadata={"description": "Up to five https addresses."})
    proof = fields.String(
        allow_none=True, metadata={"description": "How the claim was verified: by `orcid` or by an `admin`."}
    )
    proven_at = fields.String(allow_none=True, metadata={"description": "When the claim was verified."})
    email_proven_at = fields.String(
        allow_none=True, metadata={"description": "When an address at an institution of the record was confirmed."}
    )


class Corrected(Schema):
    """What accepted corrections and the owner have changed; the next run follows the changes of works."""

    name = fields.String(required=True, allow_none=True)
    affiliation = fields.String(required=True, allow_none=True)
    works_added = fields.List(fields.String(), required=True)
    works_removed = fields.List(fields.String(), required=True)


class IdentityGroup(Schema):
    """Works that clearly belong together."""

    works = fields.List(fields.String(), required=True, metadata={"description": "Ids of works."})
    evidence = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What connects them with each other and with the other works."},
    )


class Identity(Schema):
    """Why the works of a profile are one person's."""

    groups = fields.List(fields.Nested(IdentityGroup), required=True, metadata={"description": "The largest first."})
    confidence = fields.Float(
        required=True, metadata={"description": "In [0, 1]: how certain the least certain connection is."}
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
    suggested_topics = fields.List(
        fields.Nested(TopicCount),
        required=True,
        metadata={"description": "Topics suggested for works whose source gives none, by works that are like them."},
    )
    institutions = fields.List(fields.Nested(Named), required=True)
    links = fields.Nested(ResearcherLinks, required=True)
    score = fields.Float(metadata={"description": "In [0, 1]; present when the list is ranked."})
    works = fields.List(
        fields.Nested(SupportingWork),
        metadata={"description": "With `about` and in rankings: up to three supporting works, best first."},
    )
    members = fields.List(
        fields.Nested(Named),
        metadata={"description": "With `teams`: others who are supported by mostly the same works, up to 50."},
    )
    reasons = fields.Nested(ResearcherReasons)
    adds = fields.List(
        fields.Nested(Gain), metadata={"description": "With a team: the parts of the text on which they add most."}
    )


class Researcher(ResearcherSummary):
    """A researcher's profile."""

    owner = fields.Nested(
        Owner, metadata={"description": "Present when the profile is claimed and its owner entered something."}
    )
    corrected = fields.Nested(
        Corrected, metadata={"description": "Present when decisions or the owner have changed the record."}
    )
    ids = fields.List(fields.String(), required=True)
    counts_by_year = fields.List(fields.Nested(YearCount), required=True)
    collaborators = fields.List(fields.Nested(Collaborator), required=True)
    identity = fields.Nested(Identity, required=True)


ResearcherList = list_of(ResearcherSummary, "ResearcherList")
CollaboratorList = list_of(Collaborator, "CollaboratorList")


class ResearcherArgs(Args):
    """Parameters of one researcher."""

    select = selection(Researcher, without=("score", "works", "members", "reasons", "adds"))


class CollaboratorsArgs(PageArgs):
    """Parameters of a researcher's collaborators."""

    select = selection(Collaborator)


def _is_span(value: str) -> None:
    """Raise ValidationError for text that is neither a year nor a span of years."""
    try:
        year(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class SimilarArgs(PageArgs, filter_args(FIELDS)):  # type: ignore[misc]  # the base is made from the table
    """Parameters of similar researchers."""

    exclude = CommaList(  # type: ignore[assignment]  # marshmallow moves fields off the class, so nothing is hidden
        ("collaborators",), metadata={"description": "Exclude co-authors."}
    )
    select = selection(ResearcherSummary)


class ResearchersArgs(CursorArgs, filter_args(FIELDS)):  # type: ignore[misc]
    """Parameters of a search for researchers."""

    q = fields.String(load_default="", validate=validate.Length(max=500), metadata={"description": "A name."})
    about = fields.String(
        load_default="", validate=validate.Length(max=MAX_QUERY), metadata={"description": "What they work on."}
    )
    sort = fields.String(
        load_default=None,
        validate=validate.OneOf(tuple(SORTS)),
        metadata={"description": "Default: `relevance` with `q` or `about`, `works_count` without."},
    )
    facets = CommaList(FACETS, metadata={"description": "Facets to count."})
    published = fields.String(
        load_default=None,
        validate=_is_span,
        metadata={"description": "With `about`: only works of these years vote, such as `2015-` or `2010-2019`."},
    )
    conflicts = Repeated(
        metadata={"description": "With `about`: exclude these researchers (any id) and all their co-authors."}
    )
    teams = fields.Boolean(
        load_default=False,
        metadata={"description": "With `about`: one result for all who are supported by mostly the same works."},
    )
    select = selection(ResearcherSummary)


class RankArgs(PageArgs):
    """Parameters of a ranking."""

    teams = fields.Boolean(
        load_default=False, metadata={"description": "One result for all who are supported by mostly the same works."}
    )

    per_page = Whole(
        load_default=None,
        validate=validate.Range(min=1, max=MAX_IDS),
        metadata={"description": f"Default 25, at most {MAX_PER_PAGE}; with `candidates` all of them on one page."},
    )
    select = selection(ResearcherSummary)


def _ids(description: str, most: int = MAX_IDS, *, is_required: bool = False) -> fields.List[str]:
    """Return a field for up to `most` ids: canonical ids, ids of sources, ORCID iDs or merged ids."""
    presence: dict[str, Any] = {"required": True} if is_required else {"load_default": None, "allow_none": True}
    return fields.List(
        fields.String(required=True, validate=validate.Length(min=1, max=1_000)),
        validate=validate.Length(min=1 if is_required else 0, max=most),
        metadata={"description": f"{description} At most {most:,} ids of any kind."},
        **presence,
    )


class SimilarToResearchers(Args):
    """Whom researchers should be similar to: at least one of `like` and `text` is required."""

    like = _ids("Researchers that the results should be similar to.", MAX_EXAMPLES)
    unlike = _ids("Researchers that they should not be similar to.", MAX_EXAMPLES)
    text = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=MAX_QUERY),
        metadata={"description": "A text that their works should match, such as an abstract."},
    )
    exclude = _ids("Exclude these.")  # type: ignore[assignment]  # marshmallow moves fields off the class

    @validates_schema
    def _needs_an_example(self, data: dict[str, Any], **_: Any) -> None:
        if not (data["text"] or "").strip() and not data["like"]:
            raise ValidationError("At least one of like and text is required.", "like")


class ComplementBody(Args):
    """A team and a text, such as the plan of a project."""

    team = _ids("The members of the team.", MAX_EXAMPLES, is_required=True)
    text = fields.String(
        required=True,
        validate=[validate.Length(max=MAX_QUERY), validate.Regexp(r"(?s).*\S", error="Must not be blank.")],
        metadata={"description": "What the team needs expertise for."},
    )
    exclude = _ids("Exclude these.")  # type: ignore[assignment]  # marshmallow moves fields off the class
    exclude_collaborators_of = _ids("Exclude all co-authors of these, but not these themselves.")


class ComplementArgs(PageArgs):
    """Parameters of a search for whom a team lacks."""

    select = selection(ResearcherSummary)


class RankBody(Args):
    """What experts are ranked for: exactly one of `text` and `work`."""

    text = fields.String(
        load_default=None, validate=validate.Length(max=MAX_QUERY), metadata={"description": "Such as an abstract."}
    )
    work = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=1_000),
        metadata={"description": "Id of a work. It does not vote itself; its authors are included unless excluded."},
    )
    year = fields.String(
        load_default=None,
        allow_none=True,
        validate=_is_span,
        metadata={"description": "Only works of these years vote, such as `2015-` or `2010-2019`."},
    )
    candidates = _ids("Score exactly these researchers.")
    exclude = _ids(  # type: ignore[assignment]  # marshmallow moves fields off the class
        "Exclude these, also from the candidates."
    )
    exclude_collaborators_of = _ids("Exclude all co-authors of these, but not these themselves.")

    @validates_schema
    def _one_question(self, data: dict[str, Any], **_: Any) -> None:
        given = [name for name in ("text", "work") if data.get(name) is not None]
        if len(given) != 1:
            raise ValidationError({name: ["Exactly one of text and work must be given."] for name in given or ["text"]})
        if not data[given[0]].strip():
            raise ValidationError({given[0]: ["Must not be blank."]})

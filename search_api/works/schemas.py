"""Schemas of works: parameters, bodies and results."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from search_api.http.args import MAX_QUERY, Args, CommaList, CursorArgs, PageArgs, selection
from search_api.http.schemas import Named, list_of
from search_api.retrieval.filters import filter_args
from search_api.works.bibliography import DEFAULT_STYLE, NAME_PATTERN
from search_api.works.fields import FACETS, FIELDS, SORTS

#: Formats of works, and those for lists only.
CITATIONS = ("bibtex", "csl", "ris", "bibliography")
TABLES = ("csv", "jsonl")
#: Examples on each side of a request for similar works, and candidates to be scored.
MAX_EXAMPLES = 100
MAX_CANDIDATES = 1_000
MODES = ("hybrid", "semantic", "keyword")


class Authorship(Schema):
    """A name on a work, and the researcher behind it."""

    researcher_id = fields.String(attribute="id", required=True)
    name = fields.String(required=True)
    position = fields.Integer(required=True)
    affiliation = fields.String(allow_none=True)
    institution_id = fields.String(allow_none=True)


class Match(Schema):
    """The two parts of a score: the keyword score as a share of the best, and the cosine."""

    keyword = fields.Float(required=True)
    semantic = fields.Float(required=True)


class WorkReasons(Match):
    """Why a work is similar."""

    shared_topics = fields.List(fields.Nested(Named), required=True)
    shared_authors = fields.List(fields.Nested(Named), required=True)


class AssignedTopic(Named):
    """A topic suggested by a work's nearest neighbours, with its share of their votes."""

    share = fields.Float(required=True)


class WorkLinks(Schema):
    """Links of a work."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    similar = fields.String(required=True)


class WorkSource(Schema):
    """A record that describes a work: the short name of its source, and the id that the source gives it."""

    source = fields.String(required=True)
    id = fields.String(required=True)


class WorkVersion(Schema):
    """A version of a work."""

    id = fields.String(required=True)
    type = fields.String(required=True, allow_none=True)
    year = fields.Integer(required=True, allow_none=True)
    venue = fields.String(required=True, allow_none=True)


class Work(Schema):
    """A work. No field is required, since `select` may leave out any of them; without it all are present."""

    id = fields.String()
    ids = fields.List(fields.String())
    title = fields.String()
    abstract = fields.String(allow_none=True)
    abstract_origin = fields.String(
        allow_none=True, metadata={"description": "`summary` where the abstract is not the published one."}
    )
    year = fields.Integer(allow_none=True)
    date = fields.String(allow_none=True)
    type = fields.String(allow_none=True)
    venue = fields.String(allow_none=True)
    doi = fields.String(allow_none=True)
    url = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    license = fields.String(allow_none=True)
    language = fields.String(allow_none=True)
    cited_by_count = fields.Integer(allow_none=True)
    is_retracted = fields.Boolean(metadata={"description": "Whether its source says that it was retracted."})
    topics = fields.List(fields.Nested(Named))
    assigned_topics = fields.List(
        fields.Nested(AssignedTopic),
        metadata={"description": "Suggested by similar works if the source gives no topics; never mixed with those."},
    )
    authors = fields.List(fields.Nested(Authorship), attribute="researchers")
    authors_truncated = fields.Integer(
        allow_none=True,
        metadata={
            "description": "Total number of authors if `authors` has only the first of them; one more than those if "
            "the source does not state it."
        },
    )
    sources = fields.List(
        fields.Nested(WorkSource), metadata={"description": "The records that describe the work, the best first."}
    )
    versions = fields.List(
        fields.Nested(WorkVersion),
        metadata={"description": "The published version and its preprints; empty for a single one."},
    )
    references_count = fields.Integer(metadata={"description": "Number of works that this work cites."})
    institutions = fields.List(fields.Nested(Named))
    links = fields.Nested(WorkLinks)
    score = fields.Float(metadata={"description": "In [0, 1]; present when the list is ranked."})
    match = fields.Nested(Match)
    highlight = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    reasons = fields.Nested(WorkReasons)


WorkList = list_of(Work, "WorkList")


def _format(names: tuple[str, ...]) -> fields.String:
    words = "Default: what `Accept` asks for, otherwise `json`. Exports have no envelope."
    return fields.String(load_default=None, validate=validate.OneOf(("json", *names)), metadata={"description": words})


def _style() -> fields.String:
    words = "Citation style of `bibliography`: apa, mla, chicago, ieee, harvard, vancouver, or a CSL style's name."
    return fields.String(
        load_default=DEFAULT_STYLE, validate=validate.Regexp(NAME_PATTERN), metadata={"description": words}
    )


class WorkArgs(Args):
    """Parameters of one work."""

    select = selection(Work, without=("score", "match", "highlight", "reasons"))
    format = _format(CITATIONS)
    style = _style()


class SimilarArgs(PageArgs, filter_args(FIELDS)):  # type: ignore[misc]  # the base is made from the table
    """Parameters of similar works."""

    select = selection(Work)
    format = _format((*CITATIONS, *TABLES))
    style = _style()


class WorksArgs(CursorArgs, SimilarArgs):
    """Parameters of a search for works."""

    q = fields.String(load_default="", validate=validate.Length(max=MAX_QUERY), metadata={"description": "Query."})
    mode = fields.String(
        load_default="hybrid",
        validate=validate.OneOf(MODES),
        metadata={"description": "Keywords and meaning, meaning only, or keywords only."},
    )
    sort = fields.String(
        load_default=None,
        validate=validate.OneOf(tuple(SORTS)),
        metadata={"description": "Default: `relevance` with `q`, `newest` without."},
    )
    highlight = fields.Boolean(load_default=False, metadata={"description": "Mark matching words, as escaped HTML."})
    explain = fields.Boolean(
        load_default=False, metadata={"description": "Add the keyword and semantic parts of each score."}
    )
    expand = fields.Boolean(
        load_default=True, metadata={"description": "Search abbreviations and their long forms for each other."}
    )
    facets = CommaList(FACETS, metadata={"description": "Facets to count."})


def _ids(most: int, description: str) -> fields.List[str]:
    return fields.List(
        fields.String(required=True, validate=validate.Length(min=1, max=1_000)),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=most),
        metadata={"description": description},
    )


class SimilarTo(Schema):
    """What works should be similar to: at least one of `text` and `like` is required. Ids may have any spelling."""

    text = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=MAX_QUERY),
        metadata={"description": "A text without operators."},
    )
    like = _ids(MAX_EXAMPLES, "Ids of works that the results should be similar to.")
    unlike = _ids(MAX_EXAMPLES, "Ids of works that they should not be similar to.")
    candidates = _ids(MAX_CANDIDATES, "Ids of works to score; all of them are returned, on one page.")
    exclude = _ids(  # type: ignore[assignment]  # marshmallow moves fields off the class, so nothing is hidden
        MAX_CANDIDATES, "Ids of works that are not returned, even if they are candidates."
    )

    @validates_schema
    def _needs_an_example(self, data: dict[str, Any], **_: Any) -> None:
        if not (data["text"] or "").strip() and not data["like"]:
            raise ValidationError("At least one of text and like is required.", "text")

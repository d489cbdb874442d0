"""Topics over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from search_api.args import Args, PageArgs
from search_api.researchers.schemas import TopicCount, YearCount
from search_api.schemas import Named, list_of
from search_api.topics import queries


class TopicLinks(Schema):
    """Addresses of a topic."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    works = fields.String(required=True)


class TopicSummary(Named):
    """A topic in a list."""

    parent = fields.String(allow_none=True, metadata={"description": "Name of the field above it."})
    works_count = fields.Integer(required=True)
    researchers_count = fields.Integer(required=True)
    links = fields.Nested(TopicLinks, required=True)


class Leading(Named):
    """A researcher with many works on a topic."""

    works = fields.Integer(required=True)


class Topic(TopicSummary):
    """A topic."""

    counts_by_year = fields.List(fields.Nested(YearCount), required=True)
    researchers = fields.List(fields.Nested(Leading), required=True)
    related_topics = fields.List(fields.Nested(TopicCount), required=True)


TopicList = list_of(TopicSummary, "TopicList")


class TopicArgs(Args):
    """One topic."""


class TopicsArgs(PageArgs):
    """A list of topics."""

    q = fields.String(
        load_default="", validate=validate.Length(max=500), metadata={"description": "Part of the name, or an id."}
    )
    sort = fields.String(
        load_default="works_count",
        validate=validate.OneOf(tuple(queries.SORTS)),
        metadata={"description": "Most works first, or by name."},
    )

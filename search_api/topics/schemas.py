"""Schemas of topics: parameters and results."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from search_api.http.args import Args, selection
from search_api.http.schemas import Named, list_of
from search_api.researchers.schemas import TopicCount, YearCount
from search_api.retrieval.browse import BrowseArgs


class TopicLinks(Schema):
    """Links of a topic."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    works = fields.String(required=True)
    researchers = fields.String(required=True)
    feed = fields.String(required=True)


class TopicSummary(Named):
    """A topic in a list."""

    parent = fields.String(allow_none=True, metadata={"description": "Name of the topic or field above."})
    works_count = fields.Integer(required=True)
    researchers_count = fields.Integer(required=True)
    links = fields.Nested(TopicLinks, required=True)


class LeadingResearcher(Named):
    """A researcher with many works on a topic or at an institution."""

    works = fields.Integer(required=True)


class RelatedTopic(TopicCount):
    """A topic that shares more works with this one than expected by chance."""

    lift = fields.Float(
        required=True, metadata={"description": "How many times more works they share than expected by chance."}
    )


class Subtopic(Named):
    """A topic directly below another."""

    works_count = fields.Integer(required=True)


class Topic(TopicSummary):
    """A topic."""

    parent_id = fields.String(
        allow_none=True, metadata={"description": "Id of the topic above, if it has works itself."}
    )
    children = fields.List(fields.Nested(Subtopic), required=True)
    counts_by_year = fields.List(fields.Nested(YearCount), required=True)
    researchers = fields.List(fields.Nested(LeadingResearcher), required=True)
    related_topics = fields.List(fields.Nested(RelatedTopic), required=True)


TopicList = list_of(TopicSummary, "TopicList")


class TopicArgs(Args):
    """Parameters of one topic."""

    select = selection(Topic)


class TopicsArgs(BrowseArgs):
    """Parameters of a list of topics."""

    select = selection(TopicSummary)
    parent = fields.String(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"description": "Only topics directly below the field of this name, such as `Computer Science`."},
    )

"""Topics over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from search_api.http.args import Args, selection
from search_api.http.schemas import Named, list_of
from search_api.researchers.schemas import TopicCount, YearCount
from search_api.retrieval.browse import BrowseArgs


class TopicLinks(Schema):
    """Addresses of a topic."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    works = fields.String(required=True)
    researchers = fields.String(required=True)
    feed = fields.String(required=True)


class TopicSummary(Named):
    """A topic in a list."""

    parent = fields.String(allow_none=True, metadata={"description": "Name of the field above it."})
    works_count = fields.Integer(required=True)
    researchers_count = fields.Integer(required=True)
    links = fields.Nested(TopicLinks, required=True)


class Leading(Named):
    """A researcher with many works here."""

    works = fields.Integer(required=True)


class RelatedTopic(TopicCount):
    """A topic that shares more works with this one than chance would give."""

    lift = fields.Float(
        required=True, metadata={"description": "How many times more works they share than chance would give."}
    )


class TopicBelow(Named):
    """A topic in the hierarchy."""

    works_count = fields.Integer(required=True)


class Topic(TopicSummary):
    """A topic."""

    parent_id = fields.String(
        allow_none=True, metadata={"description": "Id of the topic above, where it is a topic of works itself."}
    )
    children = fields.List(fields.Nested(TopicBelow), required=True)
    counts_by_year = fields.List(fields.Nested(YearCount), required=True)
    researchers = fields.List(fields.Nested(Leading), required=True)
    related_topics = fields.List(fields.Nested(RelatedTopic), required=True)


TopicList = list_of(TopicSummary, "TopicList")


class TopicArgs(Args):
    """One topic."""

    select = selection(Topic)


class TopicsArgs(BrowseArgs):
    """A list of topics."""

    select = selection(TopicSummary)
    parent = fields.String(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"description": "Only topics right below the field of this name, such as `Computer Science`."},
    )

"""Schemas of the overview."""

from __future__ import annotations

from marshmallow import Schema, fields

from search_api.http.args import Args, selection
from search_api.researchers.schemas import ResearcherSummary, YearCount
from search_api.topics.schemas import TopicSummary


class Totals(Schema):
    """Totals per entity."""

    works = fields.Integer(required=True)
    researchers = fields.Integer(required=True)
    topics = fields.Integer(required=True)
    institutions = fields.Integer(required=True)


class OverviewLinks(Schema):
    """Links of the overview and of the lists."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    works = fields.String(required=True)
    researchers = fields.String(required=True)
    topics = fields.String(required=True)
    institutions = fields.String(required=True)


class Overview(Schema):
    """Totals and starting points."""

    counts = fields.Nested(Totals, required=True)
    counts_by_year = fields.List(fields.Nested(YearCount), required=True)
    topics = fields.List(
        fields.Nested(TopicSummary), required=True, metadata={"description": "Those with the most works, at most 12."}
    )
    researchers = fields.List(
        fields.Nested(ResearcherSummary),
        required=True,
        metadata={"description": "Those with the most works, at most 6."},
    )
    searches = fields.List(
        fields.String(), required=True, metadata={"description": "Suggested queries: titles of works on large topics."}
    )
    links = fields.Nested(OverviewLinks, required=True)


class OverviewArgs(Args):
    """Parameters of the overview."""

    select = selection(Overview)

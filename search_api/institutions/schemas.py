"""Schemas of institutions: parameters and results."""

from __future__ import annotations

from marshmallow import Schema, fields

from search_api.http.args import Args, selection
from search_api.http.schemas import Named, list_of
from search_api.researchers.schemas import TopicCount, YearCount
from search_api.retrieval.browse import BrowseArgs
from search_api.topics.schemas import LeadingResearcher


class InstitutionLinks(Schema):
    """Links of an institution."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    works = fields.String(required=True)
    researchers = fields.String(required=True)
    feed = fields.String(required=True)


class InstitutionSummary(Named):
    """An institution in a list."""

    ror = fields.String(allow_none=True, metadata={"description": "ROR id as a URL, if a source has it."})
    works_count = fields.Integer(required=True)
    researchers_count = fields.Integer(
        required=True, metadata={"description": "Affiliated researchers, now or earlier."}
    )
    links = fields.Nested(InstitutionLinks, required=True)


class Institution(InstitutionSummary):
    """An institution."""

    counts_by_year = fields.List(fields.Nested(YearCount), required=True)
    researchers = fields.List(
        fields.Nested(LeadingResearcher),
        required=True,
        metadata={"description": "Affiliated researchers, most works first."},
    )
    topics = fields.List(fields.Nested(TopicCount), required=True)


InstitutionList = list_of(InstitutionSummary, "InstitutionList")


class InstitutionArgs(Args):
    """Parameters of one institution."""

    select = selection(Institution)


class InstitutionsArgs(BrowseArgs):
    """Parameters of a list of institutions."""

    select = selection(InstitutionSummary)

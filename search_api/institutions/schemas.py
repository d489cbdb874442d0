"""Institutions over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields

from search_api.http.args import Args, selection
from search_api.http.schemas import Named, list_of
from search_api.researchers.schemas import TopicCount, YearCount
from search_api.retrieval.browse import BrowseArgs
from search_api.topics.schemas import Leading


class InstitutionLinks(Schema):
    """Addresses of an institution."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    works = fields.String(required=True)
    researchers = fields.String(required=True)


class InstitutionSummary(Named):
    """An institution in a list."""

    ror = fields.String(allow_none=True, metadata={"description": "Its ROR id, as an address, where a source has it."})
    works_count = fields.Integer(required=True)
    researchers_count = fields.Integer(
        required=True, metadata={"description": "Researchers whose own affiliation it is, now or earlier."}
    )
    links = fields.Nested(InstitutionLinks, required=True)


class Institution(InstitutionSummary):
    """An institution."""

    counts_by_year = fields.List(fields.Nested(YearCount), required=True)
    researchers = fields.List(
        fields.Nested(Leading),
        required=True,
        metadata={"description": "Its own researchers, those with most works that name it first."},
    )
    topics = fields.List(fields.Nested(TopicCount), required=True)


InstitutionList = list_of(InstitutionSummary, "InstitutionList")


class InstitutionArgs(Args):
    """One institution."""

    select = selection(Institution)


class InstitutionsArgs(BrowseArgs):
    """A list of institutions."""

    select = selection(InstitutionSummary)

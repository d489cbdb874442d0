"""Schemas of suggestions: parameters and results."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from search_api.http.args import Args, CommaList, Whole, selection
from search_api.http.schemas import list_of

#: In the order of a search box: entities with many works before single works.
KINDS = ("researcher", "topic", "institution", "work")
DEFAULT_LIMIT = 10
MAX_LIMIT = 50


class SuggestionLinks(Schema):
    """Links of a suggestion."""

    self = fields.String(required=True)
    html = fields.String(required=True)


class Suggestion(Schema):
    """An entity that matches the text typed so far."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.String(required=True)
    label = fields.String(required=True)
    hint = fields.String(required=True, metadata={"description": "Distinguishes it from others of the same name."})
    links = fields.Nested(SuggestionLinks, required=True)


SuggestionList = list_of(Suggestion, "SuggestionList")


class AutocompleteArgs(Args):
    """Parameters of autocompletion."""

    q = fields.String(
        load_default="",
        validate=validate.Length(max=500),
        metadata={
            "description": "Words in any order; the last one may be incomplete. An empty text has no suggestions."
        },
    )
    kind = CommaList(KINDS, metadata={"description": "Only these kinds."})
    limit = Whole(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(min=1, max=MAX_LIMIT),
        metadata={"description": f"Suggestions in all, distributed over the kinds; at most {MAX_LIMIT}."},
    )
    select = selection(Suggestion)

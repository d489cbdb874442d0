"""Suggestions over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from search_api.http.args import Args, CommaList, Whole, selection
from search_api.http.schemas import list_of

#: In the order in which a search box shows them: what leads somewhere before what is one work of many.
KINDS = ("researcher", "topic", "institution", "work")
DEFAULT_LIMIT = 10
MAX_LIMIT = 50


class SuggestionLinks(Schema):
    """Addresses of what is suggested."""

    self = fields.String(required=True)
    html = fields.String(required=True)


class Suggestion(Schema):
    """Something that begins as what was typed."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.String(required=True)
    label = fields.String(required=True)
    hint = fields.String(required=True, metadata={"description": "Tells it apart from others of the same name."})
    links = fields.Nested(SuggestionLinks, required=True)


SuggestionList = list_of(Suggestion, "SuggestionList")


class AutocompleteArgs(Args):
    """What was typed so far."""

    q = fields.String(
        load_default="",
        validate=validate.Length(max=500),
        metadata={"description": "Words in any order; the last one may be only begun. Nothing typed, nothing offered."},
    )
    kind = CommaList(KINDS, metadata={"description": "Only these kinds."})
    limit = Whole(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(min=1, max=MAX_LIMIT),
        metadata={"description": f"Suggestions in all, shared out among the kinds; at most {MAX_LIMIT}."},
    )
    select = selection(Suggestion)

"""Parameters of the feeds."""

from __future__ import annotations

from marshmallow import fields, validate

from search_api.http.args import MAX_QUERY, Args
from search_api.retrieval.filters import filter_args
from search_api.works.fields import FIELDS
from search_api.works.schemas import MODES


class FeedArgs(Args):
    """Parameters of the feed of a researcher or topic: none."""


class WorksFeedArgs(Args, filter_args(FIELDS)):  # type: ignore[misc]  # the base is made from the table
    """Parameters of the feed of a search."""

    q = fields.String(load_default="", validate=validate.Length(max=MAX_QUERY), metadata={"description": "Query."})
    mode = fields.String(
        load_default="hybrid",
        validate=validate.OneOf(MODES),
        metadata={"description": "Keywords and meaning, meaning only, or keywords only."},
    )

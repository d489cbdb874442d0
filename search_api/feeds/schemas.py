"""What feeds can be asked for."""

from __future__ import annotations

from marshmallow import fields, validate

from search_api.http.args import MAX_QUERY, Args, filter_args
from search_api.works import queries
from search_api.works.schemas import MODES


class FeedArgs(Args):
    """The feed of one thing."""


class WorksFeedArgs(Args, filter_args(queries.FILTERS)):  # type: ignore[misc]  # the base is made from the table
    """The feed of a search."""

    q = fields.String(
        load_default="", validate=validate.Length(max=MAX_QUERY), metadata={"description": "What to look for."}
    )
    mode = fields.String(
        load_default="hybrid",
        validate=validate.OneOf(MODES),
        metadata={"description": "By words and meaning, by meaning, or by words."},
    )

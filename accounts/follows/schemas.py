"""Follows and the feed over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.follows.following import KINDS
from accounts.texts import Text
from search_api.http.args import MAX_QUERY, PageArgs
from search_api.http.schemas import list_of
from search_api.works.schemas import Work

SINCE = ("follow", "ever")


class FollowsArgs(PageArgs):
    """What one follows."""

    kind = fields.String(
        load_default=None, validate=validate.OneOf(KINDS), metadata={"description": "Only things of this kind."}
    )


class FollowLinks(Schema):
    """Addresses of a follow."""

    self = fields.String(required=True, metadata={"description": "DELETE ends it."})
    html = fields.String(required=True, metadata={"description": "The page of what is followed."})


class Followed(Schema):
    """One thing that is followed."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    target = fields.String(required=True, metadata={"description": "Its id; of a search the query string."})
    label = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    links = fields.Nested(FollowLinks, required=True)


FollowList = list_of(Followed, "FollowList")


class NewFollow(Schema):
    """A search to follow."""

    kind = fields.String(required=True, validate=validate.Equal("search"))
    query = Text(
        MAX_QUERY, required=True, metadata={"description": "The query string of a search for works, as `q=x&topic=y`."}
    )


class FeedArgs(PageArgs):
    """The feed."""

    since = fields.String(
        load_default="follow",
        validate=validate.OneOf(SINCE),
        metadata={"description": "What came in since each thing is followed, or `ever`: all there is."},
    )


class Because(Schema):
    """A follow that brought a work."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    label = fields.String(required=True)


class FeedWork(Work):
    """A work in the feed."""

    added_at = fields.String(allow_none=True, metadata={"description": "When it came in."})
    because = fields.List(fields.Nested(Because), required=True)


FeedList = list_of(FeedWork, "FeedList")


class FeedAddress(Schema):
    """The address of the private Atom feed, which is told once."""

    url = fields.String(required=True)

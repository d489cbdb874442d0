"""Schemas of follows and activity, and a follow in the form that they dump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from flask import url_for
from marshmallow import Schema, fields, validate

from accounts.follows.service import KINDS
from accounts.texts import Text
from search_api.http.args import MAX_QUERY, Args, PageArgs
from search_api.http.schemas import list_of
from search_api.works.schemas import Work

if TYPE_CHECKING:
    from accounts.follows.models import Follow

SINCE = ("follow", "ever")


class FollowsArgs(PageArgs):
    """Arguments of the list of follows."""

    kind = fields.String(
        load_default=None, validate=validate.OneOf(KINDS), metadata={"description": "Only follows of this kind."}
    )


class FollowLinks(Schema):
    """Links of a follow."""

    self = fields.String(required=True, metadata={"description": "DELETE ends the follow."})
    html = fields.String(required=True, metadata={"description": "The page of what is followed."})


class FollowSchema(Schema):
    """A follow."""

    id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    target = fields.String(required=True, metadata={"description": "An id; of a search, the query string."})
    label = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    links = fields.Nested(FollowLinks, required=True)


FollowList = list_of(FollowSchema, "FollowList")


class NewFollow(Schema):
    """A search to follow."""

    kind = fields.String(required=True, validate=validate.Equal("search"))
    query = Text(
        MAX_QUERY,
        required=True,
        metadata={"description": "The query string of a search for works, such as `q=x&topic=y`."},
    )


class FollowForm(Args):
    """The button that follows or unfollows, and whether it is on the page of the activity."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    target = Text(MAX_QUERY, required=True)
    on_feed = fields.Boolean(load_default=False)


class ActivityArgs(PageArgs):
    """Arguments of the activity."""

    since = fields.String(
        load_default="follow",
        validate=validate.OneOf(SINCE),
        metadata={"description": "`follow`: works added since each follow was made; `ever`: all works."},
    )


class MatchedFollow(Schema):
    """A follow that brought a work."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    label = fields.String(required=True)


class ActivityWork(Work):
    """A work that a follow brought."""

    added_at = fields.String(allow_none=True, metadata={"description": "When the work was added to the index."})
    matched_follows = fields.List(fields.Nested(MatchedFollow), required=True)


ActivityList = list_of(ActivityWork, "ActivityList")


class FeedUrl(Schema):
    """The URL of the private Atom feed, which is shown only once."""

    url = fields.String(required=True)


def serialize_follow(follow: Follow) -> dict[str, Any]:
    """Return a follow with its links, as `FollowSchema` dumps it."""
    target = follow.id if follow.kind == "search" else follow.target
    return {
        "id": follow.id,
        "kind": follow.kind,
        "target": follow.target,
        "label": follow.label,
        "created_at": follow.created_at,
        "links": {
            "self": url_for("follows.unfollow_thing", kind=follow.kind, target_=target),
            "html": target_url(follow.kind, follow.target),
        },
    }


def target_url(kind: str, target: str) -> str:
    """Return the URL of what is followed. A query string is parsed and encoded again, as it becomes part of a URL."""
    if kind == "search":
        return f"{url_for('web.search')}?{urlencode(parse_qsl(target))}"
    return url_for(f"web.{kind}", id_=target)

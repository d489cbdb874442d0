"""JSON routes of follows and activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, url_for

from accounts.follows import schemas, service
from accounts.follows.activity import list_activity
from accounts.resources import database
from accounts.settled import settled
from accounts.slices import page_of
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.errors import not_found
from search_api.http.services import services

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.follows.service import Target

blueprint = Blueprint("follows", __name__, url_prefix="/api/v1")


@blueprint.get("/me/follows")
@endpoint(schemas.FollowsArgs, schemas.FollowList, "List your follows", scope="read")
def follows(args: dict[str, Any], actor: Actor) -> Any:
    """List what you follow, newest first."""
    with database().read() as session:
        rows = service.follows_of(session, actor.account_id, args["kind"])
    return page_of(rows, args, schemas.serialize_follow)


@blueprint.post("/me/follows")
@endpoint(Args, schemas.FollowSchema, "Follow a search", body=schemas.NewFollow, scope="follow", status=201)
def follow_search(body: dict[str, Any], actor: Actor) -> Any:
    """Follow a search for works. Page, sort and facets are ignored; following it again returns the same follow."""
    return _follow(actor, service.find_target(services(), "search", body["query"]))


@blueprint.put("/me/follows/<kind>/<path:target_>")
@endpoint(Args, schemas.FollowSchema, "Follow a researcher, topic or institution", scope="follow")
def follow_thing(kind: str, target_: str, actor: Actor) -> Any:
    """Follow a `researcher` by any of their ids, a `topic`, or an `institution` by its id or ROR id."""
    if kind not in service.KINDS_WITH_ID:
        raise not_found("kind of thing to follow", kind)
    return _follow(actor, service.find_target(services(), kind, target_))


@blueprint.delete("/me/follows/<kind>/<path:target_>")
@endpoint(Args, schemas.FollowSchema, "Unfollow", scope="follow", status=204)
def unfollow_thing(kind: str, target_: str, actor: Actor) -> None:
    """End a follow; a search is named by the follow's id or its query string. Does nothing if it is not followed."""
    if kind not in service.KINDS:
        raise not_found("kind of thing to follow", kind)
    with database().begin() as session:
        if service.unfollow(session, actor.account_id, kind, target_):
            return
    # Perhaps another id of the same target.
    id_ = service.canonical_id(services(), kind, target_)
    with database().begin() as session:
        service.unfollow(session, actor.account_id, kind, id_)


@blueprint.get("/me/feed")
@endpoint(schemas.ActivityArgs, schemas.ActivityList, "List new works in what you follow", scope="read")
def my_feed(args: dict[str, Any], actor: Actor) -> Any:
    """List the works that your follows bring, those added last first, each with the follows that match it."""
    with database().read() as session:
        rows = service.follows_of(session, actor.account_id)
    return list_activity(services(), rows, args)


@blueprint.post("/me/feed/address")
@endpoint(Args, schemas.FeedUrl, "Create a URL of your Atom feed", scope="account", status=201)
def new_address(actor: Actor) -> Any:
    """Create the secret URL of your Atom feed, which is shown only now. The previous one stops working."""
    with database().begin() as session:
        secret = service.new_feed_token(session, actor.account_id)
    return {"url": url_for("my_feed.atom", token=secret, _external=True)}


@blueprint.delete("/me/feed/address")
@endpoint(Args, schemas.FeedUrl, "Revoke the URL of your Atom feed", scope="account", status=204)
def drop_address(actor: Actor) -> None:
    """Revoke the URL of your Atom feed."""
    with database().begin() as session:
        service.revoke_feed_token(session, actor.account_id)


def _follow(actor: Actor, target: Target) -> dict[str, Any]:
    follow = settled(database(), lambda session: service.follow(session, actor.account_id, target))
    return schemas.serialize_follow(follow)

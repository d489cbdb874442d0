"""Routes of follows and of the feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, url_for

from accounts.follows import address, feed, schemas
from accounts.follows.following import KINDS, follow, follows_of, unfollow
from accounts.follows.show import shown
from accounts.follows.targets import FOUND_BY_ID, own_id, target
from accounts.resources import database
from accounts.settled import settled
from accounts.slices import page_of
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.errors import not_found
from search_api.http.services import services

if TYPE_CHECKING:
    from accounts.actors import Actor

blueprint = Blueprint("follows", __name__, url_prefix="/api/v1")


@blueprint.get("/me/follows")
@endpoint(schemas.FollowsArgs, schemas.FollowList, "What you follow", scope="read")
def follows(args: dict[str, Any], actor: Actor) -> Any:
    """List what you follow, the latest first."""
    with database().read() as session:
        return page_of(follows_of(session, actor.account_id, args["kind"]), args, shown)


@blueprint.post("/me/follows")
@endpoint(Args, schemas.Followed, "Follow a search", body=schemas.NewFollow, scope="follow", status=201)
def follow_search(args: dict[str, Any], body: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Follow a search for works; how its results are shown is no part of it. The same search twice is one follow."""
    wanted = target(services(), "search", body["query"])
    return shown(settled(database(), lambda session: follow(session, actor.account_id, wanted)))


@blueprint.put("/me/follows/<kind>/<path:target_>")
@endpoint(Args, schemas.Followed, "Follow a researcher or a topic", scope="follow")
def follow_thing(args: dict[str, Any], kind: str, target_: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Follow a researcher (`researcher`, any of their ids) or a topic (`topic`). Twice is once."""
    if kind not in FOUND_BY_ID:
        raise not_found("kind of thing to follow", kind)
    wanted = target(services(), kind, target_)
    return shown(settled(database(), lambda session: follow(session, actor.account_id, wanted)))


@blueprint.delete("/me/follows/<kind>/<path:target_>")
@endpoint(Args, schemas.Followed, "Follow it no more", scope="follow", status=204)
def unfollow_thing(args: dict[str, Any], kind: str, target_: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """End a follow, of a search by the follow's id or its query string. What is not followed stays so."""
    if kind not in KINDS:
        raise not_found("kind of thing to follow", kind)
    with database().begin() as session:
        if unfollow(session, actor.account_id, kind, target_):
            return
    # Asked for by another of its ids.
    other = own_id(services(), kind, target_)
    with database().begin() as session:
        unfollow(session, actor.account_id, kind, other)


@blueprint.get("/me/feed")
@endpoint(schemas.FeedArgs, schemas.FeedList, "What is new for you", scope="read")
def my_feed(args: dict[str, Any], actor: Actor) -> Any:
    """List the works that what you follow has brought, what came in last first, and which follow brought each."""
    with database().read() as session:
        followed = follows_of(session, actor.account_id)
    return feed.feed(services(), followed, args)


@blueprint.post("/me/feed/address")
@endpoint(Args, schemas.FeedAddress, "A new address for your Atom feed", scope="account", status=201)
def new_address(args: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Make the secret address of your feed, which is told only now. The one before no longer works."""
    with database().begin() as session:
        secret = address.new_address(session, actor.account_id)
    return {"url": url_for("my_feed.atom", token=secret, _external=True)}


@blueprint.delete("/me/feed/address")
@endpoint(Args, schemas.FeedAddress, "No address for your Atom feed", scope="account", status=204)
def drop_address(args: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Close the Atom feed: its address no longer works."""
    with database().begin() as session:
        address.drop_address(session, actor.account_id)

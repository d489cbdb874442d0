"""The page of an account's activity, the buttons that follow and unfollow, and the private Atom feed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, render_template, request, url_for
from opensearchpy.exceptions import TransportError

from accounts.actors import current_actor, require_scope
from accounts.blueprint import blueprint
from accounts.follows import schemas, searches, service
from accounts.follows.activity import list_activity
from accounts.forms import form, read
from accounts.resources import database, or_default
from accounts.settled import settled
from search_api.feeds.atom import Feed, document
from search_api.feeds.views import ENTRIES, FeedArgs
from search_api.http import args as arguments
from search_api.http.args import Args
from search_api.http.endpoint import ATOM, plain
from search_api.http.errors import Problem, from_opensearch, not_found
from search_api.http.services import services
from search_api.web.blueprint import parse, read_list

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.follows.models import Follow

Form = dict[str, Any]
Page = str | tuple[str, int, dict[str, str]]
FEED_PAGE = "accounts.feed_page"

#: Feed readers cannot log in, so whoever has the URL may read the feed.
atom_blueprint = Blueprint("my_feed", __name__, url_prefix="/feeds/me")


def _back(given: Form) -> str:
    if not given or given["on_feed"]:
        return url_for(FEED_PAGE)
    return schemas.target_url(given["kind"], given["target"].removeprefix("?"))


@blueprint.get("/feed")
def feed_page() -> Page:
    """Show new works in what the account follows, and its follows."""
    return _feed_page(require_scope("read"))


@blueprint.post("/feed/address")
def new_address_form() -> Page:
    """Create a new URL of the Atom feed, and show it this once."""
    actor = require_scope("account")
    read(Args())
    with database().begin() as session:
        secret = service.new_feed_token(session, actor.account_id)
    return _feed_page(actor, url_for("my_feed.atom", token=secret, _external=True))


def _feed_page(actor: Actor, atom_url: str | None = None) -> Page:
    """Return the page; if OpenSearch refuses the request, without works, so that the cause can still be unfollowed."""
    args = parse(schemas.ActivityArgs())
    with database().read() as session:
        follows = service.follows_of(session, actor.account_id)
        has_address = service.has_feed_token(session, actor.account_id)
    problem = works = None
    try:
        works = read_list(args, partial(list_activity, services(), follows))
    except TransportError as error:
        problem = from_opensearch(error)
    page = render_template(
        "feed.html",
        args=args,
        works=works,
        follows=[schemas.serialize_follow(follow) for follow in follows],
        has_address=has_address,
        atom=atom_url,
        problem=problem,
    )
    return (page, problem.status, problem.headers) if problem else page


@blueprint.post("/follow")
@form(schemas.FollowForm, _back, "follow")
def follow_form(actor: Actor, given: Form) -> str:
    """Follow a target."""
    target = service.find_target(services(), given["kind"], given["target"])
    follow = settled(database(), lambda session: service.follow(session, actor.account_id, target))
    return f"You are now following {follow.label}. New works will appear in your feed."


@blueprint.post("/unfollow")
@form(schemas.FollowForm, _back, "follow")
def unfollow_form(actor: Actor, given: Form) -> str:
    """End a follow."""
    with database().begin() as session:
        service.unfollow(session, actor.account_id, given["kind"], given["target"])
    return "You are no longer following it."


@blueprint.post("/feed/address/remove")
@form(Args, FEED_PAGE)
def drop_address_form(actor: Actor) -> str:
    """Revoke the URL of the Atom feed."""
    with database().begin() as session:
        service.revoke_feed_token(session, actor.account_id)
    return "Your private feed URL has been revoked."


@atom_blueprint.get("/<token>.atom")
@plain("Private feed of what you follow", ATOM, FeedArgs)
def atom(token: str) -> Response:
    """Return the new works of the account whose secret URL this is."""
    arguments.parse(Args(), request.args)
    # The URL is a secret, so the response must not be cached, nor the path logged.
    g.private = True
    with database().read() as session:
        account_id = service.account_of_feed(session, token)
        follows = service.follows_of(session, account_id) if account_id else []
    if account_id is None:
        raise not_found("feed", "…")
    works = list_activity(services(), follows, {"page": 1, "per_page": ENTRIES, "since": "follow"})
    here, page = url_for("my_feed.atom", token=token, _external=True), url_for(FEED_PAGE, _external=True)
    xml = document(Feed("New in what you follow on Peerscope", here, page), works["results"])
    return Response(xml, content_type="application/atom+xml; charset=utf-8")


@or_default(None)
def follow_of(kind: str, id_: str) -> Follow | None:
    """Return the actor's follow of a target, for the button on its page; None if logged out."""
    actor = current_actor()
    if actor is None:
        return None
    with database().read() as session:
        return service.followed(session, actor.account_id, kind, id_)


def this_search() -> str | None:
    """Return the search of this page as a follow's target; None if it cannot be followed."""
    try:
        return searches.read(services(), request.query_string.decode()).canonical()
    except (Problem, UnicodeDecodeError):
        return None


blueprint.add_app_template_global(follow_of)
blueprint.add_app_template_global(this_search)

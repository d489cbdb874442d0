"""The feed's page, and the buttons that follow and unfollow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, request, url_for
from marshmallow import fields, validate
from opensearchpy.exceptions import TransportError

from accounts.actors import current_actor, require_scope
from accounts.blueprint import blueprint
from accounts.follows import address, feed, schemas, searches
from accounts.follows.following import KINDS, follow, followed, follows_of, unfollow
from accounts.follows.show import address_of, shown
from accounts.follows.targets import target
from accounts.forms import form, read
from accounts.resources import database
from accounts.settled import settled
from accounts.texts import Text
from search_api.http.args import MAX_QUERY, Args
from search_api.http.errors import Problem, from_opensearch
from search_api.http.services import services
from search_api.web.blueprint import parse

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.follows.models import Follow

Form = dict[str, Any]
Page = str | tuple[str, int, dict[str, str]]


class FollowForm(Args):
    """A button: what to follow or unfollow, and whether it stood on the feed's page."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    target = Text(MAX_QUERY, required=True)
    on_feed = fields.Boolean(load_default=False)


def _back(given: Form) -> str:
    if not given or given["on_feed"]:
        return url_for("accounts.feed_page")
    return address_of(given["kind"], given["target"].removeprefix("?"))


@blueprint.get("/feed")
def feed_page() -> Page:
    """Show what is new in what somebody follows, and what that is."""
    return _page(require_scope("read"))


@blueprint.post("/feed/address")
def new_address_form() -> Page:
    """Make a new address for the Atom feed, and show it this once."""
    actor = require_scope("account")
    read(Args())
    with database().begin() as session:
        secret = address.new_address(session, actor.account_id)
    return _page(actor, url_for("my_feed.atom", token=secret, _external=True))


def _page(actor: Actor, atom: str | None = None) -> Page:
    """Show the feed; where OpenSearch cannot give it, still what is followed, so that it can be unfollowed."""
    args = parse(schemas.FeedArgs())
    with database().read() as session:
        own = follows_of(session, actor.account_id)
        has_address = address.has_address(session, actor.account_id)
    problem = found = None
    try:
        found = feed.feed(services(), own, args)
    except TransportError as error:
        problem = from_opensearch(error)
    told = {"args": args, "found": found, "follows": [shown(one) for one in own], "has_address": has_address}
    page = render_template("feed.html", **told, atom=atom, problem=problem)
    return (page, problem.status, problem.headers) if problem else page


@blueprint.post("/follow")
@form(FollowForm, _back, "follow")
def follow_form(actor: Actor, given: Form) -> str:
    """Follow what the button stands for."""
    wanted = target(services(), given["kind"], given["target"])
    made = settled(database(), lambda session: follow(session, actor.account_id, wanted))
    return f"You are now following {made.label}. New works will appear in your feed."


@blueprint.post("/unfollow")
@form(FollowForm, _back, "follow")
def unfollow_form(actor: Actor, given: Form) -> str:
    """End a follow."""
    with database().begin() as session:
        unfollow(session, actor.account_id, given["kind"], given["target"])
    return "You are no longer following it."


@blueprint.post("/feed/address/remove")
@form(Args, "accounts.feed_page")
def drop_address_form(actor: Actor, given: Form) -> str:  # noqa: ARG001 (it is empty)
    """Let no address open the Atom feed."""
    with database().begin() as session:
        address.drop_address(session, actor.account_id)
    return "Your private feed URL has been revoked."


def follow_of(kind: str, id_: str) -> Follow | None:
    """Return the reader's follow of a thing, for the button on its page; None for nobody."""
    actor = current_actor()
    if actor is None:
        return None
    with database().read() as session:
        return followed(session, actor.account_id, kind, id_)


def this_search() -> str | None:
    """Return what this page searches for as a follow names it; None where that cannot be followed."""
    try:
        return searches.read(services(), request.query_string.decode()).canonical()
    except (Problem, UnicodeDecodeError):
        return None


blueprint.add_app_template_global(follow_of)
blueprint.add_app_template_global(this_search)

"""The private Atom feed, for feed readers: whoever has its address may read it."""

from __future__ import annotations

from flask import Blueprint, Response, g, request, url_for

from accounts.follows import feed
from accounts.follows.address import account_of
from accounts.follows.following import follows_of
from accounts.resources import database
from search_api.feeds.atom import Feed, document
from search_api.feeds.schemas import FeedArgs
from search_api.feeds.views import ENTRIES
from search_api.http import args as arguments
from search_api.http.endpoint import ATOM, plain
from search_api.http.errors import not_found
from search_api.http.services import services

blueprint = Blueprint("my_feed", __name__, url_prefix="/feeds/me")


@blueprint.get("/<token>.atom")
@plain("Private feed of what you follow", ATOM, FeedArgs)
def atom(token: str) -> Response:
    """Return what is new for the account whose secret address this is."""
    arguments.parse(arguments.Args(), request.args)
    # The address is the key to it: in no cache, and in no log (see `journal`).
    g.private = True
    with database().read() as session:
        account_id = account_of(session, token)
        followed = follows_of(session, account_id) if account_id else []
    if account_id is None:
        raise not_found("feed", "…")
    found = feed.feed(services(), followed, {"page": 1, "per_page": ENTRIES, "since": "follow"})
    here, page = url_for("my_feed.atom", token=token, _external=True), url_for("accounts.feed_page", _external=True)
    written = document(Feed("New in what you follow on Peerscope", here, page), found["results"])
    return Response(written, content_type="application/atom+xml; charset=utf-8")

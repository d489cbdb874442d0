"""After a log-in or registration: completing the follow that led there, and the first steps with a new account."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from flask import flash, redirect, render_template, session, url_for
from opensearchpy.exceptions import TransportError

from accounts.actors import require_scope
from accounts.blueprint import blueprint
from accounts.follows import service
from accounts.forms import own_path
from accounts.login.pages import PENDING_FOLLOW
from accounts.resources import database
from accounts.settled import settled
from search_api.http.errors import Problem
from search_api.http.services import services
from search_api.topics import search as topics_search
from search_api.topics.schemas import TopicsArgs

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

#: Topics offered to follow.
OFFERED = 12
#: Paths of pages with a button to follow, by the kind of what they show.
PREFIXES = {"researcher": "/researchers/", "topic": "/topics/", "institution": "/institutions/"}


def target_at(path: str) -> tuple[str, str] | None:
    """Return kind and target of what the page at a path of this site offers to follow; None for other pages."""
    parts = urlsplit(path)
    if parts.path == "/search" and parts.query:
        return "search", parts.query
    for kind, prefix in PREFIXES.items():
        if parts.path.startswith(prefix) and len(parts.path) > len(prefix):
            return kind, unquote(parts.path.removeprefix(prefix))
    return None


@blueprint.get("/welcome/continue")
def complete_follow() -> Response:
    """Follow what the reader wanted to follow before logging in, and return to its page.

    The page is in the signed cookie, which only the log-in form writes, so a link on another site cannot cause a
    follow.
    """
    actor = require_scope("follow")
    back = own_path(str(session.pop(PENDING_FOLLOW, "")), "/")
    if wanted := target_at(back):
        try:
            target = service.find_target(services(), *wanted)
            followed = settled(database(), lambda transaction: service.follow(transaction, actor.account_id, target))
            flash(f"You are now following {followed.label}. New works will appear in your feed.", "done")
        except Problem as problem:
            flash(problem.detail, "wrong")
    return redirect(back, HTTPStatus.SEE_OTHER)


@blueprint.get("/welcome")
def welcome() -> str:
    """Show the first steps with a new account: find yourself, and follow topics."""
    actor = require_scope("read")
    topics: list[dict[str, Any]] = []
    with suppress(Problem, TransportError):  # the step can be done without
        topics = topics_search.search(services(), TopicsArgs().load({"per_page": OFFERED}))["results"]
    return render_template(
        "welcome.html", name=actor.name, topics=topics, find=url_for("web.researchers", q=actor.name)
    )

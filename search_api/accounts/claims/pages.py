"""Pages of claims: claiming a profile, and what its owner says. Plain forms; each does what a route of the API does."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from marshmallow import Schema, ValidationError

from search_api.accounts.claims import own, serving
from search_api.accounts.claims.schemas import ClaimBody, ProfileBody
from search_api.accounts.who import needed, who
from search_api.args import PageArgs
from search_api.errors import Problem
from search_api.paging import DEFAULT_PER_PAGE
from search_api.services import services
from search_api.web.blueprint import blueprint, parse
from search_api.works import search as works_search
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

#: What a statement on a work is by name; None takes it back.
SAYINGS: dict[str, bool | None] = {"mine": True, "not mine": False, "as found": None}


@blueprint.get("/researchers/<path:id_>/claim")
def claim_page(id_: str) -> str | Response:
    """Ask whether this is the reader, and for a statement where that is of use."""
    record = serving.record_of(id_)
    if who() is None:
        return _log_in_first(url_for("web.claim_page", id_=record["id"]))
    actor = needed("claim")
    mine = serving.current(actor.account_id)
    return render_template("claim.html", person=record, claim=mine, orcid=serving.orcid_of(actor.account_id))


@blueprint.post("/researchers/<path:id_>/claim")
def claim_form(id_: str) -> Response:
    """Claim it."""
    actor = needed("claim")
    body = checked(ClaimBody(), {"statement": request.form.get("statement", "")})
    made = serving.claim(actor.account_id, id_, body["statement"])
    flash("It is yours." if made["status"] == "verified" else "Your claim waits for an admin.", "done")
    return _back()


@blueprint.get("/account/profile")
def own_profile() -> str | Response:
    """Show the owner what they say, and their works; whoever has a claim that waits or ended, where it stands."""
    if who() is None:
        return _log_in_first(url_for("web.own_profile"))
    actor, args = needed("claim"), parse(PageArgs())
    claim = serving.current(actor.account_id)
    is_owner = claim is not None and claim["status"] == "verified"
    found: dict[str, Any] = {}
    if claim and is_owner:
        asked = WorksArgs().load({"page": args["page"], "per_page": DEFAULT_PER_PAGE, "sort": "newest"})
        theirs = {"term": {"researchers.id": claim["researcher_id"]}}
        with services().accounts.read() as session:
            said = own.statements(session, claim["id"])
        found = {
            "works": works_search.search(services(), asked, fixed=[theirs]),
            "said": {one.work_id: one for one in said},
        }
    return render_template("own_profile.html", claim=claim, is_owner=is_owner, sayings=list(SAYINGS), **found)


@blueprint.post("/account/profile")
def own_profile_form() -> Response:
    """Set what the form says: all of it, an empty field clears."""
    actor, form = needed("claim"), request.form
    given: dict[str, Any] = {name: form.get(name, "") for name in ("preferred_name", "affiliation", "bio")}
    given["links"] = form.get("links", "").split()
    given["open_to_collaborate"] = form.get("open_to_collaborate") == "true"
    serving.change(actor.account_id, checked(ProfileBody(), given))
    flash("Saved. It is on your profile in a moment.", "done")
    return _back()


@blueprint.post("/account/profile/works")
def own_work_form() -> Response:
    """Say of a work that it is theirs, or not, or take that back."""
    actor, work_id = needed("claim"), request.form.get("work", "").strip()
    saying = request.form.get("saying", "")
    if saying not in SAYINGS or not work_id:
        raise Problem(HTTPStatus.BAD_REQUEST, "Name a work, and say whether it is yours.")
    is_mine = SAYINGS[saying]
    if is_mine is None:
        serving.unsay(actor.account_id, work_id)
    else:
        serving.say(actor.account_id, work_id, is_mine=is_mine)
    flash("Noted. It shows from the next indexing run on.", "done")
    return _back()


@blueprint.post("/account/profile/release")
def release_form() -> Response:
    """Let the profile go."""
    actor = needed("claim")
    serving.release(actor.account_id, request.form.get("researcher", ""))
    flash("The profile is not yours any more.", "done")
    return _back()


def checked(schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a form says. Raises Problem (422) that names what is wrong."""
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        messages = {name: [str(text) for text in _flat(found)] for name, found in error.messages_dict.items()}
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This cannot be saved as it is.", messages) from error
    return loaded


def _flat(found: Any) -> list[Any]:
    return [text for part in found.values() for text in _flat(part)] if isinstance(found, dict) else list(found)


def _log_in_first(back: str) -> Response:
    return redirect(f"{url_for('web.login')}?{urlencode({'for': 'claim', 'next': back})}", HTTPStatus.SEE_OTHER)


def _back() -> Response:
    return redirect(url_for("web.own_profile"), HTTPStatus.SEE_OTHER)

"""Pages of claims: claiming a profile, and what its owner says. Plain forms; each does what a route of the API does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import make_response, render_template

from accounts.actors import current_actor, require_scope
from accounts.blueprint import blueprint
from accounts.claims import emails, own, serving
from accounts.claims.ownership import owner_of
from accounts.claims.schemas import SAYINGS, ClaimBody, EmailBody, ProfileForm, ReleaseForm, WorkForm
from accounts.forms import form
from accounts.records import record_of
from accounts.resources import database
from search_api.http.args import Args, PageArgs
from search_api.http.paging import DEFAULT_PER_PAGE
from search_api.http.services import services
from search_api.web.blueprint import parse
from search_api.works import search as works_search
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from flask import Response

    from accounts.actors import Actor

Given = dict[str, Any]
#: The page that forms lead back to.
MINE = "accounts.own_profile"


@blueprint.get("/researchers/<path:id_>/claim")
def claim_page(id_: str) -> str:
    """Ask whether this is the reader, and for a statement where that is of use."""
    actor, record = require_scope("claim"), record_of(services(), id_)
    mine = serving.current(actor.account_id)
    return render_template("claim.html", person=record, claim=mine, orcid=serving.orcid_of(actor.account_id))


@blueprint.post("/researchers/<path:id_>/claim")
@form(ClaimBody, MINE, "claim", again="accounts.claim_page")
def claim_form(actor: Actor, given: Given, id_: str) -> str:
    """Claim it."""
    made = serving.claim(actor.account_id, id_, given["statement"])
    return "Your claim is verified." if made["status"] == "verified" else "Your claim is awaiting review."


@blueprint.get("/account/profile")
def own_profile() -> str:
    """Show the owner what they say, and their works; whoever has a claim that waits or ended, where it stands."""
    actor, args = require_scope("claim"), parse(PageArgs())
    claim = serving.current(actor.account_id)
    is_owner = claim is not None and claim["status"] == "verified"
    found: dict[str, Any] = {}
    if claim and is_owner:
        asked = WorksArgs().load({"page": args["page"], "per_page": DEFAULT_PER_PAGE, "sort": "newest"})
        theirs = {"term": {"researchers.id": claim["researcher_id"]}}
        with database().read() as session:
            said = own.statements(session, claim["id"])
            addresses = emails.proven(session, actor.account_id)
        found = {
            "works": works_search.search(services(), asked, fixed=[theirs]),
            "said": {one.work_id: one for one in said},
            "addresses": addresses,
        }
    names = services().labels(services().names.researchers, [claim["researcher_id"]] if claim else [])
    name = claim and names.get(claim["researcher_id"], claim["researcher_id"])
    return render_template("own_profile.html", claim=claim, name=name, is_owner=is_owner, **found)


@blueprint.post("/account/profile")
@form(ProfileForm, MINE, "claim", again=MINE)
def own_profile_form(actor: Actor, given: Given) -> str:
    """Set what the form says: all of it, an empty field clears."""
    serving.change(actor.account_id, given)
    return "Saved. Your profile will update shortly."


@blueprint.post("/account/profile/works")
@form(WorkForm, MINE, "claim")
def own_work_form(actor: Actor, given: Given) -> str:
    """Say of a work that it is theirs, or not, or take that back."""
    is_mine = SAYINGS[given["saying"]]
    if is_mine is None:
        serving.unsay(actor.account_id, given["work"])
    else:
        serving.say(actor.account_id, given["work"], is_mine=is_mine)
    return "Saved. It will take effect at the next update."


@blueprint.post("/account/profile/release")
@form(ReleaseForm, MINE, "claim")
def release_form(actor: Actor, given: Given) -> str:
    """Let the profile go."""
    serving.release(actor.account_id, given["researcher"])
    return "You have given up the profile."


@blueprint.post("/account/profile/email")
@form(EmailBody, MINE, "claim", again=MINE)
def institution_email_form(actor: Actor, given: Given) -> str:
    """Mail a link to an address at an institution."""
    return f"We have sent a link to {emails.ask(services(), actor, given['email'])}. It expires in an hour."


@blueprint.post("/account/profile/email/forget")
@form(EmailBody, MINE, "claim")
def forget_email_form(actor: Actor, given: Given) -> str:
    """Take a proven address off."""
    emails.forget(actor, given["email"])
    return "The address has been removed."


@blueprint.get("/account/profile/email/<token>")
def institution_email(token: str) -> Response:
    """Ask whether the address is theirs. The link goes on working until that is sent: programs open links too."""
    actor = require_scope("claim")
    with database().read() as session:
        address = emails.look(session, actor, token).address
    page = make_response(render_template("institution_email.html", address=address))
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


@blueprint.post("/account/profile/email/<token>")
@form(Args, MINE, "claim")
def confirm_email_form(actor: Actor, given: Given, token: str) -> str:  # noqa: ARG001 (nothing but the wish)
    """Take it as proven."""
    return f"{emails.confirm(actor, token)} is confirmed."


def owns_profile(researcher_id: str) -> bool:
    """Return whether the actor owns the profile of a researcher."""
    actor = current_actor()
    if actor is None:
        return False
    with database().read() as session:
        owner = owner_of(session, researcher_id)
    return owner is not None and owner.account_id == actor.account_id


blueprint.add_app_template_global(owns_profile)

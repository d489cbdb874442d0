"""Pages of claims: claiming a profile, and what its owner states. Each form does what a route of the API does."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import make_response, render_template

from accounts.actors import current_actor, require_scope
from accounts.blueprint import blueprint
from accounts.claims import institution_emails, profile, service
from accounts.claims.lifecycle import OPEN
from accounts.claims.schemas import FORM_STATEMENTS, ClaimBody, EmailBody, ProfileForm, ReleaseForm, WorkForm
from accounts.forms import form
from accounts.records import record_of
from accounts.resources import database, or_default
from search_api.http.args import Args, PageArgs
from search_api.http.errors import Problem
from search_api.http.paging import DEFAULT_PER_PAGE
from search_api.http.services import services
from search_api.web.blueprint import parse, read_list
from search_api.works import search as works_search
from search_api.works.documents import find_ids
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from accounts.actors import Actor
    from accounts.claims.models import WorkStatement

Form = dict[str, Any]
SCOPE = "claim"
#: The page that forms redirect to.
OWN_PROFILE = "accounts.own_profile"


@blueprint.get("/researchers/<path:id_>/claim")
def claim_page(id_: str) -> str:
    """Show the form that claims a profile; it asks for evidence unless the ORCID iDs match."""
    actor, record = require_scope(SCOPE), record_of(services(), id_)
    claim = service.current_claim(actor.account_id)
    return render_template("claim.html", person=record, claim=claim, orcid=service.orcid_of(actor.account_id))


@blueprint.post("/researchers/<path:id_>/claim")
@form(ClaimBody, OWN_PROFILE, SCOPE, again="accounts.claim_page")
def claim_form(actor: Actor, given: Form, id_: str) -> str:
    """Claim a profile."""
    claim = service.claim(actor.account_id, id_, given["statement"])
    return "Your claim is verified." if claim["status"] == "verified" else "Your claim is awaiting review."


@blueprint.get("/account/profile")
def own_profile() -> str:
    """Show the owner's profile, works and statements, or the status of a claim that is pending or has ended."""
    actor, args = require_scope(SCOPE), parse(PageArgs())
    claim = service.current_claim(actor.account_id)
    is_owner = claim is not None and claim["status"] == "verified"
    context = _owner_context(actor, claim, args["page"]) if claim and is_owner else {}
    names = services().labels(services().names.researchers, [claim["researcher_id"]] if claim else [])
    name = claim and names.get(claim["researcher_id"], claim["researcher_id"])
    return render_template("own_profile.html", claim=claim, name=name, is_owner=is_owner, **context)


def _owner_context(actor: Actor, claim: service.Result, page: int) -> dict[str, Any]:
    works_args = WorksArgs().load({"page": page, "per_page": DEFAULT_PER_PAGE, "sort": "newest"})
    by_owner = {"term": {"researchers.id": claim["researcher_id"]}}
    with database().read() as session:
        statements = profile.statements_of(session, claim["id"])
        addresses = institution_emails.proven_addresses(session, actor.account_id)
    return {
        "works": read_list(works_args, partial(works_search.search, services(), fixed=[by_owner])),
        "statements": _by_current_id(statements),
        "addresses": addresses,
    }


def _by_current_id(statements: Sequence[WorkStatement]) -> dict[str, WorkStatement]:
    """Return statements by the ids that their works have now; of several about one work, the newest, which is first."""
    current = find_ids(services(), [statement.work_id for statement in statements]) if statements else {}
    by_id: dict[str, WorkStatement] = {}
    for statement in statements:
        by_id.setdefault(current.get(statement.work_id, statement.work_id), statement)
    return by_id


@blueprint.post("/account/profile")
@form(ProfileForm, OWN_PROFILE, SCOPE, again=OWN_PROFILE)
def own_profile_form(actor: Actor, given: Form) -> str:
    """Set all fields of the profile; an empty field clears it."""
    service.update_profile(actor.account_id, given)
    return "Saved. Your profile will update shortly."


@blueprint.post("/account/profile/works")
@form(WorkForm, OWN_PROFILE, SCOPE, again=OWN_PROFILE)
def own_work_form(actor: Actor, given: Form) -> str:
    """Make or delete a statement about a work."""
    is_mine = FORM_STATEMENTS[given["saying"]]
    if is_mine is None:
        service.delete_statement(actor.account_id, given["work"])
    else:
        try:
            service.set_statement(actor.account_id, given["work"], is_mine=is_mine)
        except Problem as problem:
            if problem.status != HTTPStatus.NOT_FOUND:
                raise
            # A mistyped id: the form is shown again.
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem.detail) from problem
    return "Saved. The list of works on your profile changes within seconds, other pages at the next update."


@blueprint.post("/account/profile/release")
@form(ReleaseForm, OWN_PROFILE, SCOPE)
def release_form(actor: Actor, given: Form) -> str:
    """Release the profile or withdraw the claim."""
    service.release(actor.account_id, given["researcher"])
    return "You have given up the profile."


@blueprint.post("/account/profile/email")
@form(EmailBody, OWN_PROFILE, SCOPE, again=OWN_PROFILE)
def institution_email_form(actor: Actor, given: Form) -> str:
    """Mail a confirmation link to an address at an institution."""
    address = institution_emails.send_link(services(), actor, given["email"])
    return f"We have sent a link to {address}. It expires in an hour."


@blueprint.post("/account/profile/email/forget")
@form(EmailBody, OWN_PROFILE, SCOPE)
def forget_email_form(actor: Actor, given: Form) -> str:
    """Remove a proven address."""
    institution_emails.forget(actor, given["email"])
    return "The address has been removed."


@blueprint.get("/account/profile/email/<token>")
def institution_email(token: str) -> Response:
    """Ask for a confirmation of the address. Opening the link does not consume it, as mail scanners open links too."""
    actor = require_scope(SCOPE)
    with database().read() as session:
        address = institution_emails.peek_link(session, actor, token).address
    page = make_response(render_template("institution_email.html", address=address))
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


@blueprint.post("/account/profile/email/<token>")
@form(Args, OWN_PROFILE, SCOPE)
def confirm_email_form(actor: Actor, token: str) -> str:
    """Confirm the address."""
    return f"{institution_emails.confirm(actor, token)} is confirmed."


@or_default(False)
def owns_profile(researcher_id: str) -> bool:
    """Return whether the actor owns the profile of a researcher."""
    actor = current_actor()
    return actor is not None and service.owns(actor.account_id, researcher_id)


blueprint.add_app_template_global(owns_profile)


@or_default(None)
def claim_state(researcher_id: str) -> str | None:
    """Return the status of the actor's open claim on a researcher, `pending` or `verified`; None without one."""
    actor = current_actor()
    claim = service.current_claim(actor.account_id) if actor else None
    is_open = claim is not None and claim["researcher_id"] == researcher_id and claim["status"] in OPEN
    return str(claim["status"]) if claim and is_open else None


blueprint.add_app_template_global(claim_state)

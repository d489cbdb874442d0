"""The page of one's own account, and its forms."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, flash, make_response, redirect, render_template, session, url_for

from accounts import links, logins
from accounts.actors import SCOPES, require_scope
from accounts.blueprint import blueprint
from accounts.forms import form
from accounts.login import orcid
from accounts.login.pages import LINKS, NEXT, may_leave_to_orcid
from accounts.me import account as accounts
from accounts.me import schemas
from accounts.me.api import dressed
from accounts.resources import database
from accounts.tokens import tokens
from search_api.http.args import Args
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from accounts.actors import Actor


@blueprint.get("/account")
def account() -> Response:
    """Show everything about the account, with its forms."""
    actor = require_scope("account")
    with database().read() as transaction:
        me = dressed(accounts.own(transaction, actor), actor)
        page = render_template(
            "account.html",
            me=me,
            actor=actor,
            browsers=logins.all_of(transaction, actor.account_id),
            tokens=tokens.all_of(transaction, actor.account_id),
            scopes={scope: words for scope, words in SCOPES.items() if scope != "admin" or actor.is_admin},
            has_orcid=orcid.is_set_up(),
        )
    return may_leave_to_orcid(make_response(page))


@blueprint.post("/account")
@form(schemas.ChangesForm, again="accounts.account")
def change_account(actor: Actor, given: dict[str, Any]) -> str:
    """Change the name, or whether a digest is mailed."""
    with database().begin() as transaction:
        accounts.change(transaction, actor, given)
    return "Saved."


@blueprint.post("/account/password")
@form(schemas.PasswordChange)
def change_password(actor: Actor, given: dict[str, Any]) -> str:
    """Set a new password."""
    accounts.set_password(actor, **given)
    and_tokens = " and all API tokens have been revoked" if given["tokens"] else ""
    return f"Your password has been changed. All other browsers have been logged out{and_tokens}."


@blueprint.post("/account/address")
@form(schemas.AddressChange, again="accounts.account")
def change_address(actor: Actor, given: dict[str, Any]) -> str:
    """Mail a link to a new address."""
    accounts.ask_for_address(actor, given["present"], given["email"])
    return f"Open the link we sent to {given['email']} to confirm the address."


@blueprint.get("/account/address/<token>")
def address(token: str) -> Response:
    """Ask whether the address is to be used. The link goes on working until that is sent."""
    actor = require_scope("account")
    with database().read() as transaction:
        link = links.peek_token(transaction, "address", token)
    if link.account_id != actor.account_id:
        raise Problem(HTTPStatus.NOT_FOUND, links.GONE)
    page = make_response(render_template("address.html", address=link.address))
    page.headers["Referrer-Policy"] = "no-referrer"
    return page


@blueprint.post("/account/address/<token>")
@form(Args)
def confirm_address(actor: Actor, given: dict[str, Any], token: str) -> str:  # noqa: ARG001 (nothing but the wish)
    """Use the new address."""
    return f"Your address is now {accounts.set_address(actor, token)}."


@blueprint.post("/account/orcid")
@form(schemas.Present)
def link_orcid(actor: Actor, given: dict[str, Any]) -> AnyResponse:
    """Go to ORCID to link the iD to this account."""
    with database().read() as transaction:
        accounts.prove(accounts.own(transaction, actor), given["present"])
    session[LINKS], session[NEXT] = actor.account_id, url_for("accounts.account")
    return orcid.redirect_to_orcid()


@blueprint.post("/account/orcid/unlink")
@form(schemas.Present)
def unlink_orcid(actor: Actor, given: dict[str, Any]) -> str:
    """Take the ORCID iD off."""
    with database().begin() as transaction:
        accounts.unlink_orcid(transaction, actor, given["present"])
    return "The ORCID iD has been removed from your account."


@blueprint.post("/account/logins/end")
@form(schemas.EndAllForm)
def end_logins(actor: Actor, given: dict[str, Any]) -> AnyResponse:
    """Log out everywhere."""
    with database().begin() as transaction:
        logins.end_all(transaction, actor.account_id)
        if given["tokens"]:
            logins.end_tokens(transaction, actor.account_id)
    return logins.clear_login_cookie(redirect(url_for("accounts.login"), HTTPStatus.SEE_OTHER))


@blueprint.post("/account/logins/<login_id>/end")
@form(Args)
def end_login(actor: Actor, given: dict[str, Any], login_id: str) -> str:  # noqa: ARG001 (see above)
    """Log one browser out."""
    with database().begin() as transaction:
        if not logins.end(transaction, actor.account_id, login_id):
            raise not_found("log-in", login_id)
    return "That session has been logged out."


@blueprint.post("/account/delete")
@form(schemas.Deletion)
def delete_account(actor: Actor, given: dict[str, Any]) -> AnyResponse:
    """Delete the account."""
    with database().begin() as transaction:
        accounts.prove(accounts.own(transaction, actor), given["present"])
        if given["name"].strip() != actor.name:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "To delete your account, type your name exactly as shown.")
        accounts.close(transaction, actor.account_id, by=actor.account_id)
    gone = logins.clear_login_cookie(redirect("/", HTTPStatus.SEE_OTHER))
    flash("Your account has been deleted.", "done")
    return gone

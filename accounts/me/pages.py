"""The account page with its forms, and the return from ORCID."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, flash, make_response, redirect, render_template, session, url_for

from accounts import forms
from accounts.actors import SCOPES, current_actor, require_scope
from accounts.blueprint import blueprint
from accounts.forms import form
from accounts.login import links, orcid, sessions
from accounts.login.models import Account
from accounts.login.pages import AIM, LINKS, NEXT, allow_redirect_to_orcid, continue_after_login
from accounts.login.service import confirm_password
from accounts.me import schemas, service
from accounts.me.api import serialize_account
from accounts.notifications import KINDS
from accounts.resources import database
from accounts.tokens.service import tokens_of
from search_api.http.args import Args
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from accounts.actors import Actor


@blueprint.get("/account")
def account() -> Response:
    """Show the account, with its forms."""
    actor = require_scope("account")
    with database().read() as transaction:
        me = serialize_account(transaction.get_one(Account, actor.account_id), actor)
        page = render_template(
            "account.html",
            me=me,
            actor=actor,
            browsers=sessions.logins_of(transaction, actor.account_id),
            tokens=tokens_of(transaction, actor.account_id),
            scopes={scope: words for scope, words in SCOPES.items() if scope != "admin" or actor.is_admin},
            has_orcid=orcid.is_set_up(),
            notification_kinds=KINDS,
        )
    return allow_redirect_to_orcid(make_response(page))


@blueprint.post("/account")
@form(schemas.ChangesForm, again="accounts.account")
def change_account(actor: Actor, given: dict[str, Any]) -> str:
    """Change the name, or whether a digest is mailed."""
    with database().begin() as transaction:
        service.change(transaction, actor, given)
    return "Saved."


@blueprint.post("/account/password")
@form(schemas.PasswordChange)
def change_password(actor: Actor, given: dict[str, Any]) -> str:
    """Set a new password."""
    service.set_password(actor, **given)
    and_tokens = " and all API tokens have been revoked" if given["tokens"] else ""
    return f"Your password has been changed. All other browsers have been logged out{and_tokens}."


@blueprint.post("/account/address")
@form(schemas.AddressChange, again="accounts.account")
def change_address(actor: Actor, given: dict[str, Any]) -> str:
    """Mail a link to a new address."""
    service.request_address(actor, given["current_password"], given["email"])
    return f"Open the link we sent to {given['email']} to confirm the address."


@blueprint.get("/account/address/<token>")
def address(token: str) -> Response:
    """Ask to confirm the address. The link stays valid until the form is sent."""
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
def confirm_address(actor: Actor, token: str) -> str:
    """Use the new address."""
    return f"Your address is now {service.set_address(actor, token)}."


@blueprint.post("/account/orcid")
@form(schemas.CurrentPassword)
def link_orcid(actor: Actor, given: dict[str, Any]) -> AnyResponse:
    """Redirect to ORCID to link the iD to this account."""
    confirm_password(actor.account_id, given["current_password"])
    session[LINKS], session[NEXT] = actor.account_id, url_for("accounts.account")
    return orcid.redirect_to_orcid()


@blueprint.get("/login/orcid/callback")
def orcid_callback() -> AnyResponse:
    """Handle the return from ORCID: log in, or link the iD to the account that requested it and is still logged in."""
    verified = orcid.handle_callback()
    account_id, back, aim = session.pop(LINKS, None), forms.own_path(session.pop(NEXT, "/")), session.pop(AIM, None)
    if account_id is None:
        return continue_after_login(orcid.log_in(**verified), back, aim)
    actor = current_actor()
    if actor is None or actor.account_id != account_id:
        raise Problem(HTTPStatus.BAD_REQUEST, "Your session has changed since you started. Start again.")
    service.link_orcid(account_id, verified["orcid"])
    flash("Your ORCID iD is linked. You can now log in with it.", "done")
    return redirect(back, HTTPStatus.SEE_OTHER)


@blueprint.post("/account/orcid/unlink")
@form(schemas.CurrentPassword)
def unlink_orcid(actor: Actor, given: dict[str, Any]) -> str:
    """Remove the ORCID iD."""
    confirm_password(actor.account_id, given["current_password"])
    with database().begin() as transaction:
        service.unlink_orcid(transaction, actor)
    return "The ORCID iD has been removed from your account."


@blueprint.post("/account/logins/end")
@form(schemas.EndAllForm)
def end_logins(actor: Actor, given: dict[str, Any]) -> AnyResponse:
    """Log out everywhere."""
    with database().begin() as transaction:
        sessions.log_out_everywhere(transaction, actor.account_id)
        if given["tokens"]:
            sessions.revoke_tokens(transaction, actor.account_id)
    return sessions.clear_login_cookie(redirect(url_for("accounts.login"), HTTPStatus.SEE_OTHER))


@blueprint.post("/account/logins/<login_id>/end")
@form(Args)
def end_login(actor: Actor, login_id: str) -> str:
    """Log one browser out."""
    with database().begin() as transaction:
        if not sessions.log_out(transaction, actor.account_id, login_id):
            raise not_found("log-in", login_id)
    return "That session has been logged out."


@blueprint.post("/account/delete")
@form(schemas.Deletion)
def delete_account(actor: Actor, given: dict[str, Any]) -> AnyResponse:
    """Delete the account."""
    confirm_password(actor.account_id, given["current_password"])
    if given["name"].strip() != actor.name:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "To delete your account, type your name exactly as shown.")
    with database().begin() as transaction:
        service.delete_account(transaction, actor.account_id, by=actor.account_id)
    gone = sessions.clear_login_cookie(redirect("/", HTTPStatus.SEE_OTHER))
    flash("Your account has been deleted.", "done")
    return gone

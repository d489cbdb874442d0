"""The pages on the way in and out. Each works without JavaScript, and each form carries its CSRF token."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, flash, make_response, redirect, render_template, session, url_for

from accounts import forms, links, logins
from accounts.actors import current_actor
from accounts.blueprint import blueprint
from accounts.login import entry, orcid, schemas
from accounts.me.account import link_orcid
from accounts.resources import database
from search_api.http.errors import Problem
from search_api.web.blueprint import CSP, parse

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

#: In the signed cookie, while somebody is at ORCID: where to go afterwards, and the account to link, if one.
NEXT, LINKS = "orcid_next", "orcid_links"


@blueprint.get("/login")
def login() -> AnyResponse:
    """Offer the ways in; whoever is in goes on."""
    args = parse(schemas.LoginArgs())
    if current_actor():
        return redirect(forms.own_path(args["next"]), HTTPStatus.SEE_OTHER)
    return _login_page(args["next"], args["aim"])


@blueprint.post("/login")
def log_in() -> AnyResponse:
    """Log in by e-mail and password."""
    given: dict[str, Any] = {}
    try:
        given = forms.read(schemas.PasswordForm())
        token = entry.log_in(given["email"], given["password"])
    except Problem as problem:
        return _login_page(given.get("next", ""), None, problem, given.get("email", ""))
    return _in(token, given["next"])


@blueprint.post("/login/orcid")
def login_orcid() -> AnyResponse:
    """Go to ORCID to log in."""
    session[NEXT] = forms.own_path(forms.read(schemas.NextForm())["next"])
    session.pop(LINKS, None)
    return orcid.redirect_to_orcid()


@blueprint.get("/login/orcid/callback")
def orcid_callback() -> AnyResponse:
    """Come back from ORCID: log in, or link the ORCID iD to the account that asked for it and is still logged in."""
    proven = orcid.handle_callback()
    links_to, back = session.pop(LINKS, None), session.pop(NEXT, "/")
    if links_to is None:
        return _in(orcid.log_in(**proven), back)
    actor = current_actor()
    if actor is None or actor.account_id != links_to:
        raise Problem(HTTPStatus.BAD_REQUEST, "Your session has changed since you started. Start again.")
    link_orcid(links_to, proven["orcid"])
    flash("Your ORCID iD is linked. You can now log in with it.", "done")
    return redirect(back, HTTPStatus.SEE_OTHER)


@blueprint.post("/logout")
def logout() -> AnyResponse:
    """Log this browser out."""
    with database().begin() as transaction:
        logins.end_this(transaction)
    return logins.clear_login_cookie(redirect("/", HTTPStatus.SEE_OTHER))


@blueprint.get("/register")
def register() -> Response:
    """Ask for an address."""
    return _page("register.html")


@blueprint.post("/register")
def ask_to_register() -> Response:
    """Mail a link; the answer is the same for every address."""
    try:
        address = forms.read(schemas.AddressForm())["email"]
        entry.ask_to_register(address)
    except Problem as problem:
        return _page("register.html", problem)
    return _page("mailed.html", address=address)


@blueprint.get("/confirm/<token>")
def confirm(token: str) -> Response:
    """Ask for what a new account still needs. The link goes on working until that is sent."""
    with database().read() as transaction:
        address = links.peek_token(transaction, "register", token).address
    return _secret(_page("confirm.html", address=address))


@blueprint.post("/confirm/<token>")
def confirmed(token: str) -> AnyResponse:
    """Make the account, and log in."""
    try:
        given = forms.read(schemas.NewAccountForm())
        return _in(entry.register(token, given["name"], given["password"]), url_for("accounts.account"))
    except Problem as problem:
        if problem.status == HTTPStatus.NOT_FOUND:
            raise
        return _secret(_page("confirm.html", problem, address=None))


@blueprint.get("/reset")
def reset() -> Response:
    """Ask whose password it is."""
    return _page("reset.html")


@blueprint.post("/reset")
def ask_to_reset() -> Response:
    """Mail a link where there is an account; the answer is the same for every address."""
    try:
        address = forms.read(schemas.AddressForm())["email"]
        entry.ask_to_reset(address)
    except Problem as problem:
        return _page("reset.html", problem)
    return _page("mailed.html", address=address)


@blueprint.get("/reset/<token>")
def new_password(token: str) -> Response:
    """Ask for the new password."""
    return _secret(_page("new_password.html", orcid=entry.orcid_of(token)))


@blueprint.post("/reset/<token>")
def set_password(token: str) -> AnyResponse:
    """Set it, and log in here and nowhere else."""
    try:
        given = forms.read(schemas.NewPasswordForm())
        return _in(entry.reset(token, given["password"]), url_for("accounts.account"))
    except Problem as problem:
        if problem.status == HTTPStatus.NOT_FOUND:
            raise
        return _secret(_page("new_password.html", problem, orcid=entry.orcid_of(token)))


blueprint.add_app_template_global(orcid.is_set_up, "orcid_available")


def _in(token: str, back: str) -> AnyResponse:
    return logins.set_login_cookie(redirect(forms.own_path(back), HTTPStatus.SEE_OTHER), token)


def _login_page(back: str, aim: str | None, wrong: Problem | None = None, email: str = "") -> Response:
    # At least a path that can be shown; the redirect checks it again.
    back = forms.own_path(back)
    leave, found = forms.readable(back)
    told = {"aim": aim or found, "back": back, "leave": leave, "email": email, "has_orcid": orcid.is_set_up()}
    page = _page("login.html", wrong, **told)
    return may_leave_to_orcid(page)


def may_leave_to_orcid(page: Response) -> Response:
    """Let a form of this page lead on to ORCID: browsers hold every step of a form against the policy."""
    page.headers["Content-Security-Policy"] = CSP.replace("form-action 'self'", f"form-action 'self' {orcid.origin()}")
    return page


def _page(template: str, wrong: Problem | None = None, **more: Any) -> Response:
    page = make_response(render_template(template, wrong=wrong, **more))
    if wrong:
        page.status_code = wrong.status
        page.headers.update(wrong.headers)
    return page


def _secret(page: Response) -> Response:
    """Keep the address, which lets one in, from every page that is opened from here."""
    page.headers["Referrer-Policy"] = "no-referrer"
    return page

"""Pages to log in and out, to register and to reset a password. They work without JavaScript."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, make_response, redirect, render_template, session, url_for

from accounts import cookies, forms
from accounts.blueprint import blueprint
from accounts.login import links, orcid, schemas, service, sessions
from accounts.login.user_agents import browser_label
from accounts.resources import database
from search_api.http.actors import current_actor
from search_api.http.errors import Problem
from search_api.web.blueprint import CSP, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as AnyResponse

#: Key of the signed cookie for the page whose subject is followed after the log-in.
PENDING_FOLLOW = "pending_follow"
#: Keys of the signed cookie during the round trip to ORCID: the page to return to, and the account to link, if any.
NEXT, LINKS, AIM = "orcid_next", "orcid_links", "orcid_aim"


@blueprint.get("/login")
def login() -> AnyResponse:
    """Show the ways to log in; a logged-in browser is redirected."""
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
        token = service.log_in(given["email"], given["password"])
    except Problem as problem:
        return _login_page(given.get("next", ""), given.get("aim"), problem, given.get("email", ""))
    return _logged_in(token, given["next"], given["email"].strip().lower(), given["aim"])


def _address_form(template: str) -> Response:
    args = parse(schemas.LoginArgs())
    return _page(template, back=forms.own_path(args["next"], ""), aim=args["aim"])


def _mail_link(template: str, request_link: Callable[[str, str, str | None], None]) -> Response:
    """Request a link for the address in a form; a form with errors is shown again."""
    given: dict[str, Any] = {"next": "", "aim": None}
    try:
        given = forms.read(schemas.LinkForm())
        request_link(given["email"], forms.own_path(given["next"], ""), given["aim"])
    except Problem as problem:
        return _page(template, problem, back=forms.own_path(given["next"], ""), aim=given["aim"])
    return _page("mailed.html", address=given["email"])


@blueprint.get("/login/link")
def ask_for_link() -> Response:
    """Show the form that mails a link to log in with."""
    return _address_form("login_link.html")


@blueprint.post("/login/link")
def mail_link() -> Response:
    """Mail a link if there is an account; the response is the same for every address."""
    return _mail_link("login_link.html", service.request_login)


@blueprint.get("/login/link/<token>")
def login_link(token: str) -> Response:
    """Ask to log in. The link stays valid until the form is sent, as mail scanners open links too."""
    with database().read() as transaction:
        address = links.peek_token(transaction, "login", token).address
    return _secret(_page("login_by_link.html", address=address))


@blueprint.post("/login/link/<token>")
def log_in_by_link(token: str) -> AnyResponse:
    """Log in by a mailed link."""
    args = parse(schemas.LoginArgs())
    login_token, address = service.log_in_by_link(token)
    return _logged_in(login_token, args["next"] or url_for("accounts.account"), address, args["aim"])


@blueprint.post("/login/orcid")
def login_orcid() -> AnyResponse:
    """Redirect to ORCID to log in."""
    given = forms.read(schemas.NextForm())
    session[NEXT], session[AIM] = forms.own_path(given["next"]), given["aim"]
    session.pop(LINKS, None)
    return orcid.redirect_to_orcid()


@blueprint.post("/logout")
def logout() -> AnyResponse:
    """Log this browser out."""
    with database().begin() as transaction:
        sessions.log_out_browser(transaction)
    return sessions.clear_login_cookie(redirect("/", HTTPStatus.SEE_OTHER))


@blueprint.get("/register")
def register() -> Response:
    """Show the form for an e-mail address; a pending follow or claim is completed after the registration."""
    return _address_form("register.html")


@blueprint.post("/register")
def ask_to_register() -> Response:
    """Mail a link; the response is the same for every address."""
    return _mail_link("register.html", service.request_registration)


@blueprint.get("/confirm/<token>")
def confirm(token: str) -> Response:
    """Show the form for name and password. The link stays valid until the form is sent."""
    with database().read() as transaction:
        address = links.peek_token(transaction, "register", token).address
    return _secret(_page("confirm.html", address=address))


@blueprint.post("/confirm/<token>")
def confirmed(token: str) -> AnyResponse:
    """Create the account, and log in."""
    args = parse(schemas.LoginArgs())
    try:
        given = forms.read(schemas.NewAccountForm())
        login_token, address = service.register(token, given["name"], given["password"])
        return _logged_in(login_token, args["next"] or url_for("accounts.welcome"), address, args["aim"])
    except Problem as problem:
        if problem.status == HTTPStatus.NOT_FOUND:
            raise
        return _secret(_page("confirm.html", problem, address=None))


@blueprint.get("/reset")
def reset() -> Response:
    """Show the form for the e-mail address of an account."""
    return _page("reset.html")


@blueprint.post("/reset")
def ask_to_reset() -> Response:
    """Mail a link if there is an account; the response is the same for every address."""
    try:
        address = forms.read(schemas.AddressForm())["email"]
        service.request_reset(address)
    except Problem as problem:
        return _page("reset.html", problem)
    return _page("mailed.html", address=address)


@blueprint.get("/reset/<token>")
def new_password(token: str) -> Response:
    """Show the form for a new password."""
    return _secret(_page("new_password.html", orcid=service.orcid_of(token)))


@blueprint.post("/reset/<token>")
def set_password(token: str) -> AnyResponse:
    """Set the new password, and log in this browser only."""
    try:
        given = forms.read(schemas.NewPasswordForm())
        login_token, address = service.reset(token, given["password"])
        return _logged_in(login_token, url_for("accounts.account"), address)
    except Problem as problem:
        if problem.status == HTTPStatus.NOT_FOUND:
            raise
        return _secret(_page("new_password.html", problem, orcid=service.orcid_of(token)))


blueprint.add_app_template_global(orcid.is_set_up, "orcid_available")
blueprint.add_app_template_filter(browser_label)


def _logged_in(token: str, back: str, address: str, aim: str | None = None) -> AnyResponse:
    response = continue_after_login(token, back, aim)
    cookies.remember_device(response, address)
    return response


def continue_after_login(token: str, back: str, aim: str | None) -> AnyResponse:
    """Set the cookie of a log-in and redirect to `back`, over the page that completes a follow if that was the aim."""
    back = forms.own_path(back)
    follows = aim == "follow"
    there = url_for("accounts.complete_follow") if follows else back
    response = sessions.set_login_cookie(redirect(there, HTTPStatus.SEE_OTHER), token)
    if follows:
        session[PENDING_FOLLOW] = back
    return response


def _login_page(back: str, aim: str | None, wrong: Problem | None = None, email: str = "") -> Response:
    back = forms.own_path(back)
    leave, aim_of_path = forms.readable(back)
    context = {"aim": aim or aim_of_path, "back": back, "leave": leave, "email": email}
    return allow_redirect_to_orcid(_page("login.html", wrong, **context, has_orcid=orcid.is_set_up()))


def allow_redirect_to_orcid(page: Response) -> Response:
    """Return a page whose forms may redirect to ORCID: browsers check every redirect of a form against the policy."""
    page.headers["Content-Security-Policy"] = CSP.replace("form-action 'self'", f"form-action 'self' {orcid.origin()}")
    return page


def _page(template: str, wrong: Problem | None = None, **more: Any) -> Response:
    page = make_response(render_template(template, wrong=wrong, **more))
    if wrong:
        page.status_code = wrong.status
        page.headers.update(wrong.headers)
    return page


def _secret(page: Response) -> Response:
    """Return a page that sends its URL, which holds a token, to no page that is opened from it."""
    page.headers["Referrer-Policy"] = "no-referrer"
    return page

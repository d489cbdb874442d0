"""API routes of the actor's own account."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from accounts.login import sessions
from accounts.login.models import Account
from accounts.login.service import confirm_password
from accounts.me import schemas, service
from accounts.me.export import export as export_account
from accounts.resources import database
from search_api.http import args as arguments
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from accounts.actors import Actor

blueprint = Blueprint("me", __name__, url_prefix="/api/v1")


@blueprint.get("/me")
@endpoint(Args, schemas.Me, "Your account", scope="read")
def me(actor: Actor) -> Any:
    """Return the account of the browser or token."""
    with database().read() as session:
        return serialize_account(session.get_one(Account, actor.account_id), actor)


@blueprint.patch("/me")
@endpoint(Args, schemas.Me, "Change your account", schemas.Changes, scope="account")
def change(actor: Actor, body: dict[str, Any]) -> Any:
    """Change the name, or whether a digest is mailed. Address and password are changed on the account page."""
    with database().begin() as session:
        return serialize_account(service.change(session, actor, body), actor)


@blueprint.delete("/me")
@endpoint(schemas.DeleteArgs, Args, "Delete your account", scope="account", status=HTTPStatus.NO_CONTENT)
def delete(args: dict[str, Any], actor: Actor) -> None:
    """Delete the account with its data. Messages stay with their recipients, without a name.

    A logged-in browser also sends the current password of the account, if it has one, in the body:
    `{"current_password": "..."}`.
    """
    if args["confirm"] != actor.account_id:
        raise Problem(HTTPStatus.BAD_REQUEST, "To delete the account, give its own id as `confirm`.")
    body = arguments.parse_body(schemas.CurrentPassword()) if request.get_data() else {"current_password": ""}
    if actor.scopes is None:
        confirm_password(actor.account_id, body["current_password"])
    with database().begin() as session:
        service.delete_account(session, actor.account_id, by=actor.account_id)


@blueprint.get("/me/export")
@endpoint(Args, schemas.Export, "All your data", scope="account")
def export(actor: Actor) -> Any:
    """Return all stored data of the account."""
    with database().begin() as session:
        return export_account(session, actor.account_id, by=actor.account_id)


@blueprint.get("/me/logins")
@endpoint(Args, schemas.BrowserList, "Active sessions", scope="account")
def browsers(actor: Actor) -> Any:
    """List the browsers that are logged in, the last used first."""
    with database().read() as session:
        logins = sessions.logins_of(session, actor.account_id)
    names = ("id", "browser", "created_at", "seen_at", "expires_at")
    return {
        "results": [
            {name: getattr(login, name) for name in names} | {"is_this": login.id == actor.login_id} for login in logins
        ]
    }


@blueprint.delete("/me/logins")
@endpoint(schemas.EndAllArgs, Args, "Log out everywhere", scope="account", status=HTTPStatus.NO_CONTENT)
def end_all(args: dict[str, Any], actor: Actor) -> None:
    """Log out every browser, including this one. With `tokens`, API tokens are revoked too."""
    with database().begin() as session:
        sessions.log_out_everywhere(session, actor.account_id)
        if args["tokens"]:
            sessions.revoke_tokens(session, actor.account_id)


@blueprint.delete("/me/logins/<login_id>")
@endpoint(Args, Args, "Log out one browser", scope="account", status=HTTPStatus.NO_CONTENT)
def end(actor: Actor, login_id: str) -> None:
    """Log out one of your browsers."""
    with database().begin() as session:
        if not sessions.log_out(session, actor.account_id, login_id):
            raise not_found("log-in", login_id)


def serialize_account(account: Account, actor: Actor) -> dict[str, Any]:
    """Return an account as `Me` dumps it."""
    names = ("id", "name", "email", "orcid", "is_admin", "wants_digest", "muted", "created_at")
    scopes = None if actor.scopes is None else sorted(actor.scopes)
    has_password = account.password_hash is not None
    return {name: getattr(account, name) for name in names} | {"has_password": has_password, "scopes": scopes}

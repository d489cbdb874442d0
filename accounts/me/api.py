"""Routes of the account that asks."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, request

from accounts import logins
from accounts.me import account as accounts
from accounts.me import schemas
from accounts.me.export import export as exported
from accounts.resources import database
from search_api.http import args as arguments
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.login.models import Account

blueprint = Blueprint("me", __name__, url_prefix="/api/v1")


@blueprint.get("/me")
@endpoint(Args, schemas.Me, "Your account", scope="read")
def me(args: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (there are none, and unknown ones are refused)
    """Return the account that asks."""
    with database().read() as session:
        return dressed(accounts.own(session, actor), actor)


@blueprint.patch("/me")
@endpoint(Args, schemas.Me, "Change your account", schemas.Changes, scope="account")
def change(args: dict[str, Any], actor: Actor, body: dict[str, Any]) -> Any:  # noqa: ARG001 (see above)
    """Change the name, or whether a digest is mailed. Address and password are changed on the account's page."""
    with database().begin() as session:
        return dressed(accounts.change(session, actor, body), actor)


@blueprint.delete("/me")
@endpoint(schemas.DeleteArgs, Args, "Delete your account", scope="account", status=HTTPStatus.NO_CONTENT)
def delete(args: dict[str, Any], actor: Actor) -> None:
    """Delete the account with all that is its own. Messages stay with whom they were written to, without a name.

    A browser that is logged in proves that it is not just left open: it sends the password, where there is one, as
    `{"present": "..."}`.
    """
    if args["confirm"] != actor.account_id:
        raise Problem(HTTPStatus.BAD_REQUEST, "To delete the account, give its own id as `confirm`.")
    given = arguments.parse_body(schemas.Present()) if request.get_data() else {"present": ""}
    with database().begin() as session:
        if actor.scopes is None:
            accounts.prove(accounts.own(session, actor), given["present"])
        accounts.close(session, actor.account_id, by=actor.account_id)


@blueprint.get("/me/export")
@endpoint(Args, schemas.Export, "All your data", scope="account")
def export(args: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (see above)
    """Return everything that is stored of the account."""
    with database().read() as session:
        return exported(session, actor.account_id)


@blueprint.get("/me/logins")
@endpoint(Args, schemas.BrowserList, "Where you are logged in", scope="account")
def browsers(args: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (see above)
    """List the browsers that are logged in, the last used first."""
    with database().read() as session:
        rows = logins.all_of(session, actor.account_id)
    shown = ("id", "browser", "created_at", "seen_at", "expires_at")
    return {
        "results": [
            {name: getattr(row, name) for name in shown} | {"is_this": row.id == actor.login_id} for row in rows
        ]
    }


@blueprint.delete("/me/logins")
@endpoint(schemas.EndAllArgs, Args, "Log out everywhere", scope="account", status=HTTPStatus.NO_CONTENT)
def end_all(args: dict[str, Any], actor: Actor) -> None:
    """Log out every browser, this one too. Tokens go on working, unless `tokens` says that they end as well."""
    with database().begin() as session:
        logins.end_all(session, actor.account_id)
        if args["tokens"]:
            logins.end_tokens(session, actor.account_id)


@blueprint.delete("/me/logins/<login_id>")
@endpoint(Args, Args, "Log one browser out", scope="account", status=HTTPStatus.NO_CONTENT)
def end(args: dict[str, Any], actor: Actor, login_id: str) -> None:  # noqa: ARG001 (see above)
    """Log out one of your browsers."""
    with database().begin() as session:
        if not logins.end(session, actor.account_id, login_id):
            raise not_found("log-in", login_id)


def dressed(account: Account, actor: Actor) -> dict[str, Any]:
    """Return an account as its owner sees it."""
    shown = ("id", "name", "email", "orcid", "is_admin", "wants_digest", "created_at")
    scopes = None if actor.scopes is None else sorted(actor.scopes)
    has_password = account.password_hash is not None
    return {name: getattr(account, name) for name in shown} | {"has_password": has_password, "scopes": scopes}

"""Routes of API tokens, and their forms on the account's page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, make_response, render_template

from accounts.blueprint import blueprint as pages
from accounts.forms import form
from accounts.resources import database
from accounts.tokens import schemas, tokens
from search_api.http.args import Args
from search_api.http.endpoint import endpoint

if TYPE_CHECKING:
    from flask import Response

    from accounts.actors import Actor

blueprint = Blueprint("tokens", __name__, url_prefix="/api/v1")


@blueprint.get("/me/tokens")
@endpoint(Args, schemas.TokenList, "Your API tokens", scope="account")
def listed(args: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (there are none, and unknown ones are refused)
    """List your tokens, the newest first; what they are is not shown again."""
    with database().read() as session:
        return {"results": tokens.all_of(session, actor.account_id)}


@blueprint.post("/me/tokens")
@endpoint(Args, schemas.MadeToken, "Make an API token", schemas.NewToken, scope="account", status=HTTPStatus.CREATED)
def make(args: dict[str, Any], actor: Actor, body: dict[str, Any]) -> Any:  # noqa: ARG001 (see above)
    """Make a token with some scopes; the answer is the only one that shows it."""
    with database().begin() as session:
        row, token = tokens.make(session, actor, **body)
    return {name: getattr(row, name) for name in schemas.Token().fields} | {"token": token}


@blueprint.delete("/me/tokens/<token_id>")
@endpoint(Args, Args, "End an API token", scope="account", status=HTTPStatus.NO_CONTENT)
def end(args: dict[str, Any], actor: Actor, token_id: str) -> None:  # noqa: ARG001 (see above)
    """End one of your tokens at once."""
    with database().begin() as session:
        tokens.end(session, actor.account_id, token_id)


@pages.post("/account/tokens")
@form(schemas.NewTokenForm, again="accounts.account")
def make_token(actor: Actor, given: dict[str, Any]) -> Response:
    """Make a token, and show it this once."""
    with database().begin() as session:
        row, token = tokens.make(session, actor, **given)
    return make_response(render_template("token.html", row=row, token=token))


@pages.post("/account/tokens/<token_id>/end")
@form(Args)
def end_token(actor: Actor, given: dict[str, Any], token_id: str) -> str:  # noqa: ARG001 (see above)
    """End a token."""
    with database().begin() as session:
        tokens.end(session, actor.account_id, token_id)
    return "The token has been revoked."

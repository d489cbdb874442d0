"""API routes of API tokens."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.resources import database
from accounts.tokens import schemas, service
from search_api.http.args import Args
from search_api.http.endpoint import endpoint

if TYPE_CHECKING:
    from accounts.actors import Actor

blueprint = Blueprint("tokens", __name__, url_prefix="/api/v1")


@blueprint.get("/me/tokens")
@endpoint(Args, schemas.TokenList, "Your API tokens", scope="account")
def listed(actor: Actor) -> Any:
    """List your tokens, newest first; the secrets themselves are not shown again."""
    with database().read() as session:
        return {"results": service.tokens_of(session, actor.account_id)}


@blueprint.post("/me/tokens")
@endpoint(
    Args, schemas.CreatedToken, "Create an API token", schemas.NewToken, scope="account", status=HTTPStatus.CREATED
)
def make(actor: Actor, body: dict[str, Any]) -> Any:
    """Create a token with some scopes. Only this response contains the token itself."""
    row, token = service.create(actor, **body)
    return {name: getattr(row, name) for name in schemas.Token().fields} | {"token": token}


@blueprint.delete("/me/tokens/<token_id>")
@endpoint(Args, Args, "Revoke an API token", scope="account", status=HTTPStatus.NO_CONTENT)
def end(actor: Actor, token_id: str) -> None:
    """Revoke one of your tokens, immediately."""
    with database().begin() as session:
        service.revoke(session, actor.account_id, token_id)

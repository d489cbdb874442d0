"""Forms of API tokens, which are on the account page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import make_response, render_template

from accounts.blueprint import blueprint
from accounts.forms import form
from accounts.resources import database
from accounts.tokens import schemas, service
from search_api.http.args import Args

if TYPE_CHECKING:
    from flask import Response

    from accounts.actors import Actor


@blueprint.post("/account/tokens")
@form(schemas.NewTokenForm, again="accounts.account")
def make_token(actor: Actor, given: dict[str, Any]) -> Response:
    """Create a token, and show it once."""
    row, token = service.create(actor, **given)
    return make_response(render_template("token.html", row=row, token=token))


@blueprint.post("/account/tokens/<token_id>/end")
@form(Args)
def end_token(actor: Actor, token_id: str) -> str:
    """Revoke a token."""
    with database().begin() as session:
        service.revoke(session, actor.account_id, token_id)
    return "The token has been revoked."

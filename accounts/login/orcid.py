"""Log-in with ORCID: OpenID Connect with state, nonce and PKCE. The `sub` of the id token is the verified ORCID iD."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import current_app, request
from joserfc.errors import JoseError
from requests import RequestException
from sqlalchemy import select

from accounts import audit
from accounts.login.models import Account
from accounts.login.schemas import MAX_NAME
from accounts.login.service import enter
from accounts.resources import database, public_url, settings
from accounts.settled import settled
from mappings import orcid_id
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response


#: Timeout of requests to ORCID in seconds.
TIMEOUT = 10
KEY = "peerscope-orcid"
AWAY = "ORCID is not responding correctly at the moment. Try again, or log in by e-mail."

log = logging.getLogger(__name__)


def is_set_up() -> bool:
    """Return whether the operator has registered this site with ORCID."""
    return bool(settings().orcid_client_id and settings().orcid_client_secret)


def origin() -> str:
    """Return the origin of ORCID, to which a form may redirect."""
    parts = urlsplit(settings().orcid_issuer)
    return f"{parts.scheme}://{parts.netloc}"


def redirect_to_orcid() -> Response:
    """Redirect the browser to ORCID; state, nonce and PKCE verifier are in its signed cookie. Raises Problem (503)."""
    client = _client()
    try:
        issuer = client.load_server_metadata().get("issuer", "").rstrip("/")
        if issuer != settings().orcid_issuer:
            raise OAuthError("wrong_issuer", f"the metadata are those of {issuer}")
        return cast("Response", client.authorize_redirect(f"{public_url()}/login/orcid/callback"))
    except (RequestException, OAuthError, ValueError) as error:
        log.exception("ORCID does not answer")
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, AWAY) from error


def handle_callback() -> dict[str, str]:
    """Return the `orcid` and `name` of a browser that returns from ORCID, after all checks. Raises Problem."""
    if request.args.get("error") == "access_denied":
        raise Problem(HTTPStatus.FORBIDDEN, "You declined the request at ORCID, so you are not logged in.")
    try:
        token = _client().authorize_access_token()
    except OAuthError as error:
        detail = f"This log-in has expired or was started in another browser ({error.error}). Start again."
        raise Problem(HTTPStatus.BAD_REQUEST, detail) from error
    except JoseError as error:
        log.warning("the id token of ORCID is invalid: %s", error)
        raise Problem(HTTPStatus.BAD_REQUEST, "ORCID sent an invalid response. Start again.") from error
    except (RequestException, ValueError, KeyError, RuntimeError) as error:
        log.exception("ORCID did not answer correctly")
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, AWAY) from error
    claims = token.get("userinfo") or {}
    _check_audience(claims)
    orcid = str(claims.get("sub", ""))
    if not is_orcid(orcid):
        raise Problem(HTTPStatus.BAD_REQUEST, "ORCID did not send an ORCID iD. Start again.")
    names = " ".join(str(claims[part]) for part in ("given_name", "family_name") if claims.get(part))
    return {"orcid": orcid, "name": _printable(names or str(claims.get("name") or "")) or orcid}


def _check_audience(claims: Mapping[str, Any]) -> None:
    """Check that an id token was issued by ORCID for this site, and for no other. Raises Problem (400).

    Authlib has verified signature, expiry and nonce; it accepts a foreign `aud` as long as `azp` is ours. A token with
    further audiences is refused as well: any other site that it was issued for could use it here (OpenID Connect Core
    3.1.3.7 lets clients trust audiences; none is configured here).
    """
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    client_id = settings().orcid_client_id
    is_ours = audiences == [client_id] and claims.get("azp", client_id) == client_id
    if not is_ours or str(claims.get("iss", "")).rstrip("/") != settings().orcid_issuer or not claims.get("nonce"):
        log.warning("the id token of ORCID was issued by or for another site")
        raise Problem(HTTPStatus.BAD_REQUEST, "ORCID sent an invalid response. Start again.")


def _printable(text: str) -> str:
    """Return a name that `PersonName` accepts, or an empty text."""
    name = " ".join(text.split())[:MAX_NAME]
    return name if name.isprintable() else ""


def is_orcid(text: str) -> bool:
    """Return whether a text is an ORCID iD in its stored form."""
    try:
        return text.isascii() and orcid_id(text) == text
    except ValueError:
        return False


def log_in(orcid: str, name: str) -> str:
    """Log in the account of an ORCID iD, created at the first log-in, and return the token of this browser."""

    def change(session: Session) -> str:
        account = by_orcid(session, orcid)
        if account is None:
            session.add(account := Account(name=name, orcid=orcid))
            session.flush()
            audit.note(session, account.id, "account.create", account.id, way="orcid")
        return enter(session, account, "orcid")

    return settled(database(), change)


def by_orcid(session: Session, orcid: str) -> Account | None:
    """Return the account of an ORCID iD."""
    return session.scalars(select(Account).where(Account.orcid == orcid)).one_or_none()


def _client() -> Any:
    if not is_set_up():
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "ORCID sign-in is not available here.")
    if KEY not in current_app.extensions:
        secret = settings().orcid_client_secret
        kwargs = {
            "scope": "openid",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT,
            # The only method that ORCID supports.
            "token_endpoint_auth_method": "client_secret_post",
        }
        current_app.extensions[KEY] = OAuth(current_app).register(
            "orcid",
            client_id=settings().orcid_client_id,
            client_secret=secret.get_secret_value() if secret else "",
            server_metadata_url=f"{settings().orcid_issuer}/.well-known/openid-configuration",
            client_kwargs=kwargs,
        )
    return current_app.extensions[KEY]

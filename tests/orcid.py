"""A small OpenID provider for tests that speaks the protocol of ORCID over HTTP, with a page to choose an iD on.

It has discovery, keys (RS256), authorization code with PKCE, and `client_secret_post`, the one method ORCID accepts.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from markupsafe import escape

from tests.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENT = {"client_id": "APP-TEST", "client_secret": "a secret of tests"}
#: The researchers on the page; their iDs have valid check digits.
PEOPLE = {
    "0000-0002-1825-0097": ("Josiah", "Carberry"),
    "0000-0001-5109-3700": ("Laure", "Haak"),
    "0000-0002-1694-233X": ("Ada", "Low"),
}


@cache
def signing_key() -> RSAKey:
    """Return the key of every provider in this process: making one takes up to half a second."""
    return RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


class Provider:
    """The provider. A test can make its ID tokens wrong with `claims` and `signer`."""

    def __init__(self) -> None:
        self.url = ""
        self.key = signing_key()
        self.signer = self.key
        self.claims: dict[str, Any] = {}
        self.issuer: str | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.app = self._make()

    def environment(self) -> dict[str, str]:
        """Return the environment of a Peerscope that uses this provider."""
        return {
            "PEERSCOPE_ORCID_ISSUER": self.url,
            "PEERSCOPE_ORCID_CLIENT_ID": CLIENT["client_id"],
            "PEERSCOPE_ORCID_CLIENT_SECRET": CLIENT["client_secret"],
        }

    def _make(self) -> Flask:
        app = Flask("orcid")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.discovery)
        app.add_url_rule("/oauth/jwks", view_func=lambda: KeySet([self.key]).as_dict(private=False), endpoint="jwks")
        app.add_url_rule("/oauth/authorize", view_func=self.authorize)
        app.add_url_rule("/oauth/token", view_func=self.token, methods=["POST"])
        return app

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer or self.url,
            "authorization_endpoint": f"{self.url}/oauth/authorize",
            "token_endpoint": f"{self.url}/oauth/token",
            "jwks_uri": f"{self.url}/oauth/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self) -> Any:
        """Show the researchers; the link of each comes back here with `pick`."""
        asked = request.args.to_dict()
        wanted = {"client_id": CLIENT["client_id"], "response_type": "code", "code_challenge_method": "S256"}
        if {name: asked.get(name) for name in wanted} != wanted or "openid" not in asked.get("scope", "").split():
            return Response("this request is not right", 400)
        pick = asked.pop("pick", None)
        if pick is None:
            links = "".join(
                f'<li><a href="?{escape(urlencode({**asked, "pick": orcid}))}">{" ".join(names)}</a></li>'
                for orcid, names in PEOPLE.items()
            )
            deny = escape(urlencode({**asked, "pick": "no"}))
            return f'<!doctype html><title>ORCID</title><ul>{links}</ul><a href="?{deny}">Deny</a>'
        if pick == "no":
            return redirect(
                asked["redirect_uri"] + "?" + urlencode({"error": "access_denied", "state": asked["state"]})
            )
        code = secrets.token_urlsafe(8)
        self.codes[code] = {**asked, "orcid": pick}
        return redirect(asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]}))

    def token(self) -> Any:
        form = request.form.to_dict()
        asked = self.codes.pop(form.get("code", ""), None)
        if {name: form.get(name) for name in CLIENT} != CLIENT:
            return {"error": "invalid_client"}, 401
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return {"error": "invalid_grant"}, 400
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(hashed).rstrip(b"=").decode() != asked["code_challenge"]:
            return {"error": "invalid_grant", "error_description": "PKCE"}, 400
        given, family = PEOPLE.get(asked["orcid"], ("Some", "Body"))
        moment = int(time.time())
        claims = {
            "iss": self.url,
            "sub": asked["orcid"],
            "aud": CLIENT["client_id"],
            "iat": moment,
            "exp": moment + 600,
            "nonce": asked["nonce"],
            "given_name": given,
            "family_name": family,
            **self.claims,
        }
        signed = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.signer)
        return {"access_token": secrets.token_urlsafe(8), "token_type": "bearer", "id_token": signed}


@contextmanager
def provider() -> Iterator[Provider]:
    """Serve a provider on a free port."""
    provider = Provider()
    with served(provider.app) as provider.url:
        yield provider

"""Secret tokens, of which only a digest is stored, and the key that signs cookies."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from accounts.resources import resources_of
from peerscope.secret_key import secret_key

if TYPE_CHECKING:
    from flask import Flask

#: Random bytes of a token: 256 bits cannot be guessed, so a plain SHA-256 is as good as a slow hash.
SIZE = 32


def new_token(prefix: str = "") -> str:
    """Return an unguessable token: URL-safe, 43 characters after the prefix."""
    return prefix + secrets.token_urlsafe(SIZE)


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def keyed(app: Flask) -> str | bytes:
    """Return the app's secret key, read or generated at its first use: searching needs none."""
    if not app.secret_key:
        app.secret_key = secret_key(resources_of(app).settings)
    return app.secret_key

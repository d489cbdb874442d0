"""Tokens that let somebody in, and the key that signs cookies. Of a token only a digest is ever stored."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from peerscope import artifacts

if TYPE_CHECKING:
    from flask import Flask

#: Bytes of chance in a token: nobody guesses 256 bits, so a plain SHA-256 of it is as good as a slow hash.
SIZE = 32
KEY_FILE = "secret-key"


def new_token(prefix: str = "") -> str:
    """Return a token that nobody can guess: URL-safe, 43 characters after the prefix."""
    return prefix + secrets.token_urlsafe(SIZE)


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def keyed(app: Flask) -> str | bytes:
    """Return the app's key, reading or making it at the first use: whoever only searches needs none."""
    if not app.secret_key:
        app.secret_key = os.environ.get("PEERSCOPE_SECRET_KEY") or _stored_key(artifacts.home() / KEY_FILE)
    return app.secret_key


def _stored_key(path: Path) -> str:
    """Read the key, or make it: readable for its owner alone, and one for all processes that look at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)  # mode 600
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(SIZE))
        with suppress(FileExistsError):
            os.link(name, path)
        Path(name).unlink()
    return path.read_text().strip()

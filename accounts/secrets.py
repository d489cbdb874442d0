"""Secret tokens, of which only a digest is stored, and the key that signs cookies."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from accounts.resources import resources_of

if TYPE_CHECKING:
    from flask import Flask

#: Random bytes of a token: 256 bits cannot be guessed, so a plain SHA-256 is as good as a slow hash.
SIZE = 32
KEY_FILE = "secret-key"


def new_token(prefix: str = "") -> str:
    """Return an unguessable token: URL-safe, 43 characters after the prefix."""
    return prefix + secrets.token_urlsafe(SIZE)


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def keyed(app: Flask) -> str | bytes:
    """Return the app's secret key, read or generated at its first use: searching needs none."""
    if not app.secret_key:
        settings = resources_of(app).settings
        key = settings.secret_key.get_secret_value() if settings.secret_key else ""
        app.secret_key = key or _stored_key(settings.home / KEY_FILE)
    return app.secret_key


def _stored_key(path: Path) -> str:
    """Return the stored key, or generate it: readable by its owner only, and the same for concurrent processes."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)  # mode 600
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(SIZE))
        with suppress(FileExistsError):
            os.link(name, path)
        Path(name).unlink()
    return path.read_text().strip()

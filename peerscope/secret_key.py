"""The secret key of a site: it signs cookies and ORCID iDs, and is the same on all of its machines."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from peerscope.private_files import make_home, open_private

if TYPE_CHECKING:
    from peerscope.settings import Settings

KEY_FILE = "secret-key"
#: Random bytes of a generated key.
SIZE = 32


def secret_key(settings: Settings) -> str:
    """Return the key of the settings, otherwise the one in the home folder, which is generated at its first use.

    Raises OSError when it cannot be read or written.
    """
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    path = settings.home / KEY_FILE
    if not path.exists():
        _generate(path)
    with open_private(path) as file:
        return str(file.read()).strip()


def _generate(path: Path) -> None:
    """Write a new key, the same for processes that do so at the same time."""
    make_home(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 600
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(SIZE))
    with suppress(FileExistsError):
        os.link(name, path)
    Path(name).unlink()

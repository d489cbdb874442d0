"""The one folder that holds everything local, so that a person can see it, move it or delete it whole."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from peerscope.artifacts.errors import StorageError


def home() -> Path:
    """Return the folder of all local files: `PEERSCOPE_HOME`, else the user's data folder. It is made when missing.

    Raises `StorageError` when it cannot be made.
    """
    named = os.environ.get("PEERSCOPE_HOME")
    folder = Path(named).expanduser().absolute() if named else platformdirs.user_data_path("peerscope")
    return make_folder(folder)


def make_folder(folder: Path) -> Path:
    """Make a folder with its parents and give it back; raises `StorageError` with its name when that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    return folder

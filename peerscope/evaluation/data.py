"""Where judged collections and corpora are kept on this machine."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """Return the folder of corpora and judged collections: `PEERSCOPE_DATA`, else `../shared/data`."""
    return Path(os.environ.get("PEERSCOPE_DATA") or ROOT.parent / "shared/data")

"""How much memory a run has needed."""

from __future__ import annotations

import resource
import sys


def peak_mb() -> float:
    """Give the most resident memory that this process and the largest one it started have held, MB of 1,000,000 bytes.

    Added up as if both had needed it at the same time: it was not more.
    """
    most = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    # Linux counts in KiB, macOS in bytes.
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6

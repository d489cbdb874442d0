"""How much memory this process has needed."""

from __future__ import annotations

import resource
import sys


def peak_mb() -> float:
    """Give the most resident memory that this process has held so far, in MB of 1,000,000 bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6

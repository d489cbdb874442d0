"""How much memory a run has needed."""

from __future__ import annotations

import resource
import sys


def peak_mb() -> float:
    """Give the most resident memory that this process has held so far, in MB of 1,000,000 bytes."""
    return _peak(resource.RUSAGE_SELF)


def peak_of_children_mb() -> float:
    """Give the same for the largest of the processes that it has started and that have ended."""
    return _peak(resource.RUSAGE_CHILDREN)


def _peak(who: int) -> float:
    most = resource.getrusage(who).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6

"""How much memory a process has needed."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Return the most resident memory that this process has held so far, in MB of 1,000,000 bytes.

    On Linux from `/proc`: `ru_maxrss` starts from that of the process which started this one (1.9 GB under pytest).
    """
    lines = STATUS.read_text(encoding="utf-8").splitlines() if STATUS.exists() else []
    if kib := next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None):
        return int(kib) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6

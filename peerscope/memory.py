"""Peak memory of this process."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Return the peak resident memory of this process in MB (1,000,000 bytes).

    On Linux it is read from `/proc`, because `ru_maxrss` starts at the parent's value (1.9 GB under pytest).
    """
    lines = STATUS.read_text(encoding="utf-8").splitlines() if STATUS.exists() else []
    if kib := next((line.split()[1] for line in lines if line.startswith("VmHWM:")), None):
        return int(kib) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux reports KiB, macOS bytes.
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6

"""Peak memory of this process."""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


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


def reset_peak() -> None:
    """Count the peak from now on, where the system can (Linux); elsewhere `peak_mb` is that of the whole process."""
    with suppress(OSError):
        CLEAR.write_text("5", encoding="ascii")

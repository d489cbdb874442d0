from __future__ import annotations

import subprocess
import sys

IMPORT = "from peerscope.memory import peak_mb; "


def peak_of_a_process(code: str) -> float:
    """Return what a Python process of its own prints: this one may have held far more before, under other tests."""
    child = subprocess.run([sys.executable, "-c", IMPORT + code], capture_output=True, text=True, check=True)
    return float(child.stdout)


def test_memory_that_was_given_back_counts() -> None:
    gave_back = "held = bytearray(b'x') * 300_000_000; del held; print(peak_mb())"
    assert 300 < peak_of_a_process(gave_back) < 500


def test_memory_of_the_process_that_started_this_one_does_not_count() -> None:
    held = bytearray(b"x") * 300_000_000
    assert 5 < peak_of_a_process("print(peak_mb())") < 200
    assert len(held) == 300_000_000

from __future__ import annotations

import subprocess
import sys

from indexer.memory import peak_mb


def test_memory_that_was_given_back_counts_and_that_of_the_parent_does_not() -> None:
    before = peak_mb()
    held = bytearray(300_000_000)
    held[::4096] = b"x" * len(held[::4096])
    del held
    assert peak_mb() > max(300, before)
    code = "from indexer.memory import peak_mb; print(peak_mb())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 5 < float(child.stdout) < 200

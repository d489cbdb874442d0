"""The benchmark of searching: what it makes of times, and that it measures nothing where nothing is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.serving import MIN_RATE, TARGETS, Times, add_parts, rows

if TYPE_CHECKING:
    from pathlib import Path


def kinds(slowness: float) -> dict[str, Times]:
    """Return times of each kind: its target for the median, multiplied."""
    found = {kind: Times(wall=[slowness * p50] * 20) for kind, (p50, _) in TARGETS.items()}
    found["hybrid"].parts = {"search": [12.0], "embed": [1.0]}
    return found


def test_targets_that_are_reached_and_missed_are_told_apart() -> None:
    assert all(row.reached for row in rows(kinds(1.0), Times(wall=[150.0] * MIN_RATE * 2), 2.0))
    crowd = Times(wall=[8 * 2 * 28 + 1.0] * (MIN_RATE * 2 - 1), failed=1)
    assert not any(row.reached for row in rows(kinds(2.0), crowd, 2.0))


def test_the_parts_of_a_request_are_found_in_the_log_by_its_name(tmp_path: Path) -> None:
    log = tmp_path / "log"
    line = {"request_id": "a", "parts": {"search": 3.5, "dump": 0.5}}
    log.write_text(
        f"starting\n{json.dumps(line)}\n{json.dumps({'request_id': 'b', 'message': 'x'})}\n", encoding="utf-8"
    )
    found = {"hybrid": Times(wall=[5.0, 6.0], ids=["a", "b"])}
    add_parts(log, found)
    assert (found["hybrid"].part("search"), found["hybrid"].part("embed")) == (3.5, 0.0)

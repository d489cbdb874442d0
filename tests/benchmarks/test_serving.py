"""The benchmark of searching: what it makes of times, and that it measures nothing where nothing is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.serving import Times, add_parts, rows

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("hybrid", "with facets", "similar works", "similar researchers", "autocomplete")


def kinds(**slower: float) -> dict[str, Times]:
    found = {kind: Times(wall=[slower.get(kind.replace(" ", "_"), 20.0)] * 20) for kind in KINDS}
    found["hybrid"].parts = {"search": [15.0], "embed": [1.0]}
    return found


def test_targets_that_are_reached_and_missed_are_told_apart() -> None:
    assert all(row.reached for row in rows(kinds(), Times(wall=[150.0] * 20)))
    slow = kinds(with_facets=31, similar_works=41, similar_researchers=41, autocomplete=51)
    slow["hybrid"].wall = [20.0] * 15 + [90.0] * 5
    slow["hybrid"].parts = {"search": [10.0]}
    assert not any(row.reached for row in rows(slow, Times(wall=[250.0] * 20, failed=1)))


def test_the_parts_of_a_request_are_found_in_the_log_by_its_name(tmp_path: Path) -> None:
    log = tmp_path / "log"
    line = {"request_id": "a", "parts": {"search": 3.5, "dump": 0.5}}
    log.write_text(
        f"starting\n{json.dumps(line)}\n{json.dumps({'request_id': 'b', 'message': 'x'})}\n", encoding="utf-8"
    )
    found = {"hybrid": Times(wall=[5.0, 6.0], ids=["a", "b"])}
    add_parts(log, found)
    assert (found["hybrid"].part("search"), found["hybrid"].part("embed")) == (3.5, 0.0)

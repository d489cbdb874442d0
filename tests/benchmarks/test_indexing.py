from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from benchmarks.indexing import change_one, main, rows, take

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def report(wall: float, **counts: int) -> dict[str, Any]:
    known = {"new": 0, "changed": 0, "peak_memory_mb": 500, "wall": wall, "seconds": {"embed": 100.0}}
    return {**known, **counts}


def test_records_are_taken_in_turn(tmp_path: Path) -> None:
    files = []
    for name, length in (("a", 9), ("b", 3)):
        files.append(tmp_path / f"{name}.jsonl.gz")
        files[-1].write_bytes(gzip.compress("".join(f'{{"title": "{name}{n}"}}\n' for n in range(length)).encode()))
    target = tmp_path / "out.jsonl"
    assert take(files, 5, target) == 5
    titles = [json.loads(line)["title"] for line in target.read_text(encoding="utf-8").splitlines()]
    assert titles == ["a0", "b0", "a1", "b1", "a2"]
    change_one(target)
    assert json.loads(target.read_text(encoding="utf-8").splitlines()[0])["title"] == "a0 (revised)"
    assert take(files, 100, target) == 12


def test_a_missed_target_is_not_reached() -> None:
    good = rows(report(115, new=10), report(5), report(3, changed=1), 100.0)
    assert all(row.reached for row in good)
    bad = rows(report(116, new=10, peak_memory_mb=1001), report(6, new=1), report(3, changed=2), 100.0)
    assert not any(row.reached for row in bad)


def test_without_data_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_DATA", str(tmp_path))
    result = CliRunner().invoke(main)
    assert result.exit_code == 1
    assert "NOTHING MEASURED" in result.output

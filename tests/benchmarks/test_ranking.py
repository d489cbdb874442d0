from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from benchmarks.ranking import main, targets
from peerscope.evaluation.metrics import Mean
from peerscope.evaluation.search import Result, Row

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def result(keyword: float, semantic: float, hybrid: float) -> Result:
    means = {"keyword": keyword, "semantic": semantic, "hybrid": hybrid}
    rows = [Row(name, {"nDCG@10": Mean(mean, 0, 1)}, 1, 2) for name, mean in means.items()]
    gains = {name: Mean(hybrid - means[name], 0, 1) for name in ("keyword", "semantic")}
    return Result("small", 4, 0, 2, rows, gains)


def test_hybrid_has_to_beat_both_parts_and_reach_floor_and_goal() -> None:
    rows = targets("small", result(0.3, 0.35, 0.43), 0.406)
    assert [row.wanted for row in rows] == [
        "above keyword 0.300",
        "above semantic 0.350",
        "at least 0.406",
        "goal 0.426",
    ]
    assert all(row.reached for row in rows)


def test_what_is_missed_is_told() -> None:
    rows = targets("small", result(0.3, 0.42, 0.41), 0.406)
    assert [row.reached for row in rows] == [True, False, True, False]


def test_a_collection_without_a_floor_has_only_the_parts_to_beat() -> None:
    assert len(targets("small", result(0.3, 0.3, 0.3), 0)) == 2


def test_without_data_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_DATA", str(tmp_path))
    done = CliRunner().invoke(main)
    assert done.exit_code == 1
    assert "NOTHING MEASURED" in done.output

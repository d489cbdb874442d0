from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.embedding import INT8, NAMES, Figures, default_corpus, main, probe, read_texts, targets

ROOT = Path(__file__).resolve().parents[2]
GOOD = Figures(90, 3.0, 0.98, 0.97, 0.96, 2.0, 3, 0.01, 0.2, 170)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Return the project's own sample as a corpus of the benchmark's kind."""
    path = tmp_path / "works.jsonl.gz"
    path.write_bytes(gzip.compress((ROOT / "peerscope" / "sample" / "works.jsonl").read_bytes()))
    return path


def test_the_same_works_are_drawn_each_time(corpus: Path) -> None:
    drawn = read_texts(corpus, 12)
    assert len(set(drawn)) == 12
    assert drawn == read_texts(corpus, 12)


def test_a_small_corpus_is_taken_whole(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"title": "Soil", "abstract": null}\n'))
    assert read_texts(path, 100) == ["Soil"]


def test_a_target_that_is_just_met_is_reached() -> None:
    assert all(target.reached for target in targets(GOOD))


@pytest.mark.parametrize("worse", [{"ratio": 2.99}, {"cosine_mean": 0.9799}, {"query_p50": 2.01}, {"load": 3.1}])
def test_a_target_that_is_missed_is_told(worse: dict[str, float]) -> None:
    assert [target.reached for target in targets(replace(GOOD, **worse))].count(False) == 1


def test_without_data_nothing_is_measured_and_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_DATA", str(tmp_path))
    assert default_corpus().is_relative_to(tmp_path)
    result = CliRunner().invoke(main, [])
    assert result.exit_code != 0
    assert "NOTHING MEASURED" in result.output


def test_a_probe_looks_at_one_model_alone(corpus: Path) -> None:
    seen = probe(INT8, corpus, works=64)
    assert 0 < seen["load"] < 60
    assert 50 < seen["peak_memory"] < 700  # with torch it would be above 1,000


@pytest.mark.torch
def test_every_model_is_measured(corpus: Path) -> None:
    options = ["--corpus", str(corpus), "--works", "8", "--rounds", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.embedding", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert list(report["models"]) == list(NAMES)
    assert report["models"][INT8]["cosine_mean"] > 0.98
    assert {target["wanted"] for target in report["targets"]} == {
        "at least 3",
        "at least 0.98",
        "at most 2",
        "at most 3",
    }

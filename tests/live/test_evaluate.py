"""`peerscope evaluate` from a folder to figures, through a real node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from peerscope.evaluation.indexed import indexed
from peerscope.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "peerscope-evaluate-"
TEXTS = {
    "soil": ("Water in soil", "How roots take up water from dry soil."),
    "stars": ("Mass of stars", "Binary stars are weighed by their orbits."),
    "yeast": ("Yeast in soil", "Cells of yeast divide less often where soil is dry."),
    "graph": ("Graph colouring", "Planar graphs need four colours at the most."),
}
QUERIES = {"q1": ("uptake of water by plants", "soil"), "q2": ("double star orbits", "stars")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    works = [{"_id": id_, "title": title, "text": text} for id_, (title, text) in TEXTS.items()]
    queries = [{"_id": id_, "text": text} for id_, (text, _) in QUERIES.items()]
    for name, rows in (("corpus", works), ("queries", queries)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "qrels").mkdir()
    judged = "".join(f"{id_}\t{work}\t1\n" for id_, (_, work) in QUERIES.items())
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged, encoding="utf-8")
    (tmp_path / "pairs.tsv").write_text("query-id\tcorpus-id\tscore\nsoil\tyeast\t1\n", encoding="utf-8")
    return tmp_path


def left_over(client: OpenSearch) -> set[str]:
    return {row["index"] for row in client.cat.indices(index=f"{PREFIX}*", format="json")}


def evaluate(*words: str) -> Any:
    command = [sys.executable, "-m", "peerscope", "evaluate", *words, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.usefixtures("opensearch_url")
def test_search_is_measured_in_every_mode_and_nothing_stays(folder: Path, opensearch: OpenSearch) -> None:
    before = left_over(opensearch)
    found = evaluate("search", str(folder))
    assert (found["works"], found["queries"]) == (4, 2)
    rows = {row["name"]: row["means"] for row in found["rows"]}
    assert list(rows) == ["keyword", "semantic", "hybrid"]
    assert rows["hybrid"]["nDCG@10"] == {"mean": 1, "low": 1, "high": 1}
    assert set(found["gains"]) == {"keyword", "semantic"}
    assert left_over(opensearch) <= before


@pytest.mark.usefixtures("opensearch_url")
def test_similar_works_are_measured_against_both_parts(folder: Path) -> None:
    found = evaluate("similar", str(folder), "--qrels", str(folder / "pairs.tsv"))
    rows = {row["name"]: row["means"]["recall@20"]["mean"] for row in found["rows"]}
    assert rows["hybrid"] == 1
    assert rows["semantic"] == 1


@pytest.mark.usefixtures("opensearch_url")
def test_experts_are_measured_under_the_ids_of_the_collection(folder: Path) -> None:
    writers = {"soil": ["c1"], "stars": ["c2"], "yeast": ["c3", "c1"], "graph": ["c4"]}
    works = [
        {"_id": id_, "title": title, "text": text, "metadata": {"candidates": writers[id_]}}
        for id_, (title, text) in TEXTS.items()
    ]
    (folder / "works.jsonl").write_text("".join(json.dumps(work) + "\n" for work in works), encoding="utf-8")
    judged = "query-id\tcorpus-id\tscore\nq1\tc1\t1\nq2\tc2\t1\n"
    (folder / "qrels" / "test.tsv").write_text(judged, encoding="utf-8")
    found = evaluate("experts", str(folder))
    rows = {row["name"]: row["means"] for row in found["rows"]}
    assert rows["hybrid"]["MAP"]["mean"] == 1
    assert rows["semantic"]["recall@100"]["mean"] == 1


@pytest.mark.usefixtures("opensearch_url")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_indices_are_removed_when_it_is_stopped(opensearch: OpenSearch, number: int) -> None:
    # Whoever runs the tests in the background may have had Ctrl-C ignored.
    code = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from peerscope.evaluation.indexed import indexed
from peerscope.settings import Settings
record = {"id": "local:1", "title": "Water", "authors": [{"name": "Ada Moss"}]}
with indexed(Settings.load(), [record]) as works:
    print(works.works, flush=True)
    time.sleep(120)
"""
    before = left_over(opensearch)
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, env=dict(os.environ))
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    assert left_over(opensearch) - before
    process.send_signal(number)
    assert process.wait(timeout=30) != 0
    process.stdout.close()
    time.sleep(0.2)
    assert left_over(opensearch) <= before


@pytest.mark.usefixtures("opensearch_url")
def test_indices_that_are_kept_stay(opensearch: OpenSearch) -> None:
    record = {"id": "local:1", "title": "Water", "authors": [{"name": "Ada Moss"}]}
    with indexed(Settings.load(), [record], keep=True) as works:
        names = works.services.names
    assert opensearch.count(index=names.works)["count"] == 1
    opensearch.indices.delete(index=f"{names.prefix}*-v*")

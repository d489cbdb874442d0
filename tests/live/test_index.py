"""The indexer against a real OpenSearch: what goes in, what comes of bad input, and what a kill leaves behind."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

import embedding
import sample
from indexer import run
from indexer.bulk import WriteError, index_action, write
from indexer.sources import open_sources
from mappings import IndexNames, StoreError, drop, ensure, stored_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.report import Report


@pytest.fixture
def names(opensearch: OpenSearch) -> Iterator[IndexNames]:
    names = IndexNames(f"test-{uuid4().hex[:8]}-")
    yield names
    drop(opensearch, names)


@pytest.fixture
def index(opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path) -> Any:
    def index(*paths: Path) -> Report:
        sources = open_sources([str(path) for path in paths])
        return run.index(opensearch, names, embedding.load(), sources, tmp_path / "home", silent)

    return index


def work(number: int, **changes: Any) -> dict[str, Any]:
    base = {
        "id": f"arxiv:2001.{number:05}",
        "title": f"Work {number} on spiking neurons",
        "abstract": "How neurons spike.",
        "year": 2000 + number % 25,
        "authors": [{"name": "Ada Lovelace"}, {"name": f"Author {number}"}],
        "topics": ["q-bio.NC"],
    }
    return {**base, **changes}


def write_lines(path: Path, *records: Any) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def documents(client: OpenSearch, index: str) -> dict[str, Any]:
    """Everything in an index by id, without the time of writing; vectors rounded to what float32 text forms share."""
    client.indices.refresh(index=index)
    hits = client.search(index=index, body={"size": 10_000, "query": {"match_all": {}}})["hits"]["hits"]
    found = {hit["_id"]: hit["_source"] for hit in hits}
    for source in found.values():
        source.pop("indexed_at")
        if "embedding" in source:
            source["embedding"] = [round(value, 3) + 0.0 for value in source["embedding"]]
    return found


def state(client: OpenSearch, names: IndexNames) -> dict[str, dict[str, Any]]:
    return {
        kind: documents(client, getattr(names, kind)) for kind in ("works", "researchers", "topics", "institutions")
    }


def test_works_and_researchers_go_in(index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path) -> None:
    report = index(write_lines(tmp_path / "w.jsonl", work(1), work(2)))
    assert (report.counts.read, report.counts.new, report.counts.researchers_written) == (2, 2, 3)
    works = documents(opensearch, names.works)
    assert len(works["arxiv:2001.00001"]["embedding"]) == 384
    people = {person["name"]: person for person in documents(opensearch, names.researchers).values()}
    assert people["Ada Lovelace"]["works_count"] == 2
    assert [one["name"] for one in people["Author 1"]["collaborators"]] == ["Ada Lovelace"]
    (topic,) = documents(opensearch, names.topics).values()
    assert (topic["name"], topic["works_count"], topic["researchers_count"]) == ("Neurons and Cognition", 2, 3)
    assert opensearch.count(index=names.pending)["count"] == 0


def test_indexing_again_changes_nothing(index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "w.jsonl", work(1), work(2))
    index(file)
    before = state(opensearch, names)
    report = index(file)
    assert (report.counts.unchanged, report.counts.new, report.counts.changed) == (2, 0, 0)
    assert report.counts.researchers_written == 0
    assert state(opensearch, names) == before


def test_a_changed_record_changes_its_work_and_its_researchers(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    index(write_lines(tmp_path / "w.jsonl", work(1), work(2), work(3)))
    moved = work(2, authors=[{"name": "Grace Hopper"}], topics=["cs.PL"])
    report = index(write_lines(tmp_path / "w.jsonl", work(1), moved, work(3)))
    assert (report.counts.changed, report.counts.unchanged) == (1, 2)
    # Grace is new, Ada has a work less, and Author 2 has none left.
    assert (report.counts.researchers_written, report.counts.researchers_removed) == (2, 1)
    people = {person["name"]: person["works_count"] for person in documents(opensearch, names.researchers).values()}
    assert people == {"Ada Lovelace": 2, "Grace Hopper": 1, "Author 1": 1, "Author 3": 1}
    assert set(documents(opensearch, names.topics)) == {"q-bio.NC", "cs.PL"}


def test_a_second_file_adds_to_the_first(index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path) -> None:
    index(write_lines(tmp_path / "a.jsonl", work(1)))
    index(write_lines(tmp_path / "b.jsonl", work(2)))
    people = {person["name"]: person["works_count"] for person in documents(opensearch, names.researchers).values()}
    assert people["Ada Lovelace"] == 2


def test_bad_input_is_named_and_loses_nothing_else(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    bad = write_lines(
        tmp_path / "1.jsonl",
        work(1),
        "{broken",
        work(2, title=None),
        json.dumps(work(3)) + " " * 10_000_000,
        work(1),
        work(1, title="Another title under the same id"),
        work(4),
    )
    broken = tmp_path / "2.jsonl.gz"
    lines = "".join(json.dumps(work(number)) + "\n" for number in range(10, 900))
    whole = gzip.compress(lines.encode(), compresslevel=0)
    broken.write_bytes(whole[: len(whole) // 4])
    last = write_lines(tmp_path / "3.jsonl", work(5))
    report = index(bad, broken, last)
    rejects = [json.loads(line) for line in report.rejects.read_text(encoding="utf-8").splitlines()]
    assert [(reject["line"], reject["reason"].split(":")[0].split(" (")[0]) for reject in rejects] == [
        (2, "not JSON"),
        (3, "title is missing"),
        (4, "the line is longer than 1,000,000 bytes"),
        (6, "id arxiv"),
    ]
    assert "1.jsonl, line 1" in rejects[3]["reason"]
    assert report.counts.repeated == 1
    assert [problem for problem in report.broken_sources if "2.jsonl.gz" in problem]
    works = documents(opensearch, names.works)
    assert {f"arxiv:2001.{number:05}" for number in (1, 4, 5, 10, 11)} <= works.keys()
    assert works["arxiv:2001.00001"]["title"] == "Work 1 on spiking neurons"
    assert report.counts.read == report.counts.new + report.counts.rejected + report.counts.repeated


def test_another_model_is_refused_and_nothing_is_written(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    ensure(opensearch, names, replace(embedding.load().model, name="another", fingerprint="x").to_dict())
    with pytest.raises(embedding.ModelMismatch, match="another"):
        index(write_lines(tmp_path / "w.jsonl", work(1)))
    assert documents(opensearch, names.works) == {}


def test_another_mapping_version_is_refused(opensearch: OpenSearch, names: IndexNames) -> None:
    body = {"mappings": {"_meta": {"version": 0, "model": {}}}, "aliases": {names.works: {}}}
    opensearch.indices.create(index=names.index("works"), body=body)
    with pytest.raises(StoreError, match="mapping version 0"):
        ensure(opensearch, names, {"name": "m", "dimension": 5})


def test_only_one_run_writes(index: Any, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "w.jsonl", work(1))
    with run._only_writer(tmp_path / "home" / "index.lock"), pytest.raises(run.RunError, match=str(os.getpid())):
        index(file)


def test_what_opensearch_refuses_is_said(opensearch: OpenSearch, names: IndexNames) -> None:
    ensure(opensearch, names, embedding.load().model.to_dict())
    with pytest.raises(WriteError, match="strict_dynamic_mapping"):
        write(opensearch, [index_action(names.topics, "t", {"colour": "blue"})])
    assert stored_model(opensearch, names) == embedding.load().model.to_dict()


def test_killed_again_and_again_it_ends_as_if_undisturbed(
    opensearch: OpenSearch, opensearch_url: str, names: IndexNames
) -> None:
    seed = random.randrange(10**6)
    moments = random.Random(seed)

    def start(prefix: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "PEERSCOPE_OPENSEARCH_URL": opensearch_url,
            "PEERSCOPE_INDEX_PREFIX": prefix,
        }
        command = [sys.executable, "-m", "cli", "index", str(sample.WORKS)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    undisturbed = IndexNames(f"{names.prefix}calm-")
    try:
        began = time.monotonic()
        assert start(undisturbed.prefix).wait(timeout=300) == 0
        took = time.monotonic() - began
        for _ in range(3):
            process = start(names.prefix)
            time.sleep(moments.uniform(0.2, 1.0) * took)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)
        assert start(names.prefix).wait(timeout=300) == 0
        assert state(opensearch, names) == state(opensearch, undisturbed), f"seed {seed}"
        assert opensearch.count(index=names.pending)["count"] == 0
    finally:
        drop(opensearch, undisturbed)

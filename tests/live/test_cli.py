"""The command as a person uses it: help, tables, JSON for programs, and errors without tracebacks."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from indexer.write.writer_lock import only_writer
from mappings import IndexNames
from peerscope import sample
from peerscope.cli import main
from peerscope.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from opensearchpy import OpenSearch


def run(*words: str) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def pipe(content: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command with a real pipe for standard input."""
    command = [sys.executable, "-m", "peerscope", *words]
    return subprocess.run(command, input=content, capture_output=True, timeout=300, check=False)


def first_works(count: int) -> bytes:
    return b"".join(sample.WORKS.read_bytes().splitlines(keepends=True)[:count])


def test_every_command_has_help() -> None:
    for name in main.registered:
        result = run(name, "--help")
        assert result.exit_code == 0
        assert len(result.output.splitlines()) > 4, name


def test_index_search_similar_and_roll_back(prefix: str, tmp_path: Path) -> None:
    file = tmp_path / "works.jsonl.gz"
    file.write_bytes(gzip.compress(first_works(12)))
    indexed = run("index", str(file), "--json")
    assert indexed.exit_code == 0, indexed.output
    assert json.loads(indexed.stdout)["new"] == 12
    found = run("search", "neural networks", "--json", "-n", "3")
    results = json.loads(found.stdout)["results"]
    assert len(results) == 3
    table = run("search", "neural networks")
    assert results[0]["id"] in table.output
    people = json.loads(run("search", "neural networks", "--researchers", "--json").stdout)["results"]
    assert people[0]["trust"]["band"]
    for id_ in (results[0]["id"], people[0]["id"]):
        alike = run("similar", id_)
        assert alike.exit_code == 0
        assert "score" in alike.output
    lines = run("runs").output.splitlines()
    assert "finished in" in lines[0]
    assert re.search(r" 12 +12 .* [\d.]+ s$", lines[-1].rstrip())
    assert max(map(len, lines)) <= 80
    assert run("rollback", "--yes").exit_code == 1


def test_standard_input_can_be_indexed(prefix: str) -> None:
    result = pipe(first_works(2), "index", "-", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["new"] == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("index",), "name a PATH, or use --source"),
        (("index", "missing.jsonl"), "missing.jsonl: no such file or folder"),
        (("index", "--rebuild"), "Nothing is indexed yet"),
        (("similar", "arxiv:0000.00000"), "Nothing is indexed yet"),
        (("search", "x"), "Nothing is indexed yet"),
        (("search", "x", "--mode", "magic"), "magic"),
        (("rollback", "--yes"), "no earlier state"),
    ],
)
def test_errors_are_one_message(prefix: str, words: tuple[str, ...], message: str) -> None:
    result = run(*words)
    assert result.exit_code != 0
    assert message in result.output
    assert "Traceback" not in result.output


def test_nothing_is_rolled_back_while_a_run_writes(prefix: str, opensearch: OpenSearch) -> None:
    with only_writer(Settings.load().home, opensearch, IndexNames(prefix)):
        result = run("rollback", "--yes")
    assert result.exit_code == 1
    assert "Another run is writing to the index" in result.output


def test_an_unknown_id_is_named(prefix: str) -> None:
    pipe(first_works(1), "index", "-")
    result = run("similar", "nothing-like-it")
    assert result.exit_code == 1
    assert "No work and no researcher has the id 'nothing-like-it'" in result.output


def test_a_broken_file_ends_with_status_1_and_the_rest_goes_in(prefix: str, tmp_path: Path) -> None:
    good, broken = tmp_path / "good.jsonl", tmp_path / "broken.jsonl.gz"
    good.write_bytes(first_works(1))
    broken.write_bytes(b"no gzip")
    result = run("index", str(broken), str(good), "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["new"] == 1
    assert "not gzip data" in report["broken_sources"][0]


def test_serve_answers_and_ends_quietly(prefix: str, tmp_path: Path) -> None:
    pipe(first_works(3), "index", "-")
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "peerscope", "serve", "--port", "8765"]
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "PEERSCOPE_WORKERS": "1"})
    try:
        answer = json.load(io.BytesIO(_get("http://127.0.0.1:8765/api/v1/works", patience=90)))
        assert answer["meta"]["count"] == 3
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    said = log.read_text(encoding="utf-8")
    assert "Peerscope is at http://127.0.0.1:8765" in said
    assert "Traceback" not in said
    assert "terminate called" not in said


def _get(url: str, patience: float) -> bytes:
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as response:
                body: bytes = response.read()
                return body
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)

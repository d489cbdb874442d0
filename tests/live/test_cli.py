"""The command as a person uses it: help, tables, JSON for programs, and errors without tracebacks."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from click.testing import CliRunner

import artifacts
import sample
from cli import main
from mappings import IndexNames, drop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from opensearchpy import OpenSearch


@pytest.fixture
def prefix(
    opensearch: OpenSearch, opensearch_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    assert opensearch_url
    prefix = f"cli-{uuid4().hex[:8]}-"
    monkeypatch.setenv("PEERSCOPE_INDEX_PREFIX", prefix)
    # Reports of runs go into a home of the test's own; what was fetched is shared.
    fetched = artifacts.home() / "artifacts"
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path / "home"))
    (artifacts.home() / "artifacts").symlink_to(fetched)
    yield prefix
    drop(opensearch, IndexNames(prefix))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def pipe(content: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command with a real pipe for standard input."""
    command = [sys.executable, "-m", "cli", *words]
    return subprocess.run(command, input=content, capture_output=True, timeout=300, check=False)


def first_works(count: int) -> bytes:
    return b"".join(sample.WORKS.read_bytes().splitlines(keepends=True)[:count])


def test_every_command_has_help() -> None:
    for name in main.commands:
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
    assert run("runs").output.count("finished") >= 1
    assert run("rollback", "--yes").exit_code == 1


def test_standard_input_can_be_indexed(prefix: str) -> None:
    result = pipe(first_works(2), "index", "-", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["new"] == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("index",), "a PATH, or --source"),
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
        command = [sys.executable, "-m", "cli", "serve", "--port", "8765"]
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "PEERSCOPE_WORKERS": "1"})
    try:
        answer = json.load(io.BytesIO(_get("http://127.0.0.1:8765/api/v1/works?q=neural", patience=90)))
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


class OneAnswer(BaseHTTPRequestHandler):
    """A server that gives the same page of works to whoever asks."""

    page = json.dumps(
        {
            "meta": {"count": 1, "next_cursor": None},
            "results": [
                {
                    "id": "https://openalex.org/W2741809807",
                    "title": "The state of open access",
                    "publication_year": 2018,
                    "abstract_inverted_index": {"Open": [0], "access": [1], "is": [2], "growing": [3]},
                    "authorships": [
                        {"author": {"id": "https://openalex.org/A5048491430", "display_name": "Heather Piwowar"}}
                    ],
                }
            ],
        }
    ).encode()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.page)))
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_servers_works_become_searchable(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), OneAnswer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PEERSCOPE_OPENALEX_URL", f"http://127.0.0.1:{server.server_port}")
        result = run("index", "--source", "openalex", "--query", "open access", "--json")
        server.shutdown()
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["new"] == 1
    (work,) = json.loads(run("search", "open access", "--json").stdout)["results"]
    assert (work["id"], work["abstract"]) == ("openalex:W2741809807", "Open access is growing")
    assert run("similar", "https://openalex.org/A5048491430").exit_code == 0


def test_a_persons_own_list_becomes_searchable(prefix: str, tmp_path: Path) -> None:
    (tmp_path / "library.bib").write_text(
        "@article{a, title={Spikes in {\\'E}cole}, author={Lov\\'ace, Ada and King, Augusta}, year={1999}}",
        encoding="utf-8",
    )
    (tmp_path / "more.ris").write_text(
        "TY  - JOUR\nTI  - Spikes again\nAU  - King, Augusta\nER  - \n", encoding="utf-8"
    )
    result = run("index", str(tmp_path / "library.bib"), str(tmp_path / "more.ris"), "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(run("search", "spikes", "--json").stdout)["results"]
    assert {work["title"] for work in found} == {"Spikes in École", "Spikes again"}
    people = json.loads(run("search", "spikes", "--researchers", "--json").stdout)["results"]
    assert {person["name"]: person["counts"]["works"] for person in people} == {"Ada Lováce": 1, "Augusta King": 2}

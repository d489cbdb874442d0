"""A machine with other users: what a run leaves readable, and what a web page in a browser can send to OpenSearch."""

from __future__ import annotations

import json
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from peerscope import sample
from peerscope.settings import Settings
from tests.accounts_of_machine import others_can_read

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

DELETE = json.dumps({"query": {"match_all": {}}})
#: The kinds of content that a page may send to another site without asking it first.
SIMPLE = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")


def send(url: str, method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, str]:
    """Send a request with exactly these headers, which HTTP libraries would change."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


@pytest.fixture
def index(opensearch: OpenSearch) -> object:
    opensearch.indices.create(index="shared-machine")
    opensearch.index(index="shared-machine", id="1", body={}, params={"refresh": "true"})
    yield "shared-machine"
    opensearch.indices.delete(index="shared-machine")


@pytest.mark.parametrize("content_type", [*SIMPLE, "application/json"])
@pytest.mark.parametrize(
    ("host", "headers"),
    [
        (None, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Origin": "null"}),
        (None, {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-site"}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
        # After DNS rebinding, the page is of the same origin.
        ("evil.example:9200", {"Origin": "http://evil.example:9200", "Sec-Fetch-Site": "same-origin"}),
        ("evil.example", {}),
        ("127.0.0.1.evil.example:9200", {}),
        ("localhost.evil.example", {}),
        ("0.0.0.0:9200", {}),
    ],
)
def test_a_web_page_cannot_delete(
    opensearch: OpenSearch,
    opensearch_url: str,
    index: str,
    host: str | None,
    headers: dict[str, str],
    content_type: str,
) -> None:
    headers = {"Host": host or urlsplit(opensearch_url).netloc, "Content-Type": content_type, **headers}
    status, text = send(opensearch_url, "POST", f"/{index}/_delete_by_query?refresh=true", headers, DELETE)
    # 406: OpenSearch reads no such content, whoever sends it.
    assert status in ({403, 406} if content_type in SIMPLE else {403}), text
    assert opensearch.count(index=index)["count"] == 1


@pytest.mark.parametrize("host", ["evil.example:9200", None])
def test_a_web_page_cannot_read(opensearch_url: str, index: str, host: str | None) -> None:
    own = urlsplit(opensearch_url).netloc
    headers = {"Host": host or own, **({} if host else {"Origin": "https://evil.example"})}
    for path in ("/", f"/{index}/_search", "/_cat/indices"):
        status, text = send(opensearch_url, "GET", path, headers)
        assert status == 403
        assert index not in text


def test_a_web_page_that_asks_first_is_refused(opensearch_url: str, index: str) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
    connection = HTTPConnection(urlsplit(opensearch_url).netloc, timeout=30)
    connection.request("OPTIONS", f"/{index}", headers=headers)
    response = connection.getresponse()
    assert "Access-Control-Allow-Origin" not in response.headers
    response.read()
    connection.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9200", "LOCALHOST", "[::1]:9200"])
def test_programs_of_this_machine_are_served(opensearch_url: str, index: str, host: str) -> None:
    headers = {"Host": host, "Content-Type": "application/json"}
    assert send(opensearch_url, "POST", f"/{index}/_count", headers, DELETE)[0] == 200
    # Typed into the address bar.
    assert send(opensearch_url, "GET", "/", {"Host": host, "Sec-Fetch-Site": "none"})[0] == 200


RUN = """
import os, sys
os.umask(int(sys.argv[1], 8))
from peerscope.cli import main
main(sys.argv[2:])
"""


@pytest.mark.parametrize("umask", ["000", "022"])
def test_a_whole_run_leaves_nothing_for_other_users(prefix: str, umask: str) -> None:
    """Indexing with a rejected record and a warning, an account, deliveries, and a server with its workers."""
    home = Settings.load().home
    (home / "artifacts").unlink()
    home.rmdir()
    works = sample.WORKS.read_bytes().splitlines(keepends=True)[:5]
    record = json.loads(works[0]) | {"id": "local:warned", "year": "never"}
    lines = b"".join(works) + json.dumps(record).encode() + b'\n{"id": 1}\n'

    def peerscope(*words: str, given: bytes = b"") -> None:
        command = [sys.executable, "-c", RUN, umask, *words]
        done = subprocess.run(command, input=given, capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr.decode()

    peerscope("index", "-", given=lines)
    peerscope("accounts", "list")
    peerscope("people", "sync")
    names = {path.name for path in home.rglob("*")}
    assert {"accounts.sqlite", "rejects.jsonl", "warnings.jsonl", "report.json", "duplicates.jsonl"} <= names
    passable = [". 711"] if home.stat().st_uid == 0 else []
    assert list(others_can_read(home)) == passable

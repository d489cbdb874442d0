"""Every source from its server or file to works that a search finds; servers fail on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner

from peerscope.cli import main
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"
 xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><opensearch:totalResults>1</opensearch:totalResults>
<entry><id>http://arxiv.org/abs/2401.00001v2</id><title>Spikes in the retina</title>
<published>2024-01-02T00:00:00Z</published><summary>How the retina spikes.</summary>
<author><name>Ada Lovelace</name></author><category term="q-bio.NC"/></entry></feed>"""

RECORD = """<record>
<header><identifier>oai:arXiv.org:2401.0000{n}</identifier><datestamp>2024-01-0{n}</datestamp></header>
<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2401.0000{n}</id><created>2024-01-0{n}</created>
<authors><author><keyname>Lovelace</keyname><forenames>Ada</forenames></author></authors>
<title>Spikes, part {n}</title><categories>q-bio.NC</categories></arXiv></metadata></record>"""

OPENALEX = {
    "id": "https://openalex.org/W2741809807",
    "title": "Spikes and open access",
    "publication_year": 2018,
    "abstract_inverted_index": {"Open": [0], "access": [1], "is": [2], "growing": [3]},
    "authorships": [{"author": {"id": "https://openalex.org/A5048491430", "display_name": "Heather Piwowar"}}],
}

ACL = """<?xml version='1.0' encoding='UTF-8'?><collection id="2022.acl"><volume id="long" type="proceedings">
<meta><booktitle>Proceedings</booktitle><year>2022</year><venue>acl</venue></meta>
<paper id="1"><title>Spikes in <fixed-case>NLP</fixed-case></title>
<author id="ada-lovelace"><first>Ada</first><last>Lovelace</last></author>
<abstract>Words spike.</abstract><url>2022.acl-long.1</url></paper></volume></collection>"""


class Answer(NamedTuple):
    body: str
    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012 (never changed)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[dict[str, str]], Answer]], str]]:
    """Start a server on loopback that answers as a function of the parameters says; give its address."""
    running: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[dict[str, str]], Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                given = answer(dict(parse_qsl(urlsplit(self.path).query)))
                body = given.body.encode()
                self.send_response(given.status)
                for name, value in {"Content-Length": str(len(body)), **given.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def run(*words: str | Path) -> Any:
    result = CliRunner().invoke(main, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def found(*, people: bool = False) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = run("search", "spikes", *(["--researchers"] if people else []))["results"]
    return results


def test_arxivs_query_api_after_a_503(prefix: str, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [Answer("busy", 503, {"Retry-After": "0"}), Answer(ATOM)]
    monkeypatch.setenv("PEERSCOPE_ARXIV_URL", serve(lambda _: answers.pop(0)))
    report = run("index", "--source", "arxiv", "--query", "cat:q-bio.NC", "--since", "2024-01-01", "--limit", "2000")
    assert (report["new"], report["finished"], answers) == (1, True, [])
    (work,) = found()
    assert (work["id"], work["abstract"], work["year"]) == ("arxiv:2401.00001", "How the retina spikes.", 2024)
    assert work["topics"] == [{"id": "q-bio.NC", "name": "Neurons and Cognition"}]


def test_arxivs_harvest_after_an_expired_token(prefix: str, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expired: list[str] = []

    def archive(params: dict[str, str]) -> Answer:
        if params.get("resumptionToken") == "first" and not expired:
            expired.append("first")
            return _oai('<error code="badResumptionToken">gone</error>')
        if params.get("resumptionToken"):
            return _oai(f"<ListRecords>{RECORD.format(n=2)}<resumptionToken/></ListRecords>")
        token = "second" if expired else "first"
        return _oai(f"<ListRecords>{RECORD.format(n=1)}<resumptionToken>{token}</resumptionToken></ListRecords>")

    monkeypatch.setenv("PEERSCOPE_ARXIV_OAI_URL", serve(archive))
    report = run("index", "--source", "arxiv-oai", "--set", "q-bio", "--since", "2024-01-01")
    assert (report["new"], report["finished"], expired) == (2, True, ["first"])
    assert {work["id"] for work in found()} == {"arxiv:2401.00001", "arxiv:2401.00002"}


def _oai(content: str) -> Answer:
    return Answer(
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-06-01T00:00:00Z</responseDate>'
        f"{content}</OAI-PMH>"
    )


@pytest.mark.parametrize("moment", ["reading", "writing"])
def test_a_harvest_that_is_killed_is_complete_the_next_time(prefix: str, serve: Any, moment: str) -> None:
    """Kill it with SIGKILL while the server holds back the second page, and while it writes the works."""
    is_waiting, may_answer = threading.Event(), threading.Event()

    def archive(params: dict[str, str]) -> Answer:
        if params.get("resumptionToken"):
            is_waiting.set()
            may_answer.wait(60)
            return _oai(f"<ListRecords>{RECORD.format(n=2)}<resumptionToken/></ListRecords>")
        return _oai(f"<ListRecords>{RECORD.format(n=1)}<resumptionToken>next</resumptionToken></ListRecords>")

    url = serve(archive)
    added = CliRunner().invoke(main, ["harvest", "add", "a", "--source", "oai", "--url", url, "--prefix", "arXiv"])
    assert added.exit_code == 0
    command = [sys.executable, "-m", "peerscope", "harvest", "run"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    assert is_waiting.wait(120)
    if moment == "writing":
        may_answer.set()
        # The folder of the run is made before, its staged works when everything is read.
        wait_until((Settings.load().home / "staged.sqlite").exists)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    may_answer.set()
    (stored,) = json.loads(CliRunner().invoke(main, ["harvest", "list", "--json"]).stdout)
    assert stored["harvested"] is None
    assert CliRunner().invoke(main, ["harvest", "run"]).exit_code == 0
    assert {work["id"] for work in found()} == {"arxiv:2401.00001", "arxiv:2401.00002"}
    (stored,) = json.loads(CliRunner().invoke(main, ["harvest", "list", "--json"]).stdout)
    assert stored["harvested"] is not None


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until a condition holds; fail after some time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_openalex_after_a_429(prefix: str, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = json.dumps({"meta": {"count": 1, "next_cursor": None}, "results": [OPENALEX]})
    answers = [Answer("{}", 429, {"Retry-After": "0"}), Answer(page)]
    monkeypatch.setenv("PEERSCOPE_OPENALEX_URL", serve(lambda _: answers.pop(0)))
    assert run("index", "--source", "openalex", "--query", "open access")["new"] == 1
    (work,) = found()
    assert (work["id"], work["abstract"]) == ("openalex:W2741809807", "Open access is growing")
    assert CliRunner().invoke(main, ["similar", "https://openalex.org/A5048491430"]).exit_code == 0


def test_a_server_that_stays_away_loses_nothing_that_came_before(
    prefix: str, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {"*": {"meta": {"count": 2, "next_cursor": "x"}, "results": [OPENALEX]}}

    def api(params: dict[str, str]) -> Answer:
        page = pages.get(params["cursor"])
        return Answer(json.dumps(page)) if page else Answer("no", 403)

    monkeypatch.setenv("PEERSCOPE_OPENALEX_URL", serve(api))
    command = ["index", "--source", "openalex", "--query", "open access", "--json"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["new"], len(report["broken_sources"])) == (1, 1)
    pages["x"] = {"meta": {"count": 2, "next_cursor": None}, "results": [{**OPENALEX, "id": "https://openalex.org/W2"}]}
    report = run(*command[:-1])
    assert (report["new"], report["unchanged"]) == (1, 1)
    assert len(found()) == 2


def test_the_acl_anthology(prefix: str, tmp_path: Path) -> None:
    (tmp_path / "2022.acl.xml").write_text(ACL, encoding="utf-8")
    assert run("index", tmp_path / "2022.acl.xml")["new"] == 1
    (work,) = found()
    assert (work["id"], work["title"], work["venue"]) == ("acl:2022.acl-long.1", "Spikes in NLP", "ACL")
    assert run("search", "words that spike")["results"][0]["abstract"] == "Words spike."


def test_a_persons_own_lists(prefix: str, tmp_path: Path) -> None:
    (tmp_path / "library.bib").write_text(
        "@article{a, title={Spikes in {\\'E}cole}, author={Lov\\'ace, Ada and King, Augusta}, year={1999}}",
        encoding="utf-8",
    )
    (tmp_path / "more.ris").write_text(
        "TY  - JOUR\nTI  - Spikes again\nAU  - King, Augusta\nER  - \n", encoding="utf-8"
    )
    csl = {
        "id": "x",
        "type": "article-journal",
        "title": "Spikes once more",
        "DOI": "10.1000/spikes",
        "author": [{"family": "King", "given": "Augusta"}],
        "issued": {"date-parts": [[2001, 5]]},
    }
    (tmp_path / "library.json").write_text(json.dumps([csl]), encoding="utf-8")
    assert run("index", tmp_path / "library.bib", tmp_path / "more.ris", tmp_path / "library.json")["new"] == 3
    assert {work["title"]: work["year"] for work in found()} == {
        "Spikes in École": 1999,
        "Spikes again": None,
        "Spikes once more": 2001,
    }
    assert {person["name"]: person["counts"]["works"] for person in found(people=True)} == {
        "Ada Lováce": 1,
        "Augusta King": 3,
    }

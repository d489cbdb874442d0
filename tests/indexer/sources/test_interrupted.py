"""Every remote source, interrupted by its server again and again: nothing is missing, and nothing comes twice.

The server fails in each way at each page: 500, 429 with Retry-After, a body that breaks off, a damaged body, a token or
result that has expired. A harvest that the server ends for good is continued by the next one.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from indexer.records import parse_work, withdrawn_id
from indexer.sources import (
    Selection,
    SourceError,
    arxiv,
    json_harvesters,
    open_harvester,
    openalex,
    pubmed_harvester,
    remote_source_names,
)
from indexer.sources.http_client import HttpClient
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

TOTAL = 7
SIZE = 2
Params = dict[str, str]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _numbers(start: int) -> range:
    return range(start, min(start + SIZE, TOTAL))


def crossref(params: Params) -> bytes:
    start = 0 if params["cursor"] == "*" else int(params["cursor"])
    person = {"given": "Ada", "family": "Ash"}
    items = [
        {"DOI": f"10.1000/{n}", "prefix": "10.1000", "member": "1", "title": ["A"], "author": [person]}
        for n in _numbers(start)
    ]
    return _json({"message": {"items": items, "next-cursor": str(start + len(items))}})


def europe_pmc(params: Params) -> bytes:
    start = 0 if params["cursorMark"] == "*" else int(params["cursorMark"])
    results = [
        {"id": str(n), "source": "MED", "pmid": str(n), "title": "A.", "authorString": "Ash A."}
        for n in _numbers(start)
    ]
    return _json({"nextCursorMark": str(start + len(results)), "resultList": {"result": results}})


def datacite(params: Params) -> bytes:
    page = int(params["page[cursor]"])
    person = [{"name": "Ash, Ada"}]
    data = [
        {"id": f"10.1/{n}", "type": "dois",
         "attributes": {"doi": f"10.1000/{n}", "creators": person, "titles": [{"title": "A"}]}}
        for n in _numbers((page - 1) * SIZE)
    ]  # fmt: skip
    following = f"https://x.y/dois?page%5Bcursor%5D={page + 1}"
    return _json({"data": data, "links": {"next": following} if page * SIZE < TOTAL else {}})


def open_alex(params: Params) -> bytes:
    start = 0 if params["cursor"] == "*" else int(params["cursor"])
    works = [
        {"id": f"https://openalex.org/W1{n}", "title": "A", "authorships": [{"author": {"display_name": "Ada Ash"}}]}
        for n in _numbers(start)
    ]
    end = start + len(works)
    return _json({"meta": {"next_cursor": str(end) if end < TOTAL else None}, "results": works})


def arxiv_query(params: Params) -> bytes:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2401.0000{n}v1</id><title>A</title><published>2024-01-02T00:00:00Z</published>"
        "<author><name>Ada Ash</name></author></entry>"
        for n in _numbers(int(params["start"]))
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/">'
        f"<o:totalResults>{TOTAL}</o:totalResults>{entries}</feed>"
    ).encode()


def pubmed(params: Params) -> bytes:
    if "term" in params:
        return _json({"esearchresult": {"count": str(TOTAL), "webenv": "W", "querykey": "1"}})
    articles = "".join(
        f"<PubmedArticle><MedlineCitation><PMID>{n}</PMID><Article><ArticleTitle>A</ArticleTitle><AuthorList><Author>"
        "<LastName>Ash</LastName></Author></AuthorList></Article></MedlineCitation></PubmedArticle>"
        for n in _numbers(int(params["retstart"]))
    )
    return f"<PubmedArticleSet>{articles}</PubmedArticleSet>".encode()


def _oai(params: Params, record: Callable[[int], str]) -> bytes:
    """List records of two a day, from a day or after a token."""
    first = max(0, (int(params["from"][-2:]) - 1) * 2) if "from" in params else 0
    start = int(params.get("resumptionToken", first))
    records = "".join(
        f"<record><header><identifier>oai:{n}</identifier><datestamp>2024-01-0{n // 2 + 1}</datestamp></header>"
        f"<metadata>{record(n)}</metadata></record>"
        for n in _numbers(start)
    )
    token = f"<resumptionToken>{start + SIZE}</resumptionToken>" if start + SIZE < TOTAL else ""
    return f'<OAI-PMH xmlns="{OAI}"><ListRecords>{records}{token}</ListRecords></OAI-PMH>'.encode()


OAI = "http://www.openarchives.org/OAI/2.0/"


def repository(params: Params) -> bytes:
    return _oai(
        params,
        lambda n: f'<dc xmlns="http://purl.org/dc/elements/1.1/"><title>A{n}</title><creator>Ash, Ada</creator></dc>',
    )


def arxiv_oai(params: Params) -> bytes:
    return _oai(
        params,
        lambda n: (
            f'<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2401.0000{n}</id><title>A</title><authors><author>'
            "<keyname>Ash</keyname></author></authors></arXiv>"
        ),
    )


class Remote(NamedTuple):
    """A remote source: its server, the setting with its address, and its response when a token has expired."""

    page: Callable[[Params], bytes]
    setting: str | None
    expired: bytes | None = None
    selection: Selection = Selection("x")


EXPIRED = f'<OAI-PMH xmlns="{OAI}"><error code="badResumptionToken">gone</error></OAI-PMH>'.encode()
FORGOTTEN = b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>"
DAYS = Selection(since=date(2024, 1, 1))
REMOTES = {
    "crossref": Remote(crossref, "crossref_url"),
    "europepmc": Remote(europe_pmc, "europepmc_url"),
    "datacite": Remote(datacite, "datacite_url"),
    "openalex": Remote(open_alex, "openalex_url"),
    "arxiv": Remote(arxiv_query, "arxiv_url"),
    "arxiv-oai": Remote(arxiv_oai, "arxiv_oai_url", EXPIRED, DAYS),
    "oai": Remote(repository, None, EXPIRED, DAYS),
    "pubmed": Remote(pubmed, "pubmed_url", FORGOTTEN),
}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (json_harvesters, pubmed_harvester, openalex, arxiv):
        monkeypatch.setattr(module, "PAGE", SIZE)


def harvested(name: str, url: str) -> list[str]:
    """Return the ids that a harvest yields; raise SourceError with those before as its argument."""
    remote = REMOTES[name]
    settings = Settings.load(**({remote.setting: url} if remote.setting else {}))
    selection = remote.selection if remote.setting else Selection(since=date(2024, 1, 1), url=url)
    harvester = open_harvester(name, selection, settings)
    harvester.client = HttpClient(0, backoff=0)
    ids: list[str] = []
    try:
        for item in harvester:
            assert not item.problem
            ids.append(withdrawn_id(item.value) or parse_work(item.value).id)
    except SourceError as error:
        raise SourceError(json.dumps(ids)) from error
    return ids


def test_every_remote_source_is_interrupted_here() -> None:
    assert sorted(REMOTES) == sorted(remote_source_names())


@pytest.mark.parametrize("name", REMOTES)
def test_failures_at_every_page_lose_and_repeat_nothing(name: str, server: Any, reply: Any) -> None:
    page, expired = REMOTES[name].page, REMOTES[name].expired
    server.answer = lambda params: reply(page(params))
    complete = harvested(name, server.url)
    assert len(set(complete)) == len(complete) == TOTAL
    requests = len(server.asked)
    failures = {
        "500": reply(b"oops", 500),
        "429": reply(b"slow down", 429, {"Retry-After": "0"}),
        "broken off": reply(page(server.asked[-1]), cut=20),
        "damaged": reply(page(server.asked[-1])[:-20]),
        **({"expired": reply(expired)} if expired else {}),
    }
    for kind, failure in failures.items():
        for failing in range(kind == "expired", requests):
            if kind == "expired" and "term" in server.asked[failing]:
                continue
            count = 0

            def answer(params: Params, failing: int = failing, failure: Any = failure) -> Any:
                nonlocal count
                count += 1
                return failure if count == failing + 1 else reply(page(params))

            server.answer = answer
            assert harvested(name, server.url) == complete, (kind, failing)


@pytest.mark.parametrize("name", REMOTES)
def test_a_server_that_gives_up_is_continued_by_the_next_harvest(name: str, server: Any, reply: Any) -> None:
    page = REMOTES[name].page
    server.answer = lambda params: reply(page(params))
    complete = harvested(name, server.url)
    for last in range(1, len(server.asked)):
        count = 0

        def answer(params: Params, last: int = last) -> Any:
            nonlocal count
            count += 1
            return reply(page(params)) if count <= last else reply(b"gone", 410)

        server.answer = answer
        with pytest.raises(SourceError) as error:
            harvested(name, server.url)
        before = json.loads(str(error.value))
        assert before == complete[: len(before)]
        server.answer = lambda params: reply(page(params))
        assert harvested(name, server.url) == complete

"""Crossref, Europe PMC, DataCite, PubMed and any OAI-PMH server, from stand-ins that answer as they do and fail."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from indexer.records import parse_work
from indexer.sources import Selection, SourceError, json_harvesters, pubmed_harvester
from indexer.sources.json_harvesters import CROSSREF, DATACITE, EUROPE_PMC, JsonHarvest
from indexer.sources.oai import OaiHarvest
from indexer.sources.pubmed_harvester import PubmedQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from indexer.sources import Item
    from indexer.sources.http_client import HttpClient

TOTAL = 5


def crossref(number: int) -> dict[str, Any]:
    author = {"given": "Ada", "family": "Ash"}
    return {"DOI": f"10.1000/{number}", "prefix": "10.1000", "member": "1", "title": ["A"], "author": [author]}


def europe_pmc(number: int) -> dict[str, Any]:
    return {"id": str(number), "source": "MED", "pmid": str(number), "title": "A.", "authorString": "Ash A."}


def datacite(number: int) -> dict[str, Any]:
    attributes = {"doi": f"10.1000/{number}", "creators": [{"name": "Ash, Ada"}], "titles": [{"title": "A"}]}
    return {"id": f"10.1000/{number}", "type": "dois", "attributes": attributes}


def crossref_page(params: dict[str, str]) -> Any:
    start = 0 if params["cursor"] == "*" else int(params["cursor"])
    items = [crossref(n) for n in range(start, min(start + int(params["rows"]), TOTAL))]
    return {"message": {"items": items, "next-cursor": str(start + len(items))}}


def europe_pmc_page(params: dict[str, str]) -> Any:
    start = 0 if params["cursorMark"] == "*" else int(params["cursorMark"])
    results = [europe_pmc(n) for n in range(start, min(start + int(params["pageSize"]), TOTAL))]
    return {"nextCursorMark": str(start + len(results)), "resultList": {"result": results}}


def datacite_page(params: dict[str, str]) -> Any:
    start = (int(params["page[cursor]"]) - 1) * 2
    data = [datacite(n) for n in range(start, min(start + int(params["page[size]"]), TOTAL))]
    following = f"https://x.y/dois?page%5Bcursor%5D={int(params['page[cursor]']) + 1}&page%5Bsize%5D=2"
    return {"data": data, "links": {"next": following} if start + 2 < TOTAL else {}}


APIS = [(CROSSREF, crossref_page), (EUROPE_PMC, europe_pmc_page), (DATACITE, datacite_page)]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_harvesters, "PAGE", 2)
    monkeypatch.setattr(pubmed_harvester, "PAGE", 2)


def numbers(items: list[Item]) -> list[int]:
    assert not [item.problem for item in items if item.problem]
    return [int(parse_work(item.value).id.rpartition(":")[2].rpartition("/")[2]) for item in items]


@pytest.mark.parametrize(("api", "page"), APIS)
def test_all_pages_are_read_in_spite_of_failures(
    api: Any, page: Callable[[dict[str, str]], Any], server: Any, reply: Any, client: HttpClient
) -> None:
    server.replies = [reply(status=503), reply(b'{"message": ', 200), reply(b"[]"), reply(b"{}", cut=1)]
    server.answer = lambda params: reply(json.dumps(page(params)).encode())
    assert numbers(list(JsonHarvest(api, Selection("x"), server.url, client))) == list(range(TOTAL))
    assert numbers(list(JsonHarvest(api, Selection("x", limit=3), server.url, client))) == [0, 1, 2]


@pytest.mark.parametrize(("api", "page"), APIS)
def test_what_was_read_before_a_server_gave_up_is_kept(
    api: Any, page: Callable[[dict[str, str]], Any], server: Any, reply: Any, client: HttpClient
) -> None:
    answered = 0

    def answer(params: dict[str, str]) -> Any:
        nonlocal answered
        answered += 1
        return reply(json.dumps(page(params)).encode()) if answered == 1 else reply(b"gone", 410)

    server.answer = answer
    harvest = iter(JsonHarvest(api, Selection("x"), server.url, client))
    assert numbers([next(harvest), next(harvest)]) == [0, 1]
    with pytest.raises(SourceError, match="410"):
        next(harvest)


@pytest.mark.parametrize(
    ("api", "page", "sent"),
    [
        (
            CROSSREF,
            crossref_page,
            {"query": "x", "filter": "type:book,from-update-date:2024-01-02,until-update-date:2024-02-03"},
        ),
        (EUROPE_PMC, europe_pmc_page, {"query": "(x) AND (UPDATE_DATE:[2024-01-02 TO 2024-02-03])"}),
        (DATACITE, datacite_page, {"query": "(x) AND updated:[2024-01-02 TO 2024-02-03]"}),
    ],
)
def test_queries_and_days_reach_the_server(
    api: Any, page: Callable[[dict[str, str]], Any], sent: dict[str, str], server: Any, reply: Any, client: HttpClient
) -> None:
    server.answer = lambda params: reply(json.dumps(page(params)).encode())
    selection = Selection("x", "type:book", since=date(2024, 1, 2), until=date(2024, 2, 3), limit=1)
    list(JsonHarvest(api, selection, server.url, client, mailto="a@example.org"))
    assert server.asked[0] | sent == server.asked[0]
    assert server.asked[0]["mailto"] == "a@example.org"


def test_a_server_that_returns_the_same_page_again_is_left(server: Any, reply: Any, client: HttpClient) -> None:
    page = {"message": {"items": [crossref(1), crossref(2)], "next-cursor": "same"}}
    server.answer = lambda params: reply(json.dumps(page).encode())
    with pytest.raises(SourceError, match="the same page again and again"):
        list(JsonHarvest(CROSSREF, Selection("x"), server.url, client))


def pubmed(params: dict[str, str], reply: Any, total: int = TOTAL) -> Any:
    if "term" in params:
        return reply(json.dumps({"esearchresult": {"count": str(total), "webenv": "W", "querykey": "1"}}).encode())
    start = int(params["retstart"])
    article = (
        "<PubmedArticle><MedlineCitation><PMID>{}</PMID><Article><ArticleTitle>A.</ArticleTitle><AuthorList><Author>"
        "<LastName>Ash</LastName></Author></AuthorList></Article></MedlineCitation></PubmedArticle>"
    )
    articles = "".join(article.format(n) for n in range(start, min(start + int(params["retmax"]), total)))
    doctype = '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://x.y/pubmed.dtd">'
    return reply(f'<?xml version="1.0"?>{doctype}<PubmedArticleSet>{articles}</PubmedArticleSet>'.encode())


def test_pubmed_is_searched_and_read_page_by_page(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(status=429), reply(b"{}")]
    server.answer = lambda params: pubmed(params, reply)
    selection = Selection("salix[ti]", since=date(2024, 1, 2))
    assert numbers(list(PubmedQuery(selection, server.url, client))) == list(range(TOTAL))
    assert (server.asked[0]["term"], server.asked[0]["mindate"]) == ("salix[ti]", "2024/01/02")
    assert server.asked[-1]["WebEnv"] == "W"


def test_pubmed_reports_more_results_than_it_returns(
    server: Any, reply: Any, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pubmed_harvester, "MAX_RESULTS", 4)
    server.answer = lambda params: pubmed(params, reply)
    harvest = iter(PubmedQuery(Selection("x"), server.url, client))
    assert numbers([next(harvest) for _ in range(4)]) == [0, 1, 2, 3]
    with pytest.raises(SourceError, match="the query has 5 results"):
        next(harvest)


def test_an_invalid_query_is_refused_by_pubmed(server: Any, reply: Any, client: HttpClient) -> None:
    server.answer = lambda params: reply(b'{"esearchresult": {"ERROR": "Empty term"}}')
    with pytest.raises(SourceError, match="PubMed: Empty term"):
        list(PubmedQuery(Selection("x"), server.url, client))


def test_any_repository_is_harvested_with_deletions_and_expired_tokens(
    server: Any, reply: Any, client: HttpClient
) -> None:
    def record(number: int, status: str = "") -> str:
        metadata = (
            '<metadata><dc xmlns="http://purl.org/dc/elements/1.1/"><title>A</title><creator>Ash, Ada</creator></dc>'
            "</metadata>"
        )
        header = f"<identifier>oai:x.y:{number}</identifier><datestamp>2024-01-0{number}</datestamp>"
        return f"<record><header{status}>{header}</header>{'' if status else metadata}</record>"

    def part(records: str, token: str = "") -> Any:
        tokens = f"<resumptionToken>{token}</resumptionToken>"
        body = f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{records}{tokens}</ListRecords></OAI-PMH>'
        return reply(body.encode())

    expired = reply(
        b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badResumptionToken"/></OAI-PMH>'
    )
    server.replies = [
        part(record(1) + record(2), "t1"),
        reply(status=503, headers={"Retry-After": "0"}),
        expired,
        part(record(2) + record(3, ' status="deleted"')),
    ]
    items = list(OaiHarvest(Selection(set_="theses", since=date(2024, 1, 1)), server.url, client))
    assert [item.value["id"] for item in items] == ["oai:x.y:1", "oai:x.y:2", "oai:x.y:3"]
    assert items[2].value["withdrawn"] is True
    assert (server.asked[0]["metadataPrefix"], server.asked[0]["set"]) == ("oai_dc", "theses")
    assert server.asked[-1]["from"] == "2024-01-02"

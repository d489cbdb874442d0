"""Exports over HTTP: every format of one work and of lists, whole, escaped, and read back."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import rispy
from bibtexparser.entrypoint import parse_string

from search_api.works import citations, export, reading

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

RELU = "/api/v1/works/arxiv:1910.00744"
KORDING = "konrad-p-kording-4bafdee5"
MEDIA = {
    "bibtex": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl": "application/vnd.citationstyles.csl+json",
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
}


def titles(response: TestResponse, kind: str) -> list[str]:
    """Read an export with the library that its users have."""
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == MEDIA[kind]
    assert "attachment; filename=" in response.headers["Content-Disposition"]
    text = response.get_data(as_text=True)
    if kind == "bibtex":
        library = parse_string(text)
        assert not library.failed_blocks
        return [entry["title"] for entry in library.entries]
    if kind == "ris":
        return [entry["title"] for entry in rispy.loads(text)]
    if kind == "csl":
        items = json.loads(text)
        return [item["title"] for item in (items if isinstance(items, list) else [items])]
    if kind == "csv":
        return [row["title"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    return [json.loads(line)["title"] for line in text.splitlines()]


@pytest.mark.parametrize("kind", ["bibtex", "ris", "csl"])
def test_one_work_is_exported_by_parameter_and_by_accept(client: FlaskClient, kind: str) -> None:
    asked = client.get(RELU, query_string={"format": kind})
    negotiated = client.get(RELU, headers={"Accept": f"{MEDIA[kind]}, application/json;q=0.5"})
    assert asked.data == negotiated.data
    (title,) = titles(asked, kind)
    assert title.replace("{", "").replace("}", "") == "Reverse-Engineering Deep ReLU Networks"
    assert "Accept" in asked.vary
    assert asked.headers["ETag"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", "image/png", "nonsense", ""])
def test_json_is_what_everybody_else_gets(client: FlaskClient, accept: str) -> None:
    for path in (RELU, "/api/v1/works", f"/api/v1/researchers/{KORDING}/works"):
        answer = client.get(path, headers={"Accept": accept})
        assert answer.content_type == "application/json"
        assert "Accept" in answer.vary
    assert client.get(RELU, query_string={"format": "json"}, headers={"Accept": "text/csv"}).is_json


@pytest.mark.parametrize("kind", list(MEDIA))
def test_a_list_is_exported_whole(client: FlaskClient, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK", 50)
    assert len(titles(client.get("/api/v1/works", query_string={"format": kind}), kind)) == 320
    own = client.get(f"/api/v1/researchers/{KORDING}/works", headers={"Accept": MEDIA[kind]})
    assert len(titles(own, kind)) == 21


@pytest.mark.parametrize("kind", list(MEDIA))
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_a_search_is_exported_in_its_order(client: FlaskClient, kind: str, mode: str) -> None:
    query = {"q": "neural decoding -language", "mode": mode, "year": "2010-", "format": kind}
    found = titles(client.get("/api/v1/works", query_string=query), kind)
    listed = client.get("/api/v1/works", query_string=query | {"format": "json", "per_page": 100}).get_json()
    assert len(found) == listed["meta"]["count"]
    expected = [work["title"] for work in listed["results"]]
    if kind == "bibtex":
        expected = [citations._braced(title) for title in expected]
    assert [" ".join(title.split()) for title in found[:100]] == expected[:100]


@pytest.mark.parametrize("kind", list(MEDIA))
def test_a_list_of_nothing_is_a_whole_file_too(client: FlaskClient, kind: str) -> None:
    assert titles(client.get("/api/v1/works", query_string={"topic": "none", "format": kind}), kind) == []


@pytest.mark.parametrize("kind", list(MEDIA))
def test_similar_works_are_exported(client: FlaskClient, kind: str) -> None:
    found = client.get(f"{RELU}/similar", query_string={"format": kind, "per_page": 7})
    assert len(titles(found, kind)) == 7


def test_json_lines_have_what_the_api_gives(client: FlaskClient) -> None:
    query = {"q": "neurons", "per_page": 1}
    (first, *_) = client.get("/api/v1/works", query_string={**query, "format": "jsonl"}).get_data(True).splitlines()
    assert json.loads(first) == client.get("/api/v1/works", query_string=query).get_json()["results"][0]
    short = client.get("/api/v1/works", query_string={"format": "jsonl", "select": "id,year"}).get_data(True)
    assert set(json.loads(short.splitlines()[0])) == {"id", "year"}


def test_citation_keys_are_unique_in_a_file(client: FlaskClient) -> None:
    library = parse_string(client.get("/api/v1/works?format=bibtex").get_data(as_text=True))
    keys = [entry.key for entry in library.entries]
    assert len(keys) == len(set(keys)) == 320


def test_csv_begins_with_a_header_and_runs_no_formula(client: FlaskClient) -> None:
    text = client.get("/api/v1/works?format=csv&select=title,id").get_data(as_text=True)
    assert text.startswith("id,title\r\n")
    risky: Any = {"id": "local:x", "title": "=HYPERLINK(1)", "researchers": [{"name": "@x"}], "abstract": "\t-1"}
    line = "".join(export._csv([risky], {"select": ["id", "title", "authors", "abstract"]})).splitlines()[1]
    assert next(csv.reader([line])) == ["local:x", "'=HYPERLINK(1)", "'@x", "'\t-1"]


@pytest.mark.parametrize("path", [RELU, "/api/v1/works", f"{RELU}/similar", f"/api/v1/researchers/{KORDING}/works"])
def test_an_unknown_format_is_refused_with_the_valid_ones(client: FlaskClient, path: str) -> None:
    answer = client.get(path, query_string={"format": "docx"})
    assert answer.status_code == 400
    assert "bibtex" in answer.get_json(force=True)["errors"]["format"][0]
    assert client.get(RELU, query_string={"format": "csv"}).status_code == 400


def test_a_search_that_fails_is_an_error_and_no_file(client: FlaskClient) -> None:
    assert client.get("/api/v1/works?format=csv&year=soon").content_type == "application/problem+json"
    assert client.get("/api/v1/researchers/nobody/works?format=csv").status_code == 404


def test_the_limit_of_an_export_holds(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LIMIT", 3)
    assert len(titles(client.get("/api/v1/works?format=jsonl"), "jsonl")) == 3


def test_openapi_names_the_media_types(client: FlaskClient) -> None:
    paths: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()["paths"]
    for path in ("/api/v1/works", "/api/v1/researchers/{id}/works"):
        assert set(paths[path]["get"]["responses"]["200"]["content"]) == {
            "application/json",
            "text/x-bibliography",
            *MEDIA.values(),
        }
    (format_,) = [one for one in paths["/api/v1/works/{id}"]["get"]["parameters"] if one["name"] == "format"]
    assert {"json", "bibtex", "csl", "ris"} <= set(format_["schema"]["enum"])

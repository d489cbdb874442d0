"""Identifiers in the place of a query: the item that has them, or none; never other works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

PAPER = "arxiv:1402.3375"
KORDING = "konrad-p-kording-4bafdee5"


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
@pytest.mark.parametrize("text", ["1402.3375", "https://arxiv.org/pdf/1402.3375v2.pdf", "arXiv:1402.3375 [q-bio.NC]"])
def test_a_work_is_the_only_result(get: Any, text: str, mode: str) -> None:
    answer = get("/works", q=text, mode=mode)
    assert [work["id"] for work in answer["results"]] == [PAPER]
    assert answer["meta"]["interpreted"] == {"kind": "work", "id": PAPER}
    assert answer["meta"]["count"] == 1


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("10.9999/Nothing.Here", "doi:10.9999/nothing.here"),
        ("https://doi.org/10.9999/nothing.here", "doi:10.9999/nothing.here"),
        ("9912.99999", "arxiv:9912.99999"),
        ("arXiv:cs.LG/9912999", "arxiv:cs/9912999"),
        ("PMID: 999999999", "pmid:999999999"),
        ("0000-0001-2345-6789", "0000-0001-2345-6789"),
        ("https://ror.org/00000zz00", "ror:00000zz00"),
        ("W9999999999", "openalex:W9999999999"),
    ],
)
def test_an_unknown_identifier_finds_nothing_and_is_named(client: FlaskClient, get: Any, text: str, id_: str) -> None:
    answer = get("/works", q=text)
    assert answer["results"] == []
    assert answer["meta"]["count"] == 0
    assert answer["meta"]["interpreted"] == {"kind": None, "id": id_}
    page = client.get("/search", query_string={"q": text})
    assert page.status_code == 200
    assert id_ in page.text
    assert "Search for it as text" in page.text


def test_the_link_searches_for_it_as_text(get: Any) -> None:
    assert "interpreted" not in get("/works", q='"10.9999/nothing.here"')["meta"]


def test_a_researcher_is_named_by_their_works(get: Any) -> None:
    answer = get("/works", q=f"https://peerscope.example/researchers/{KORDING}", facets="researcher")
    assert answer["meta"]["interpreted"] == {"kind": "researcher", "id": KORDING}
    assert answer["meta"]["count"] == get("/works", researcher=KORDING)["meta"]["count"]
    assert answer["facets"]["researcher"][0]["key"] == KORDING


def test_filters_and_exports_apply_to_the_item(client: FlaskClient, get: Any) -> None:
    assert get("/works", q="1402.3375", year="1066")["meta"]["count"] == 0
    exported = client.get("/api/v1/works", query_string={"q": "1402.3375", "format": "bibtex"})
    assert exported.text.count("@") >= 1
    assert "1402.3375" in exported.text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1402.3375v1", f"/works/{PAPER}"),
        ("doi:10.48550/arXiv.1402.3375", f"/works/{PAPER}"),
        ("https%3A%2F%2Farxiv.org%2Fabs%2F1402.3375", f"/works/{PAPER}"),
        ("oai:arXiv.org:1402.3375", f"/works/{PAPER}"),
        ("CoRR abs/1402.3375 (2014)", f"/works/{PAPER}"),
        ("https://dblp.org/rec/journals/corr/abs-1402-3375", f"/works/{PAPER}"),
        (f"https://peerscope.example/researchers/{KORDING}", f"/researchers/{KORDING}"),
    ],
)
def test_the_page_leads_to_the_item(client: FlaskClient, text: str, address: str) -> None:
    answer = client.get("/search", query_string={"q": text})
    assert (answer.status_code, answer.location) == (303, address)


@pytest.mark.parametrize("text", ["1402.3375", "https://arxiv.org/abs/1402.3375v1", "arXiv:1402.3375"])
def test_suggestions_begin_with_the_item_of_an_identifier(get: Any, text: str) -> None:
    results = get("/autocomplete", q=text)["results"]
    assert (results[0]["kind"], results[0]["id"]) == ("work", PAPER)
    assert [result["id"] for result in results].count(PAPER) == 1
    assert PAPER not in [result["id"] for result in get("/autocomplete", q=text, kind="topic")["results"]]

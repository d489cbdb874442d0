"""Similar works over HTTP: by one work, by text, by examples on both sides, among candidates, and when it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from peerscope import embedding
from search_api.app import create_app
from search_api.http.services import KEY, Services

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

SPIKES = "arxiv:1402.3375"
RECORDING = "Physical Principles for Scalable Neural Recording"
RELU = "arxiv:1910.00744"


@pytest.fixture
def ask(client: FlaskClient) -> Any:
    def ask(body: Any, expected: int = 200, **params: Any) -> dict[str, Any]:
        response = client.post("/api/v1/works/similar", json=body, query_string=params)
        answer: dict[str, Any] = response.get_json(force=True)
        assert response.status_code == expected, answer
        return answer

    return ask


def ids(answer: dict[str, Any]) -> list[str]:
    return [result["id"] for result in answer["results"]]


def check(answer: dict[str, Any]) -> None:
    scores = [result["score"] for result in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    for result in answer["results"]:
        reasons = result["reasons"]
        assert set(reasons) == {"shared_topics", "shared_authors", "keyword", "semantic"}
        assert all(0 <= score <= 1 for score in (result["score"], reasons["keyword"], reasons["semantic"]))


def test_one_like_is_what_similar_gives(client: FlaskClient, ask: Any) -> None:
    one = client.get(f"/api/v1/works/{SPIKES}/similar").get_json()
    assert one["results"] == ask({"like": [SPIKES]})["results"]
    assert one["meta"]["count"] > 25
    check(one)


def test_pages_of_similar_works_partition_them(client: FlaskClient) -> None:
    url = f"/api/v1/works/{SPIKES}/similar?per_page=100&select=id"
    seen: list[str] = []
    while url:
        answer = client.get(url).get_json()
        seen += ids(answer)
        url = answer["links"]["next"]
    assert len(seen) == len(set(seen)) == answer["meta"]["count"]
    assert SPIKES not in seen


def test_a_text_finds_what_is_like_it(ask: Any) -> None:
    answer = ask({"text": "physical limits of recording from -many neurons"}, per_page=5)
    assert answer["results"][0]["title"] == RECORDING
    assert answer["meta"]["mode"] == "hybrid"
    check(answer)


def test_what_is_not_liked_moves_down(ask: Any) -> None:
    liked = [SPIKES, RELU]
    near = ask({"like": liked}, per_page=20)
    unwanted = next(work["id"] for work in near["results"] if work["reasons"]["semantic"] > 0.3)
    away = ask({"like": liked, "unlike": [unwanted]}, per_page=20)
    check(away)
    assert not {*liked, unwanted} & {*ids(away)}
    candidates = ids(near)[:15]
    before = {work["id"]: work for work in ask({"like": liked, "candidates": candidates})["results"]}
    after = {
        work["id"]: work for work in ask({"like": liked, "unlike": [unwanted], "candidates": candidates})["results"]
    }
    assert after[unwanted]["score"] < before[unwanted]["score"]
    assert after[unwanted]["reasons"]["semantic"] < before[unwanted]["reasons"]["semantic"]


def test_every_candidate_is_scored_and_given_back(client: FlaskClient, ask: Any) -> None:
    everything = [
        work for page in range(1, 5) for work in ids(client.get(f"/api/v1/works?per_page=100&page={page}").get_json())
    ]
    answer = ask({"text": "how the brain controls the arm", "candidates": everything}, per_page=10)
    check(answer)
    assert sorted(ids(answer)) == sorted(everything)
    assert answer["meta"]["count"] == 320
    few = ask({"text": "how the brain controls the arm", "candidates": everything[:3]})
    scores = {work["id"]: work["score"] for work in answer["results"]}
    for work in few["results"]:
        assert work["score"] == pytest.approx(scores[work["id"]], abs=1e-5)


def test_a_candidate_that_nothing_speaks_for_is_there_with_a_low_score(ask: Any) -> None:
    answer = ask({"text": "zzyzx qwrtp", "candidates": [RELU, SPIKES, "https://arxiv.org/abs/1910.00744v2"]})
    assert sorted(ids(answer)) == sorted([RELU, SPIKES])
    assert all(work["score"] < 0.3 for work in answer["results"])
    assert ask({"text": "x", "candidates": []})["results"] == []


def test_an_example_among_the_candidates_is_one_of_them(ask: Any) -> None:
    answer = ask({"like": [SPIKES], "candidates": [SPIKES, RELU]})
    assert ids(answer)[0] == SPIKES
    assert answer["results"][0]["score"] > 0.9
    narrowed = ask({"like": [SPIKES], "candidates": [SPIKES, RELU]}, topic="q-bio.NC")
    assert RELU not in ids(narrowed)


def test_filters_hold_for_similar_works(client: FlaskClient, ask: Any) -> None:
    for answer in (
        ask({"like": [SPIKES], "text": "neurons"}, topic="cs.LG", year="2016-"),
        client.get(f"/api/v1/works/{SPIKES}/similar?topic=cs.LG&year=2016-").get_json(),
    ):
        assert answer["results"]
        assert all(work["year"] >= 2016 for work in answer["results"])
        assert all("cs.LG" in [topic["id"] for topic in work["topics"]] for work in answer["results"])


def test_reasons_name_what_is_shared_with_any_example(ask: Any) -> None:
    answer = ask({"like": [SPIKES, RELU]}, researcher="konrad-p-kording-4bafdee5")
    names = [author["name"] for work in answer["results"] for author in work["reasons"]["shared_authors"]]
    assert "Konrad P. Kording" in names
    assert any(work["reasons"]["shared_topics"] for work in answer["results"])
    assert not ask({"text": "neurons"})["results"][0]["reasons"]["shared_topics"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "text"),
        ({"text": "  ", "like": []}, 422, "text"),
        ({"unlike": [RELU]}, 422, "text"),
        ({"like": ["arxiv:0000.00000"]}, 422, "like"),
        ({"text": "x", "candidates": ["10.1/none"]}, 422, "candidates"),
        ({"text": "x", "candidates": [RELU] * 1_001}, 422, "candidates"),
        ({"like": [RELU] * 101}, 422, "like"),
        ({"like": RELU}, 422, "like"),
        ({"like": [None]}, 422, "like"),
        ({"text": 5}, 422, "text"),
        ({"text": "x" * 20_001}, 422, "text"),
        ({"text": "x", "colour": "blue"}, 422, "colour"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_by_name(ask: Any, body: dict[str, Any], status: int, field: str) -> None:
    assert list(ask(body, status)["errors"]) == [field]


def test_unknown_ids_are_named(ask: Any) -> None:
    problem = ask({"like": ["nothing-1", "nothing-2"], "candidates": [RELU, "nothing-3"]}, 422)
    assert [len(messages) for messages in problem["errors"].values()] == [2, 1]
    assert "nothing-2" in problem["errors"]["like"][1]


def test_unknown_ids_beside_known_ones_are_listed(ask: Any) -> None:
    body = {"like": ["nothing-1", RELU], "unlike": ["nothing-2"], "candidates": [SPIKES, "nothing-3", "nothing-1"]}
    answer = ask(body)
    assert answer["meta"]["unknown"] == ["nothing-1", "nothing-2", "nothing-3"]
    known = ask({"like": [RELU], "candidates": [SPIKES]})
    assert answer["results"] == known["results"]
    assert "unknown" not in known["meta"]
    assert ask({"text": "neurons", "like": ["nothing"]})["results"]


def test_excluded_works_are_left_out(ask: Any) -> None:
    first = [work["id"] for work in ask({"like": [RELU]}, per_page=5)["results"]]
    answer = ask({"like": [RELU], "exclude": [first[1], "nothing"]}, per_page=4)
    assert [work["id"] for work in answer["results"]] == [first[0], *first[2:5]]
    assert answer["meta"]["unknown"] == ["nothing"]
    scored = ask({"like": [RELU], "candidates": first[:3], "exclude": [first[0], "nothing"]})
    assert {work["id"] for work in scored["results"]} == set(first[1:3])


@pytest.mark.parametrize("spelling", ["1910.00744v3", "https://arxiv.org/pdf/1910.00744", "arXiv:1910.00744"])
def test_examples_may_have_any_spelling(ask: Any, spelling: str) -> None:
    assert ask({"like": [spelling]}, per_page=3)["results"] == ask({"like": [RELU]}, per_page=3)["results"]


def test_what_is_no_json_and_what_is_too_large_is_refused(client: FlaskClient) -> None:
    for data, status in ((b"{", 400), (b"[]", 422), (b"", 400), (b'{"text": "' + b"x" * 1_100_000 + b'"}', 413)):
        answer = client.post("/api/v1/works/similar", data=data, content_type="application/json")
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert client.post("/api/v1/works/similar?colour=blue", json={"text": "x"}).status_code == 400


HOSTILE = [
    '"',
    "a AND (b",
    "*" * 500,
    "\0",
    "\u202etxt",
    "<script>",
    '{"script": 1}',
    "word " * 4_000,
    "\ud800",
    "-",
    "the",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_breaks_it(client: FlaskClient, text: str) -> None:
    for body in ({"text": text}, {"like": [text]}, {"text": "x", "candidates": [text]}, {text: text}):
        assert client.post("/api/v1/works/similar", json=body).status_code in {200, 400, 422}, body


def test_without_the_model_words_answer(sample_app: Flask) -> None:
    def broken() -> embedding.Embedder:
        raise embedding.EmbeddingError("the model is out of order")

    there = sample_app.extensions[KEY]
    client = create_app(services=Services(there.client, there.names, broken)).test_client()
    for body in ({"text": "neural recording"}, {"text": "neural recording", "candidates": [SPIKES, RELU]}):
        answer = client.post("/api/v1/works/similar", json=body).get_json()
        assert (answer["meta"]["mode"], answer["meta"]["degraded"]) == ("keyword", ["semantic"])
        assert answer["results"]
        check(answer)
    assert client.post("/api/v1/works/similar", json={"like": [RELU]}).get_json()["meta"]["mode"] == "hybrid"

"""Follows over HTTP: under the id that holds now, once each; the address of a feed opens that feed and nothing else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.people import Person, accounts_of, browser, log_in, program

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

INSTITUTION, ROR = "institution/ror:046rm7j60", "institution/https://ror.org/046rm7j60"


@pytest.fixture
def bob(logged_in: Callable[..., Person]) -> Person:
    return logged_in("Bob")


def followed(person: Person, **params: str) -> list[tuple[str, str, str]]:
    answer = person.get("/api/v1/me/follows", query_string=params).get_json()
    return sorted((one["kind"], one["target"], one["label"]) for one in answer["results"])


def test_things_are_followed_by_any_id_and_once(bob: Person) -> None:
    for address in ("researcher/r-bob", "researcher/old-bob", "topic/cs.LG", "topic/cs.LG", INSTITUTION, ROR):
        assert bob.put(f"/api/v1/me/follows/{address}").status_code == 200
    assert followed(bob) == [
        ("institution", "ror:046rm7j60", "UCLA"),
        ("researcher", "r-bob", "Bob"),
        ("topic", "cs.LG", "Machine Learning"),
    ]
    assert followed(bob, kind="topic") == [("topic", "cs.LG", "Machine Learning")]
    assert followed(bob, kind="institution") == [("institution", "ror:046rm7j60", "UCLA")]


def test_the_follow_of_an_institution_ends_by_any_of_its_ids(bob: Person) -> None:
    made = bob.put(f"/api/v1/me/follows/{INSTITUTION}").get_json()
    assert made["links"]["html"] == "/institutions/ror:046rm7j60"
    assert bob.delete(f"/api/v1/me/follows/{ROR}").status_code == 204
    assert followed(bob) == []


def test_what_is_not_there_cannot_be_followed(bob: Person) -> None:
    for address in (
        "researcher/nobody",
        "topic/nothing",
        "institution/nowhere",
        "work/arxiv:1",
        "search/q=x",
        "%00/x",
        "topic/%00",
    ):
        assert bob.put(f"/api/v1/me/follows/{address}").status_code == 404, address
    assert followed(bob) == []


def test_a_follow_ends_at_its_own_address_and_ending_it_again_is_no_error(bob: Person) -> None:
    made = [
        bob.put("/api/v1/me/follows/researcher/r-bob").get_json(),
        bob.post("/api/v1/me/follows", json={"kind": "search", "query": "q=a+b&topic=cs.LG"}).get_json(),
    ]
    for one in made:
        assert bob.delete(one["links"]["self"]).status_code == 204
        assert bob.delete(one["links"]["self"]).status_code == 204
    assert followed(bob) == []
    bob.put("/api/v1/me/follows/researcher/r-bob")
    assert bob.delete("/api/v1/me/follows/researcher/old-bob").status_code == 204
    assert followed(bob) == []


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("address", ["search/%00", "topic/%00", "%00/x", "work/x"])
def test_hostile_addresses_end_nothing(bob: Person, address: str) -> None:
    assert bob.delete(f"/api/v1/me/follows/{address}").status_code in {204, 404}


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("?q=graph%20nets&page=3&sort=newest&facets=topic&highlight=true", "q=graph+nets"),
        ("year=2019&topic=stat.ML&topic=cs.LG&q=+x+", "q=x&topic=cs.LG&topic=stat.ML&year=2019"),
        ("q=x&mode=hybrid", "q=x"),
        ("mode=keyword&q=x&topic=%21cs.LG", "q=x&mode=keyword&topic=%21cs.LG"),
        ("topic=cs.LG&mode=keyword", "topic=cs.LG"),
    ],
)
def test_a_search_is_kept_as_what_it_looks_for(bob: Person, query: str, canonical: str) -> None:
    answer = bob.post("/api/v1/me/follows", json={"kind": "search", "query": query})
    assert (answer.status_code, answer.get_json()["target"]) == (201, canonical)
    again = bob.post("/api/v1/me/follows", json={"kind": "search", "query": canonical}).get_json()
    assert again["id"] == answer.get_json()["id"]
    assert again["links"]["html"] == f"/search?{canonical}"


def test_a_followed_search_is_named_by_a_sentence(bob: Person) -> None:
    bob.post("/api/v1/me/follows", json={"kind": "search", "query": "q=engines&topic=cs.LG&year=2015-2020"})
    (one,) = followed(bob)
    assert one[2] == "Works on “engines”, topic Machine Learning, year 2015-2020"


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "search", "query": ""},
        {"kind": "search", "query": "page=2"},
        {"kind": "search", "query": "colour=red"},
        {"kind": "search", "query": "q=x&year=soon"},
        {"kind": "search", "query": "q=" + "+".join(f'"{n} x"' for n in range(30))},
        {"kind": "search", "query": "&".join(f"topic={n}" for n in range(100))},
        {"kind": "search", "query": "q=\u0000"},
        {"kind": "researcher", "query": "q=x"},
        {"kind": "search", "query": "q=x", "account_id": "another"},
        {"query": "q=x"},
    ],
)
def test_what_is_no_search_is_refused_by_name(bob: Person, body: dict[str, Any]) -> None:
    answer = bob.post("/api/v1/me/follows", json=body)
    assert answer.status_code == 422
    assert answer.get_json(force=True)["errors"].keys() <= {"query", "kind", "account_id"}
    assert followed(bob) == []


def test_follows_of_another_are_out_of_reach(app: Flask, bob: Person) -> None:
    made = bob.post("/api/v1/me/follows", json={"kind": "search", "query": "q=x"}).get_json()
    eve = log_in(app, "Eve")
    assert eve.delete(made["links"]["self"]).status_code == 204
    assert followed(eve) == []
    assert followed(bob) == [("search", "q=x", "Works on “x”")]


@pytest.mark.databases("sqlite", "postgresql")
def test_the_feed_has_an_address_that_is_told_once_and_can_be_taken_back(app: Flask, bob: Person) -> None:
    first, second = (urlsplit(bob.post("/api/v1/me/feed/address").get_json()["url"]).path for _ in range(2))
    reader = browser(app)
    assert reader.get(first).status_code == 404
    answer = reader.get(second)
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert bob.delete("/api/v1/me/feed/address").status_code == 204
    assert reader.get(second).status_code == 404


def test_the_secret_of_a_feed_opens_nothing_else_and_no_other_token_opens_the_feed(app: Flask, bob: Person) -> None:
    secret = urlsplit(bob.post("/api/v1/me/feed/address").get_json()["url"]).path.split("/")[-1].removesuffix(".atom")
    reader = browser(app)
    for path in ("/api/v1/me/follows", "/api/v1/me/feed", "/api/v1/me/invitations"):
        assert reader.get(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 403
    other = program(app, bob.account_id, "read").environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    assert reader.get(f"/feeds/me/{other}.atom").status_code == 404
    assert reader.get("/feeds/me/%00.atom").status_code == 404


def test_a_suspended_account_has_no_feed(app: Flask, bob: Person) -> None:
    from accounts.base import now
    from accounts.login.models import Account

    path = urlsplit(bob.post("/api/v1/me/feed/address").get_json()["url"]).path
    with accounts_of(app).begin() as session:
        session.get_one(Account, bob.account_id).suspended_at = now()
    assert browser(app).get(path).status_code == 404


def test_the_secret_of_a_feed_stands_in_no_log(app: Flask, bob: Person, caplog: pytest.LogCaptureFixture) -> None:
    path = urlsplit(bob.post("/api/v1/me/feed/address").get_json()["url"]).path
    with caplog.at_level(logging.INFO):
        browser(app).get(path)
    assert "/feeds/me/" in caplog.text
    assert path not in caplog.text
    assert path not in str([vars(record) for record in caplog.records])

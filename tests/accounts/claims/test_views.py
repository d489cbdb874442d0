"""The API of claims: what each route gives to whom, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from accounts.claims import lifecycle
from accounts.claims.models import WorkStatement
from tests.people import Person, browser, program

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from accounts.database import Database

ADA = "0000-0001-0000-0009"
CLAIM = "/api/v1/researchers/{}/claim"

#: Method, path, body; and what a person with nothing, an owner and an admin get.
ROUTES: list[tuple[str, str, Any, int, int, int]] = [
    ("POST", CLAIM.format("ada-1"), {}, 200, 200, 200),
    ("DELETE", CLAIM.format("ada-1"), None, 204, 204, 204),
    ("GET", "/api/v1/me/claim", None, 404, 200, 404),
    ("PATCH", "/api/v1/me/profile", {"bio": "Me."}, 409, 200, 409),
    ("GET", "/api/v1/me/works", None, 409, 200, 409),
    ("PUT", "/api/v1/me/works/arxiv:1", {"is_mine": True}, 409, 200, 409),
    ("DELETE", "/api/v1/me/works/arxiv:1", None, 409, 204, 409),
    ("GET", "/api/v1/me/institution-email", None, 200, 200, 200),
    ("POST", "/api/v1/me/institution-email", {"email": "ada@uni.example"}, 409, 409, 409),
    ("GET", "/api/v1/admin/claims", None, 403, 403, 200),
    ("POST", "/api/v1/admin/claims/nonsense/approve", {"reason": "Known."}, 403, 403, 404),
    ("POST", "/api/v1/admin/claims/nonsense/reject", {"reason": "Unknown."}, 403, 403, 404),
    ("GET", "/api/v1/admin/audit", None, 403, 403, 200),
]


@pytest.fixture
def owner(logged_in: Callable[..., Person]) -> Person:
    ada = logged_in("Ada", orcid=ADA)
    assert ada.post(CLAIM.format("ada-1"), json={}).get_json()["status"] == "verified"
    return ada


@pytest.mark.parametrize(("method", "path", "body", "for_user", "for_owner", "for_admin"), ROUTES)
def test_every_route_by_role(
    app: Flask,
    owner: Person,
    logged_in: Callable[..., Person],
    method: str,
    path: str,
    body: Any,
    for_user: int,
    for_owner: int,
    for_admin: int,
) -> None:
    user, admin = logged_in("Bob"), logged_in("Root", admin=True)
    for person, status in ((browser(app), 401), (user, for_user), (admin, for_admin), (owner, for_owner)):
        answer = person.open(path, method=method, json=body)
        assert answer.status_code == status, answer.get_data(as_text=True)
        assert answer.headers["Cache-Control"] == "private, no-store"
    bare = program(app, user.account_id, "read")
    assert bare.open(path, method=method, json=body).status_code == 403
    scope = "admin" if "/admin/" in path else "claim"
    assert program(app, user.account_id, scope).open(path, method=method, json=body).status_code == for_user
    if method != "GET":
        assert owner.open(path, method=method, json=body, csrf=False).status_code == 400


def test_a_claim_may_be_repeated_named_by_any_id_and_let_go(owner: Person) -> None:
    first = owner.get("/api/v1/me/claim").json
    assert (first["status"], first["proof"], first["researcher_id"]) == ("verified", "orcid", "ada-1")
    assert first["profile"] == {
        "preferred_name": None,
        "affiliation": None,
        "bio": None,
        "links": [],
        "open_to_collaborate": False,
    }
    assert owner.post(CLAIM.format("ada-old"), json={}).get_json()["id"] == first["id"]
    assert owner.post(CLAIM.format("bob-1"), json={}).status_code == 409
    for _ in range(2):
        assert owner.delete(CLAIM.format("ada-old")).status_code == 204
    assert owner.get("/api/v1/me/claim").get_json()["status"] == "released"


def test_whom_nobody_knows_nobody_claims(logged_in: Callable[..., Person]) -> None:
    assert logged_in("Bob").post(CLAIM.format("nobody"), json={}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"claimed": True},
        {"verification_level": 4},
        {"researcher_id": "bob-1"},
        {"links": [{}]},
        {"links": [7]},
        {"proof": "orcid"},
        {"bio": "x" * 601},
        {"bio": "a\u202eb"},
        {"bio": "a\x00b"},
        {"links": ["http://ada.example"]},
        {"links": ["javascript:alert(1)"]},
        {"links": ["https://ada.example@evil.example/"]},
        {"links": ["https://ada.example/a\nb"]},
        {"links": ["https://ada.example"] * 6},
        {"links": "https://ada.example"},
        {"links": [None]},
        {"open_to_collaborate": "maybe"},
        {"preferred_name": ["Ada"]},
        {"preferred_name": "x" * 201},
    ],
)
def test_what_is_no_owners_to_set_is_refused_and_named(owner: Person, body: dict[str, Any]) -> None:
    answer = owner.patch("/api/v1/me/profile", json=body)
    assert answer.status_code == 422
    assert list(answer.get_json(force=True)["errors"]) == list(body)
    profile = owner.get("/api/v1/me/claim").get_json()["profile"]
    assert not any(profile.values())


@pytest.mark.databases("sqlite", "postgresql")
def test_what_the_owner_sets_stays_until_it_is_set_again(owner: Person) -> None:
    links = ["https://ada.example/cv?x=1"]
    owner.patch("/api/v1/me/profile", json={"preferred_name": " Ada King ", "links": links, "bio": "One.\r\nTwo."})
    answer = owner.patch("/api/v1/me/profile", json={"open_to_collaborate": True, "affiliation": None})
    assert answer.json == {
        "preferred_name": "Ada King",
        "affiliation": None,
        "bio": "One.\nTwo.",
        "links": links,
        "open_to_collaborate": True,
    }
    assert owner.patch("/api/v1/me/profile", json={"bio": "", "links": []}).get_json()["bio"] is None


def test_statements_on_works_are_listed_changed_and_taken_back(owner: Person) -> None:
    for mine in (False, True):
        assert owner.put("/api/v1/me/works/arxiv:1", json={"is_mine": mine}).get_json()["is_mine"] is mine
    assert [one["work_id"] for one in owner.get("/api/v1/me/works").get_json()["results"]] == ["arxiv:1"]
    assert owner.put("/api/v1/me/works/arxiv:2", json={"is_mine": True}).status_code == 404
    assert owner.put("/api/v1/me/works/arxiv:1", json={"is_mine": "perhaps"}).status_code == 422
    for id_ in ("arxiv:1", "arxiv:1", "a%00b"):
        assert owner.delete(f"/api/v1/me/works/{id_}").status_code == 204
    assert owner.get("/api/v1/me/works").get_json()["results"] == []


def test_a_statement_is_taken_back_by_the_id_that_its_work_has_now(owner: Person, database: Database) -> None:
    assert owner.put("/api/v1/me/works/arxiv:1", json={"is_mine": False}).status_code == 200
    with database.begin() as session:
        session.execute(update(WorkStatement).values(work_id="doi:10.1000/engines"))
    assert owner.delete("/api/v1/me/works/arxiv:1").status_code == 204
    assert owner.get("/api/v1/me/works").get_json()["results"] == []


@pytest.mark.databases("sqlite", "postgresql")
def test_an_admin_sees_decides_and_finds_it_in_the_log(logged_in: Callable[..., Person], owner: Person) -> None:
    bob, admin = logged_in("Bob"), logged_in("Root", admin=True)
    made = bob.post(CLAIM.format("ada-1"), json={"statement": "It is me."}).json
    (waiting,) = admin.get("/api/v1/admin/claims").get_json()["results"]
    assert (waiting["id"], waiting["account_name"], waiting["statement"]) == (made["id"], "Bob", "It is me.")
    assert waiting["disputes"] == owner.get("/api/v1/me/claim").get_json()["id"]
    decide = f"/api/v1/admin/claims/{made['id']}/"
    assert admin.post(decide + "approve", json={}).status_code == 422
    assert admin.post(decide + "approve", json={"reason": "Showed a passport."}).get_json()["status"] == "verified"
    assert admin.post(decide + "approve", json={"reason": "Again."}).status_code == 200
    assert owner.get("/api/v1/me/claim").get_json()["status"] == "released"
    log = admin.get("/api/v1/admin/audit?action=claim.&per_page=2").json
    assert [one["action"] for one in log["results"]] == ["claim.approve", "claim.end"]
    assert log["has_more"] is True
    assert {one["actor_id"] for one in log["results"]} == {admin.account_id}
    assert admin.get("/api/v1/admin/audit?action=claim.%25").get_json()["results"] == []
    assert admin.post(decide + "reject", json={"reason": "It was forged."}).get_json()["reason"] == "It was forged."


def test_nobody_decides_on_their_own_claim_by_being_anything_but_an_admin(
    logged_in: Callable[..., Person], app: Flask
) -> None:
    bob = logged_in("Bob")
    made = bob.post(CLAIM.format("bob-1"), json={}).get_json()["id"]
    for scope in ("claim", "admin"):
        answer = program(app, bob.account_id, scope).post(
            f"/api/v1/admin/claims/{made}/approve", json={"reason": "I say so."}
        )
        assert answer.status_code == 403


@pytest.mark.databases("sqlite", "postgresql")
def test_overtaken_in_the_same_moment_is_told(
    logged_in: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = logged_in("Bob")
    bob.post(CLAIM.format("bob-1"), json={})
    # As the other of two requests sees it that both look before either writes.
    monkeypatch.setattr(lifecycle, "open_claim", lambda *_: None)
    answer = bob.post(CLAIM.format("ada-1"), json={})
    assert answer.status_code == 409
    assert "changed by someone else" in answer.get_json(force=True)["detail"]


@pytest.mark.parametrize("query", ["status=wrong", "page=0", "what=else"])
def test_bad_parameters_of_lists_are_named(logged_in: Callable[..., Person], query: str) -> None:
    answer = logged_in("Root", admin=True).get(f"/api/v1/admin/claims?{query}")
    assert answer.status_code == 400
    assert list(answer.get_json(force=True)["errors"]) == [query.partition("=")[0]]

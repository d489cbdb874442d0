"""The pages of claims and of administrators, as forms in a browser use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.people import Person, browser

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.orcid import Provider

ADA = "0000-0001-0000-0009"
CLAIM = "/researchers/{}/claim"
FORMS = ("/researchers/ada-1/claim", "/account/profile", "/account/profile/works", "/account/profile/release")


@pytest.fixture
def owner(logged_in: Callable[..., Person]) -> Person:
    ada = logged_in("Ada", orcid=ADA)
    assert ada.post(CLAIM.format("ada-1")).location == "/account/profile"
    return ada


def test_nobody_is_led_to_the_log_in_and_back(app: Flask) -> None:
    for path in (CLAIM.format("ada-1"), "/account/profile", "/admin", "/admin/audit"):
        assert browser(app).get(path).location == f"/login?next={path}"
    for path in FORMS:
        assert browser(app).post(path).location.startswith("/login?")


@pytest.mark.parametrize("path", [*FORMS, "/admin/claims/x"])
def test_a_form_of_another_site_does_nothing(owner: Person, path: str) -> None:
    assert owner.post(path, csrf=False).status_code == 400
    assert owner.get("/api/v1/me/claim").get_json()["status"] == "verified"


def test_the_claim_page_says_what_will_decide(logged_in: Callable[..., Person]) -> None:
    ada, bob = logged_in("Ada", orcid=ADA), logged_in("Bob")
    assert "your claim will be verified instantly" in ada.get(CLAIM.format("ada-1")).text
    assert "ORCID iD 0000" in bob.get(CLAIM.format("ada-old")).text
    assert "an administrator will review" in bob.get(CLAIM.format("bob-1")).text
    assert bob.get(CLAIM.format("nobody")).status_code == 404


def test_linking_an_orcid_id_is_offered_where_it_is_set_up(
    logged_in: Callable[..., Person], orcid_provider: Provider
) -> None:
    bob = logged_in("Bob")
    assert "Link yours to your account" in bob.get(CLAIM.format("ada-old")).text
    bob.post(CLAIM.format("bob-1"), data={"statement": "It is me."})
    assert "link it to your account" in bob.get("/account/profile").text


def test_a_claim_that_waits_or_ended_says_so(logged_in: Callable[..., Person]) -> None:
    bob, admin = logged_in("Bob"), logged_in("Root", admin=True)
    assert "claimed a profile" in bob.get("/account/profile").text
    bob.post(CLAIM.format("bob-1"), data={"statement": "<b>It</b> is me."})
    assert "is awaiting review" in bob.get("/account/profile").text
    assert "ORCID" not in bob.get("/account/profile").text
    assert "another profile" in bob.get(CLAIM.format("ada-1")).text
    page = admin.get("/admin").text
    assert "&lt;b&gt;It&lt;/b&gt; is me." in page
    claim = bob.get("/api/v1/me/claim").get_json()["id"]
    for wrong in ({"decision": "reject", "reason": ""}, {"decision": "drop", "reason": "Why <not>"}):
        refused = admin.post(f"/admin/claims/{claim}", data=wrong)
        assert refused.status_code == 422
        assert 'role="alert"' in refused.text
    assert "required>Why &lt;not&gt;</textarea>" in refused.text
    assert "is awaiting review" in bob.get("/account/profile").text
    admin.post(f"/admin/claims/{claim}", data={"decision": "reject", "reason": "Who are you?"})
    decided = admin.get("/admin").text
    assert "is rejected." in decided
    assert "claim on bob-1" not in decided
    assert "rejected: Who are you?" in bob.get("/account/profile").text
    assert "claim.reject" in admin.get("/admin/audit?action=claim.").text


def test_pages_for_administrators_are_for_nobody_else(owner: Person) -> None:
    for path in ("/admin", "/admin/audit"):
        assert owner.get(path).status_code == 403
    assert owner.post("/admin/claims/x", data={"decision": "approve", "reason": "Please."}).status_code == 403


def test_the_owner_sets_all_in_one_form(owner: Person) -> None:
    form = {
        "preferred_name": "Ada King",
        "bio": "<script>alert(1)</script>",
        "links": "https://ada.example\nhttps://b.example/",
        "open_to_collaborate": "true",
    }
    assert owner.post("/account/profile", data=form).status_code == 303
    page = owner.get("/account/profile").text
    assert 'value="Ada King"' in page
    assert "&lt;script&gt;alert(1)" in page
    assert owner.get("/api/v1/me/claim").get_json()["profile"]["links"] == ["https://ada.example", "https://b.example/"]
    assert owner.get("/api/v1/me/claim").get_json()["profile"]["preferred_name"] == "Ada King"
    owner.post("/account/profile", data={"preferred_name": "", "affiliation": "", "bio": " ", "links": ""})
    assert not any(owner.get("/api/v1/me/claim").get_json()["profile"].values())


def test_what_was_typed_is_still_there_when_a_form_is_refused(owner: Person, logged_in: Callable[..., Person]) -> None:
    owner.post("/account/profile", data={"preferred_name": "Ada King", "open_to_collaborate": "true"})
    form = {"preferred_name": "Countess", "bio": "Notes & <sketches>", "links": "javascript:alert(1)"}
    refused = owner.post("/account/profile", data=form)
    assert refused.status_code == 422
    assert "Links (line 1): Must start with https:// (&#34;" in refused.text
    for typed in ('value="Countess"', "Notes &amp; &lt;sketches&gt;", "javascript:alert(1)</textarea>"):
        assert typed in refused.text
    assert 'value="true" checked' not in refused.text
    assert refused.headers["Cache-Control"] == "private, no-store"
    page = owner.get("/account/profile").text
    assert 'value="Ada King"' in page
    assert 'value="true" checked' in page
    assert 'role="alert"' not in page
    statement = "It is me. " * 200
    refused = logged_in("Bob").post(CLAIM.format("bob-1"), data={"statement": statement})
    assert refused.status_code == 422
    assert "Are you Bob Byte?" in refused.text
    assert f"{statement}</textarea>" in refused.text


def test_a_claim_is_shown_under_the_name_of_the_researcher(logged_in: Callable[..., Person]) -> None:
    bob, admin = logged_in("Robert"), logged_in("Root", admin=True)
    bob.post(CLAIM.format("bob-1"), data={"statement": "Me."})
    assert ">Bob Byte</a> is awaiting review" in bob.get("/account/profile").text
    assert ">Bob Byte</a></h2>" in admin.get("/admin").text


def test_works_are_said_to_be_theirs_or_not(owner: Person) -> None:
    for saying, expected in (("mine", [True]), ("not mine", [False]), ("as found", [])):
        owner.post("/account/profile/works", data={"work": "arxiv:1", "saying": saying})
        said = owner.get("/api/v1/me/works").get_json()["results"]
        assert [one["is_mine"] for one in said] == expected
    owner.post("/account/profile/works", data={"work": "arxiv:1"})
    assert owner.get("/api/v1/me/works").get_json()["results"] == []
    assert owner.post("/account/profile/works", data={"work": "arxiv:9", "saying": "mine"}).status_code == 422


def test_the_owner_lets_the_profile_go(owner: Person) -> None:
    owner.post("/account/profile/release", data={"researcher": "bob-1"})
    assert owner.get("/api/v1/me/claim").get_json()["status"] == "verified"
    owner.post("/account/profile/release", data={"researcher": "ada-1"})
    assert owner.get("/api/v1/me/claim").get_json()["status"] == "released"

"""Problems with records: who may report what, what an administrator sees, and what a decision changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from accounts.audit import Audit
from accounts.claims.models import Claim
from accounts.corrections import decisions
from accounts.corrections.models import Correction
from accounts.delivery.states import state_of
from accounts.me.service import delete_account
from accounts.outbox import Outbox
from indexer.identity.overrides import CORRECTIONS, load
from tests.accounts.conftest import NoOpenSearch
from tests.people import accounts_of, log_in, program, use_settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from tests.people import Mailbox, Person

BARE = {"works_count": 2, "affiliations": [], "institutions": [], "orcid": None, "claimed": False}
RECORDS = {
    "wei-1": {**BARE, "id": "wei-1", "name": "Wei Zhang", "merge_reasons": ["The same name and a shared co-author."]},
    "wei-2": {**BARE, "id": "wei-2", "name": "W. Zhang", "merge_reasons": []},
}
WORKS = {
    "arxiv:1": {"id": "arxiv:1", "ids": ["arxiv:1"], "title": "On one", "authors": ["wei-1", "bo-1"]},
    "arxiv:2": {"id": "arxiv:2", "ids": ["arxiv:2", "doi:10.1/x"], "title": "On two", "authors": ["bo-1", "wei-1"]},
    "arxiv:3": {"id": "arxiv:3", "ids": ["arxiv:3"], "title": "On three", "authors": ["bo-1"]},
}


class Records(NoOpenSearch):
    """Holds two records and three works."""

    def document(self, index: str, id_: str) -> dict[str, Any] | None:
        if index == "t-researchers":
            return RECORDS.get(id_)
        work: dict[str, Any] | None = WORKS.get(id_) if index == "t-works" else None
        authors = work["authors"] if work else []
        people = [{"id": author, "position": number} for number, author in enumerate(authors, 1)]
        return {**work, "researchers": people} if work else None

    def get(self, index: str, id: str, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: A002
        found = self.document(index, id)
        return {"found": found is not None, "_source": found}

    def mget(self, body: dict[str, Any], index: str = "", params: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"docs": [{"_id": id_, **self.get(index, id_)} for id_ in body["ids"]]}

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        if "terms" not in body["query"]:
            return super().search(index, body)
        wanted = set(body["query"]["terms"]["ids"])
        hits = [{"_id": id_, "_source": work} for id_, work in WORKS.items() if wanted & set(work["ids"])]
        return {"took": 1, "hits": {"total": {"value": len(hits), "relation": "eq"}, "max_score": 1, "hits": hits}}


@pytest.fixture
def opensearch() -> Records:
    return Records()


@pytest.fixture
def home(app: Flask, tmp_path: Path) -> Path:
    """Return the home folder that the app of this test uses."""
    use_settings(app, home=tmp_path)
    return tmp_path


@pytest.fixture
def eve(app: Flask) -> Person:
    return log_in(app, "Eve", email="eve@example.org")


@pytest.fixture
def admin(app: Flask) -> Person:
    return log_in(app, "Root", admin=True, email="root@example.org")


PROBLEM = {"kind": "not_this_person", "works": ["doi:10.1/x"], "reason": "He never worked on two."}
REPORT = "/api/v1/researchers/wei-1/corrections"


def report(person: Any, **body: Any) -> Any:
    answer = person.post(REPORT, json={**PROBLEM, **body})
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def decide(admin: Any, id_: str, decision: str = "accept", **body: Any) -> Any:
    return admin.post(f"/api/v1/admin/corrections/{id_}/{decision}", json=body)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_report_is_stored_once_under_the_ids_of_the_index(app: Flask, eve: Person) -> None:
    first = report(eve)
    assert (first["works"], first["status"], first["researcher_id"]) == (["arxiv:2"], "pending", "wei-1")
    assert report(eve)["id"] == first["id"]
    assert [row["id"] for row in eve.get("/api/v1/me/corrections").get_json()["results"]] == [first["id"]]
    with accounts_of(app).read() as session:
        assert session.scalars(select(Correction.mentions)).all() == [["arxiv:2#2"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"works": []}, "works"),
        ({"works": ["arxiv:3"]}, "works"),
        ({"works": ["arxiv:99"]}, "works"),
        ({"kind": "duplicate_of"}, "other"),
        ({"kind": "duplicate_of", "other": "wei-1"}, "other"),
        ({"kind": "duplicate_of", "other": "nobody"}, "other"),
        ({"kind": "name"}, "value"),
        ({"kind": "affiliation", "value": ""}, "value"),
        ({"kind": "else"}, "kind"),
        ({"reason": ""}, "reason"),
        ({"status": "accepted"}, "status"),
    ],
)
def test_what_cannot_be_used_is_named(eve: Person, body: dict[str, Any], field: str) -> None:
    answer = eve.post(REPORT, json={**PROBLEM, **body})
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_reporting_needs_an_account_with_the_scope_and_a_record(app: Flask, eve: Person) -> None:
    assert app.test_client().post(REPORT, json=PROBLEM).status_code == 401
    assert program(app, eve.account_id, "read").post(REPORT, json=PROBLEM).status_code == 403
    assert program(app, eve.account_id, "claim").post(REPORT, json=PROBLEM).status_code == 201
    assert eve.post("/api/v1/researchers/nobody/corrections", json=PROBLEM).status_code == 404


def test_reports_that_wait_are_limited(eve: Person) -> None:
    for number in range(20):
        report(eve, kind="name", value=f"Name {number}")
    answer = eve.post(REPORT, json={**PROBLEM, "kind": "name", "value": "One more"})
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)


def test_an_administrator_is_notified_and_sees_the_evidence(eve: Person, admin: Person, mailbox: Mailbox) -> None:
    made = report(eve)
    report(eve, kind="name", value="Wei Zhang 2")
    assert [to for to, _, text in mailbox.sent if "/admin/corrections" in text] == ["root@example.org"]
    found = admin.get("/api/v1/admin/corrections?status=pending").get_json()
    (case, _) = found["results"]
    assert (case["id"], case["name"], case["reporter"]["name"]) == (made["id"], "Wei Zhang", "Eve")
    assert (case["titles"], case["merge_reasons"]) == ({"arxiv:2": "On two"}, RECORDS["wei-1"]["merge_reasons"])
    page = admin.get("/admin/corrections").text
    assert "On two" in page
    assert "a shared co-author" in page
    assert eve.get("/admin/corrections").status_code == 403


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ({}, ("split", "wei-1", ["arxiv:2#2"])),
        ({"kind": "two_people", "works": ["arxiv:1", "arxiv:2"]}, ("split", "wei-1", ["arxiv:1#1", "arxiv:2#2"])),
        ({"kind": "duplicate_of", "other": "wei-2"}, ("merge", ("wei-1", "wei-2"), [])),
    ],
)
def test_a_decision_about_identity_reaches_the_indexer_and_can_be_reversed(
    eve: Person, admin: Person, home: Path, problem: dict[str, Any], expected: Any
) -> None:
    made = report(eve, **problem)
    answer = decide(admin, made["id"], reason="Seen.")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "accepted")
    overrides = load(home / CORRECTIONS)
    kind, id_, mentions = expected
    if kind == "merge":
        assert [merge.ids for merge in overrides.merges] == [id_]
    else:
        assert [(split.id, [str(key) for key in split.mentions]) for split in overrides.splits] == [(id_, mentions)]
    assert decide(admin, made["id"], "reject").get_json()["status"] == "rejected"
    reversed_ = load(home / CORRECTIONS)
    assert (reversed_.splits, reversed_.merges) == ((), ())


def test_works_that_are_someone_elses_become_people_of_their_own(eve: Person, admin: Person, home: Path) -> None:
    decide(admin, report(eve, works=["arxiv:1", "arxiv:2"])["id"])
    assert [len(split.mentions) for split in load(home / CORRECTIONS).splits] == [1, 1]


def test_a_decision_is_on_the_profile_before_the_next_run(app: Flask, eve: Person, admin: Person) -> None:
    for problem in ({}, {"kind": "name", "value": "Wei J. Zhang"}, {"kind": "affiliation", "value": "Uni"}):
        decide(admin, report(eve, **problem)["id"])
    with accounts_of(app).read() as session:
        assert state_of(session, "wei-1", [])["corrected"] == {
            "name": "Wei J. Zhang",
            "affiliation": "Uni",
            "works_added": [],
            "works_removed": ["arxiv:2"],
        }
        assert state_of(session, "wei-2", [])["corrected"] is None
        assert set(session.scalars(select(Outbox.researcher_id))) == {"wei-1"}


def test_both_sides_are_notified_and_the_log_has_the_decision(
    app: Flask, eve: Person, admin: Person, mailbox: Mailbox
) -> None:
    owner = log_in(app, "Wei", email="wei@example.org")
    with accounts_of(app).begin() as session:
        session.add(Claim(account_id=owner.account_id, researcher_id="wei-1", status="verified", proof="admin"))
    made = report(eve)
    mailbox.sent.clear()
    decide(admin, made["id"], reason="Checked the paper.")
    told = {to: text for to, _, text in mailbox.sent}
    assert told.keys() == {"eve@example.org", "wei@example.org"}
    assert "The problem that you reported was accepted. Reason: Checked the paper." in told["eve@example.org"]
    assert "with your profile was accepted" in told["wei@example.org"]
    with accounts_of(app).read() as session:
        actions = session.scalars(select(Audit.action).where(Audit.action.startswith("correction")))
        assert list(actions) == ["correction.report", "correction.accept"]


def test_nobody_decides_about_their_own_record(app: Flask, eve: Person, admin: Person) -> None:
    own = report(admin, kind="name", value="Wei J. Zhang")
    assert decide(admin, own["id"]).status_code == 200
    about_them = report(eve)
    with accounts_of(app).begin() as session:
        session.add(Claim(account_id=admin.account_id, researcher_id="wei-1", status="verified", proof="admin"))
    assert decide(admin, about_them["id"]).status_code == 403


def test_two_people_needs_works_which_the_administrator_may_name(eve: Person, admin: Person, home: Path) -> None:
    made = report(eve, kind="two_people", works=[])
    assert decide(admin, made["id"]).status_code == 409
    assert decide(admin, made["id"], works=["arxiv:3"]).status_code == 422
    assert decide(admin, made["id"], works=["arxiv:1"]).status_code == 200
    assert [str(key) for key in load(home / CORRECTIONS).splits[0].mentions] == ["arxiv:1#1"]
    assert decide(admin, "0" * 32).status_code == decide(admin, "no id").status_code == 404


def test_an_administrator_ticks_the_works_of_the_second_person(
    eve: Person, admin: Person, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups = [{"works": ["arxiv:1"], "evidence": ["a shared co-author"]}, {"works": ["arxiv:2"], "evidence": []}]
    monkeypatch.setitem(RECORDS, "wei-1", {**RECORDS["wei-1"], "identity": {"groups": groups, "confidence": 0.9}})
    made = report(eve, kind="two_people", works=[])
    page = admin.get("/admin/corrections").text
    assert "Group 1: a shared co-author" in page
    offered = re.findall(r'name="works" value="(.*?)"[^>]*> (.*?)</label>', page)
    assert offered == [("arxiv:1", "On one"), ("arxiv:2", "On two")]
    form = {"csrf_token": admin.csrf(), "decision": "accept", "works": ["arxiv:2"], "ids": "\n", "reason": ""}
    assert admin.post(f"/admin/corrections/{made['id']}", data=form).status_code == 303
    assert [str(key) for key in load(home / CORRECTIONS).splits[0].mentions] == ["arxiv:2#2"]


def test_decisions_that_name_the_same_work_do_not_break_a_run(eve: Person, admin: Person, home: Path) -> None:
    decide(admin, report(eve)["id"])
    decide(admin, report(eve, kind="two_people", works=["arxiv:1", "arxiv:2"])["id"])
    found = [[str(key) for key in split.mentions] for split in load(home / CORRECTIONS).splits]
    assert found == [["arxiv:2#2"], ["arxiv:1#1"]]


def test_the_file_is_written_again_if_a_crash_came_between(app: Flask, eve: Person, admin: Person, home: Path) -> None:
    decide(admin, report(eve)["id"])
    (home / CORRECTIONS).unlink()
    assert decisions.write(accounts_of(app), home)
    assert not decisions.write(accounts_of(app), home)
    assert len(load(home / CORRECTIONS).splits) == 1
    assert (home / CORRECTIONS).stat().st_mode & 0o077 == 0


def test_a_form_reports_and_keeps_what_was_typed(eve: Person) -> None:
    page = eve.get("/researchers/wei-1/problem")
    assert page.status_code == 200
    assert "Wei Zhang" in page.text
    form = {"kind": "duplicate_of", "other": "nobody", "value": "", "reason": "The same <i>person</i>."}
    refused = eve.post("/researchers/wei-1/problem", data=form)
    assert refused.status_code == 422
    assert 'value="nobody"' in refused.text
    assert "The same &lt;i&gt;person&lt;/i&gt;." in refused.text
    answer = eve.post("/researchers/wei-1/problem", data={**form, "other": "wei-2"})
    assert (answer.status_code, answer.location) == (303, "/researchers/wei-1")


def test_a_queue_is_worked_through_by_forms(eve: Person, admin: Person, home: Path) -> None:
    made = report(eve)
    form = {"decision": "accept", "reason": "Yes.", "works": ""}
    assert admin.post(f"/admin/corrections/{made['id']}", data=form).status_code == 303
    assert "Reverse" in admin.get("/admin/corrections?status=accepted").text
    form = {"decision": "reject", "reason": "On second thoughts."}
    assert admin.post(f"/admin/corrections/{made['id']}", data=form).status_code == 303
    assert load(home / CORRECTIONS).splits == ()


def test_a_deleted_reporter_leaves_the_decision_and_no_words(app: Flask, eve: Person, admin: Person) -> None:
    made = report(eve)
    decide(admin, made["id"])
    with accounts_of(app).begin() as session:
        delete_account(session, eve.account_id, by=None)
    with accounts_of(app).read() as session:
        row = session.get_one(Correction, made["id"])
        assert (row.status, row.reporter_id, row.reason) == ("accepted", None, "")
    assert admin.get("/api/v1/admin/corrections").get_json()["results"][0]["reporter"] is None

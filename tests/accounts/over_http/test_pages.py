"""The pages without scripts: every button is a form, says what came of it, and leads back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from accounts.login.models import Account
from tests.accounts.over_http.test_invitations_api import invited
from tests.people import Person, accounts_of, browser, log_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask


def sent(person: Person, path: str, **form: Any) -> str:
    """Send a form as its page has it; gives the page that one is led to."""
    answer = person.post(path, data={"csrf_token": person.csrf(), **form})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return text(person, answer.headers["Location"])


def text(person: Person, path: str, status: int = 200) -> str:
    answer = person.get(path)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def form_of(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_an_invitation_by_forms_from_the_first_to_the_last(owner: Callable[[str], Person]) -> None:
    ada, bob = owner("ada"), owner("bob")
    page = text(ada, "/researchers/r-bob/invite?work=arxiv:1")
    assert re.search(r'value="arxiv:1" checked', page)
    key = form_of(page)["key"]
    form = {"purpose": "talk", "works": ["arxiv:1"], "message": "Come & <b>talk</b>", "key": key}
    shown = sent(ada, "/researchers/r-bob/invite", **form)
    assert "Pending" in shown
    assert "Come &amp; &lt;b&gt;talk&lt;/b&gt;" in shown
    # Sent twice by a double click, it is one.
    sent(ada, "/researchers/r-bob/invite", **form)
    assert "1 invitation" in text(ada, "/inbox")
    box = text(bob, "/inbox")
    assert box.count("1 new") == 1
    (path,) = set(re.findall(r'href="(/inbox/[0-9a-f]{32})"', box))
    assert "Accept</button>" in text(bob, path)
    assert "1 new" not in text(bob, "/inbox")
    assert "You can now message each other" in sent(bob, f"{path}/accept")
    assert "Gladly" in sent(bob, f"{path}/messages", body="Gladly", key="k")
    assert '<span class="badge">2' in text(ada, "/inbox")
    assert "Gladly" in text(ada, path)
    assert "This conversation is closed" in sent(ada, f"{path}/withdraw")
    assert text(bob, f"{path}/messages", 405)
    assert bob.post(f"{path}/nonsense", data={"csrf_token": bob.csrf()}).status_code == 404


def test_a_refused_invitation_keeps_what_was_written(owner: Callable[[str], Person]) -> None:
    ada = owner("ada")
    owner("bob")
    form = {"purpose": "talk", "message": "  ", "key": "k", "works": ["arxiv:2"], "csrf_token": ada.csrf()}
    answer = ada.post("/researchers/r-bob/invite", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Message: " in page
    assert re.search(r'value="arxiv:2" checked', page)
    assert '<option value="talk" selected>' in page


def test_who_cannot_invite_is_told_why_instead_of_a_form(app: Flask, owner: Callable[[str], Person]) -> None:
    owner("bob")
    nobody = log_in(app, "Nobody")
    page = text(nobody, "/researchers/r-bob/invite")
    assert "Claim your own profile" in page
    assert "Find your profile" in page
    assert "<textarea" not in page
    ada = owner("ada")
    assert "This profile has not been claimed yet" in text(ada, "/researchers/r-eve/invite")
    assert "your own" in text(ada, "/researchers/r-ada/invite")


def test_blocking_and_taking_it_back_by_forms(owner: Callable[[str], Person]) -> None:
    ada, bob = owner("ada"), owner("bob")
    path = invited(ada)["links"]["html"]
    assert "They won&#39;t be notified. You can unblock" in sent(bob, f"{path}/block")
    assert "Declined" in text(ada, path)
    assert "locked" not in text(ada, path).replace("Block Bob", "")
    box = text(bob, "/inbox")
    (unblock,) = re.findall(r'action="(/blocks/[0-9a-f]{32}/remove)"', box)
    assert "Unblocked." in sent(bob, unblock)
    assert "Unblock" not in text(bob, "/inbox")


def test_a_report_is_decided_on_its_page(app: Flask, owner: Callable[[str], Person]) -> None:
    ada, bob, root = owner("ada"), owner("bob"), log_in(app, "Root", admin=True)
    path = invited(ada, message="Buy <i>this</i>")["links"]["html"]
    assert "An administrator will read their messages and decide" in sent(bob, f"{path}/report", reason="Spam")
    page = text(root, "/admin/reports")
    assert "Buy &lt;i&gt;this&lt;/i&gt;" in page
    (uphold,) = re.findall(r'formaction="(/admin/reports/[0-9a-f]{32}/uphold)"', page)
    assert "The account has been suspended" in sent(root, uphold, reason="Sells things")
    assert "Sells things" in text(root, "/admin/reports?status=upheld")
    with accounts_of(app).read() as session:
        assert session.get_one(Account, ada.account_id).suspended_at
    assert text(bob, "/admin/reports", 403)
    assert bob.post(uphold, data={"csrf_token": bob.csrf(), "reason": "x"}).status_code == 403


def test_the_address_of_a_feed_is_shown_once(app: Flask, owner: Callable[[str], Person]) -> None:
    ada = owner("ada")
    answer = ada.post("/feed/address", data={"csrf_token": ada.csrf()})
    (address,) = re.findall(r"http://localhost(/feeds/me/[\w-]+\.atom)", answer.get_data(as_text=True))
    assert browser(app).get(address).status_code == 200
    assert "/feeds/me/" not in text(ada, "/feed")
    assert not any("psf_" in str(cookie) for cookie in answer.headers.getlist("Set-Cookie"))
    assert "has been revoked" in sent(ada, "/feed/address/remove")
    assert browser(app).get(address).status_code == 404


def test_nobody_is_led_to_the_log_in_and_back(app: Flask) -> None:
    for path in ("/feed", "/inbox", "/researchers/r-bob/invite", "/admin/reports"):
        answer = browser(app).get(path)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/login")
        assert path.replace("/", "%2F") in answer.headers["Location"] or path in answer.headers["Location"]


def test_a_reason_that_is_too_long_stays_in_its_field_and_in_no_other(
    app: Flask, owner: Callable[[str], Person]
) -> None:
    ada, bob, root = owner("ada"), owner("bob"), log_in(app, "Root", admin=True)
    owner("eve")
    long = "<why>" * 201
    kept = f"required>{long.replace('<', '&lt;').replace('>', '&gt;')}</textarea>"
    paths = []
    for name in ("bob", "eve"):
        made = invited(ada, f"r-{name}", key=name)
        paths.append(f"/inbox/{made['id']}")
        page = ada.post(f"{paths[-1]}/report", data={"reason": long})
        assert (page.status_code, page.text.count(kept)) == (422, 1)
        ada.post(f"{paths[-1]}/report", data={"reason": "Spam"})
    (first, _) = re.findall(r'formaction="(/admin/reports/[0-9a-f]{32}/uphold)"', text(root, "/admin/reports"))
    page = root.post(first, data={"reason": long})
    assert (page.status_code, page.text.count(kept)) == (422, 1)
    assert bob.get(paths[0]).status_code == 200


@pytest.mark.databases("sqlite", "postgresql")
def test_all_reports_can_be_seen_page_by_page(app: Flask, owner: Callable[[str], Person]) -> None:
    ada, root = owner("ada"), log_in(app, "Root", admin=True)
    owner("bob")
    owner("eve")
    for name in ("bob", "eve"):
        ada.post("/api/v1/me/reports", json={"invitation": invited(ada, f"r-{name}", key=name)["id"], "reason": name})
    first = text(root, "/admin/reports?per_page=1")
    (more,) = re.findall(r'href="([^"]+)">More<', first)
    second = text(root, more.replace("&amp;", "&"))
    assert [name in page for page in (first, second) for name in (">bob<", ">eve<")] == [True, False, False, True]
    assert "More</a>" not in second

"""Takes pictures of all pages over the sample; `make screenshots` runs it, `make test` does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete

from accounts.claims.models import Claim
from accounts.cookies import LOGIN
from accounts.corrections.models import Correction
from accounts.invitations.models import Invitation
from accounts.login.models import Account
from accounts.notifications import Notification
from tests.people import accounts_of, log_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from playwright.sync_api import Browser, Page

    from tests.people import Person

DOCS = Path(__file__).resolve().parents[2] / "docs"
KORDING = "konrad-p-kording-4bafdee5"
PAGES = {
    "home": "/",
    "profile": f"/researchers/{KORDING}",
    "search": "/search?q=recording+the+activity+of+many+neurons+at+once",
    "search-person": "/search?q=konrad+kording",
    "search-nothing": "/search?q=zxqwv+blorptang",
    "search-advanced": "/search/advanced",
    "search-help": "/search/help",
    "researchers": "/researchers",
    "experts": "/researchers?about=recording+many+neurons+at+once",
    "similar-researchers": f"/similar-researchers?like={KORDING}",
    "related": "/related",
    "pasted-text": "/related?text=Decoding+movement+from+the+activity+of+motor+neurons&authors=Konrad+P.+Kording",
    "topics": "/topics",
    "topic": "/topics/cs.LG",
    "institutions": "/institutions",
    "institution": "/institutions/university-of-edinburgh",
    "graph-start": "/graph",
    "graph": f"/graph?researcher={KORDING}",
    "work": "/works/arxiv:2605.05436",
    "about": "/about",
    "login": "/login?for=claim",
    "register": "/register",
    "reset": "/reset",
    "not-found": "/nowhere",
}
#: Pages of an administrator.
OWN_PAGES = {
    "inbox": "/inbox",
    "admin": "/admin",
    "admin-corrections": "/admin/corrections",
    "admin-reports": "/admin/reports",
    "admin-audit": "/admin/audit",
    "feed": "/feed?since=ever",
    "account": "/account",
    "own-profile": "/account/profile",
    "owned-profile": f"/researchers/{KORDING}",
    "claim": "/researchers/yoshua-bengio-5f9b84e5/claim",
    "invite": "/researchers/yoshua-bengio-5f9b84e5/invite",
    "problem": "/researchers/yoshua-bengio-5f9b84e5/problem",
}
#: A picture ends here; pages go on.
TALLEST = 2_400
#: Pictures of the README: page, width, scheme and height. They are committed, and as JPEG smaller than `MOST_BYTES`.
SHOWN = {
    ("profile", 1280, "light"): 900,
    ("graph", 1280, "dark"): 900,
    ("search", 390, "light"): 844,
}
QUALITY = 72
MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def administrator(sample_app: Flask) -> Iterator[Person]:
    """An administrator with a claimed profile, an invitation, a notification and a claim to decide on."""
    person = log_in(sample_app, "Konrad Kording", admin=True, email="konrad@example.org")
    other = log_in(sample_app, "Bernhard Schölkopf", email="bernhard@example.org")
    theirs = "bernhard-scholkopf-8d2c79dc"
    message = "Your works on causal models and ours on decoding meet. Shall we write about it?"
    with accounts_of(sample_app).begin() as session:
        session.add(Claim(account_id=person.account_id, researcher_id=KORDING, status="verified", proof="admin"))
        statement = "My page at the institute lists these works: https://example.org/bernhard"
        session.add(Claim(account_id=other.account_id, researcher_id=theirs, status="pending", statement=statement))
        session.add(
            Invitation(
                sender_id=other.account_id,
                recipient_id=person.account_id,
                sender_researcher_id=theirs,
                recipient_researcher_id=KORDING,
                message=message,
                purpose="talk",
                status="pending",
            )
        )
        verified = {"status": "verified", "researcher": KORDING}
        problem = {"reporter_id": other.account_id, "researcher_id": "yoshua-bengio-5f9b84e5", "kind": "two_people"}
        session.add(Correction(**problem, works=[], mentions=[], reason="The works on law are by a namesake."))
        session.add(Notification(account_id=person.account_id, kind="claim", about=KORDING, data=verified))
        session.add(Notification(account_id=person.account_id, kind="waiting", about="claim", data={}))
    yield person
    with accounts_of(sample_app).begin() as session:
        session.execute(delete(Account).where(Account.id.in_((person.account_id, other.account_id))))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", [*PAGES, *OWN_PAGES])
def test_picture(chromium: Browser, site: str, administrator: Person, name: str, width: int, scheme: Any) -> None:
    folder = DOCS / "screenshots"
    folder.mkdir(exist_ok=True)
    context = chromium.new_context(base_url=site, viewport={"width": width, "height": 900}, color_scheme=scheme)
    if name in OWN_PAGES:
        login = administrator.get_cookie(LOGIN)
        assert login is not None
        context.add_cookies([{"name": LOGIN, "value": login.value, "url": site}])
    page = context.new_page()
    answer = page.goto({**PAGES, **OWN_PAGES}[name])
    assert answer is not None
    assert answer.status == (404 if name == "not-found" else 200)
    if name == "graph":
        open_panel(page)
    height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
    clip: Any = {"x": 0, "y": 0, "width": width, "height": height}
    picture = folder / f"{name}-{width}-{scheme}.png"
    page.screenshot(path=picture, full_page=True, clip=clip)
    assert picture.stat().st_size > 10_000
    if shown := SHOWN.get((name, width, scheme)):
        file = DOCS / f"{name}.jpg"
        page.screenshot(path=file, full_page=True, clip=clip | {"height": shown}, type="jpeg", quality=QUALITY)
        assert file.stat().st_size < MOST_BYTES
    context.close()


def open_panel(page: Page) -> None:
    """Select a collaborator, which opens the panel with details."""
    page.locator(".dot").filter(has=page.locator("title", has_text="Eva Dyer")).locator("circle").click()
    page.locator(".graph-panel h2, .graph-panel h3").first.wait_for()

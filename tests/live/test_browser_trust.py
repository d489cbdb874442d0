"""Corrections and claims in a real Chromium: a wrong merge that is reported and split, a claim without an ORCID iD."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from accounts.claims.models import Claim
from accounts.cookies import LOGIN
from accounts.database import Database
from accounts.delivery.worker import Deliverer
from accounts.extension import AccountsExtension
from accounts.login.models import Account
from indexer.run import run
from indexer.sources import open_sources
from peerscope import embedding
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services
from tests.live.conftest import DESK
from tests.people import Mailbox, accounts_of, log_in, signer, use_settings
from tests.served import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask
    from opensearchpy import OpenSearch
    from playwright.sync_api import Browser, Page

    from mappings import IndexNames

NAME = "Graham Neubig"
NEURONS = ("Decoding of spiking neurons", "Spiking neurons in the cortex")
LAW = ("Contract law of medieval guilds", "Guilds and contracts in canon law")
#: Seconds until a decision is on the public page: the outbox is read twice a second, and the index refreshed.
SOON = 15


@pytest.fixture
def index(opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path) -> Callable[[], None]:
    """Return a function that indexes four works by two people of one name, with the decisions that were made."""
    lines = [
        {"id": f"local:{number}", "title": title, "year": 2019 + number, "authors": [{"name": NAME}]}
        for number, title in enumerate((*NEURONS, *LAW))
    ]
    file = tmp_path / "works.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    embedder = embedding.load(Settings.load())

    def index() -> None:
        sources = open_sources([str(file)])
        run.index(opensearch, names, embedder, sources, tmp_path / "home", silent, signer=signer())
        opensearch.indices.refresh(index=f"{names.works},{names.researchers}")

    index()
    return index


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def app(opensearch: OpenSearch, names: IndexNames, index: Any, mailbox: Mailbox, tmp_path: Path) -> Iterator[Flask]:
    """Return the app over these works, with a thread that delivers decisions to the index; ORCID is not set up."""
    assert index
    accounts = Database(f"sqlite:///{tmp_path / 'accounts.sqlite'}")
    accounts.migrate()
    config = {"SECRET_KEY": "a key for tests", "RATE_LIMIT": "off"}
    app = create_app(config, Services(opensearch, names), extensions=[AccountsExtension(accounts, mailbox)])
    use_settings(app, home=tmp_path / "home")
    deliverer = Deliverer(accounts, opensearch, names, signer())
    deliverer.start()
    yield app
    deliverer.stop()
    accounts.close()


@pytest.fixture
def browser_of(chromium: Browser, app: Flask) -> Iterator[Callable[..., Page]]:
    """Serve the app; return a function that opens a browser for a new account, or without one."""
    pages: list[Page] = []
    complaints: list[str] = []

    def browser_of(name: str = "", **columns: Any) -> Page:
        context = chromium.new_context(base_url=address, viewport=DESK)  # type: ignore[arg-type]
        if name:
            cookie = log_in(app, name, email=f"{name.lower()}@example.org", **columns).get_cookie(LOGIN)
            assert cookie is not None
            context.add_cookies([{"name": LOGIN, "value": cookie.value, "url": address}])
        pages.append(page := context.new_page())
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    with served(app) as address:
        yield browser_of
        for page in pages:
            page.context.close()
    assert complaints == []


def wait_for(page: Page, address: str, condition: Callable[[Page], bool]) -> None:
    """Reload a page until a condition holds."""
    deadline = time.monotonic() + SOON
    page.goto(address)
    while not condition(page):
        assert time.monotonic() < deadline, page.inner_text("body")[:1_500]
        time.sleep(0.3)
        page.reload()


def titles(page: Page) -> set[str]:
    """Return the titles of the works on a profile, when the whole page has been read."""
    page.wait_for_load_state()
    return set(page.locator("#works").get_by_role("article").get_by_role("heading").all_inner_texts())


def profile_of(page: Page) -> str:
    """Open the only profile by its name; return its address."""
    page.goto(f"/researchers?q={NAME}")
    page.get_by_role("link", name=NAME, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    page.wait_for_load_state()
    return page.url


@pytest.mark.timeout(480)
def test_a_reported_merge_is_split_and_both_sides_are_notified(
    browser_of: Callable[..., Page], app: Flask, index: Callable[[], None], mailbox: Mailbox
) -> None:
    reader = browser_of("Rhea")
    address = profile_of(reader)
    assert titles(reader) == {*NEURONS, *LAW}
    owner = browser_of("Graham")
    with accounts_of(app).begin() as session:
        account = session.scalars(select(Account).where(Account.name == "Graham")).one()
        id_ = address.rpartition("/")[2]
        session.add(Claim(account_id=account.id, researcher_id=id_, status="verified", proof="admin"))

    # A reader reports it.
    reader.get_by_text("Why these works are one person").click()
    reader.get_by_role("link", name="Report a problem").click()
    reader.get_by_label("This is two people").check()
    reader.get_by_text("Which works?").click()
    for title in LAW:
        reader.get_by_label(title).check()
    reader.get_by_label("How do you know?").fill("The works on law are by a historian of this name.")
    reader.get_by_role("button", name="Send report").click()
    expect(reader.get_by_text("you will be notified of the decision")).to_be_visible()

    # An administrator, who is told of it, sees the evidence and accepts.
    admin = browser_of("Ada", admin=True)
    admin.goto("/admin/corrections")
    case = admin.get_by_role("article")
    expect(case).to_contain_text("The works on law are by a historian of this name.")
    for title in LAW:
        expect(case.get_by_role("link", name=title)).to_be_visible()
    case.get_by_text("Why these works are one record").click()
    expect(case.get_by_text("merged with").first).to_be_visible()
    case.get_by_label("Reason").fill("Checked with both.")
    case.get_by_role("button", name="Accept").click()
    expect(admin.get_by_text("The profile changes within seconds")).to_be_visible()

    # The profile changes at once, and at the next run the works have a profile of their own.
    visitor = browser_of()
    wait_for(visitor, address, lambda page: titles(page) == set(NEURONS))
    index()
    wait_for(visitor, f"/researchers?q={NAME}", lambda page: "2 researchers" in page.inner_text("body"))
    links = visitor.get_by_role("link", name=NAME, exact=True)
    addresses = {links.nth(place).get_attribute("href") for place in range(links.count())} - {None}
    assert len(addresses) == 2
    found = []
    for path in sorted(filter(None, addresses)):
        visitor.goto(path)
        found.append(titles(visitor))
    assert sorted(found, key=sorted) == sorted(({*NEURONS}, {*LAW}), key=sorted)

    # Both are told, in the inbox and by mail.
    reader.goto("/inbox")
    expect(reader.get_by_text("The problem that you reported was accepted. Reason: Checked with both.")).to_be_visible()
    told = {to: text for to, _, text in mailbox.sent}
    assert "The problem that you reported was accepted" in told["rhea@example.org"]
    assert "A reported problem with your profile was accepted" in told["graham@example.org"]
    owner.goto("/inbox")
    expect(owner.get_by_text("A reported problem with your profile was accepted.")).to_be_visible()


@pytest.mark.timeout(480)
def test_a_claim_that_is_approved_without_orcid_reads_as_such(
    browser_of: Callable[..., Page], app: Flask, mailbox: Mailbox
) -> None:
    owner = browser_of("Graham")
    address = profile_of(owner)
    before = owner.locator("section[aria-labelledby=trust]").inner_text()
    owner.get_by_role("link", name="Claim this profile").first.click()
    expect(
        owner.get_by_text("This record has no ORCID iD, so an administrator will review your claim.")
    ).to_be_visible()
    owner.get_by_label("Evidence").fill("My page lists these works.")
    owner.get_by_role("button", name="Submit claim").click()
    visitor = browser_of()
    visitor.goto(address)
    assert visitor.locator("section[aria-labelledby=trust] .big b").inner_text() in before  # a claim adds no points

    admin = browser_of("Ada", admin=True)
    admin.goto("/admin")
    claim = admin.get_by_role("article")
    expect(claim).to_contain_text("no ORCID iD")
    expect(claim).to_contain_text("E-mail domain: example.org")
    claim.get_by_label("Reason").fill("The page is theirs.")
    claim.get_by_role("button", name="Approve").click()
    admin.goto("/admin?status=verified")
    expect(admin.get_by_role("article")).to_contain_text("Confirmed by an administrator")

    proof = "L3: Claimed, confirmed by an administrator"
    wait_for(visitor, address, lambda page: proof in page.inner_text("section[aria-labelledby=trust]"))
    wait_for(visitor, "/researchers?verification=3", lambda page: "1 researcher" in page.inner_text("body"))
    for page in (address, "/researchers", "/researchers?verification=3"):
        visitor.goto(page)
        assert "ORCID iD verified" not in visitor.inner_text("body")
    with accounts_of(app).read() as session:
        assert session.scalars(select(Claim.proof)).all() == ["admin"]
    assert "Your claim was verified" in {to: text for to, _, text in mailbox.sent}["graham@example.org"]
    owner.goto("/inbox")
    expect(
        owner.get_by_text("Your claim was verified: the profile is yours. Reason: The page is theirs.")
    ).to_be_visible()

"""People from end to end in a real Chromium: log in by ORCID, claim, follow, invite, converse, block.

Josiah claims his profile and is open to collaborate; Laure follows him, hears of a new work, invites him, and they
write to each other; Ada is blocked. Each has a browser of their own, and a fourth one has nobody logged in.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accounts.database import Database
from accounts.delivery.worker import Deliverer
from accounts.extension import AccountsExtension
from indexer.run import run
from indexer.sources import open_sources
from peerscope import embedding
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services
from tests.orcid import PEOPLE
from tests.people import Mailbox, signer
from tests.served import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from opensearchpy import OpenSearch
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

    from mappings import IndexNames
    from tests.orcid import Provider

JOSIAH, LAURE, ADA = ("0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X")
#: Seconds until what was said stands on the public page: the outbox is looked at twice a second, and then refreshed.
SOON = 10
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def work(number: int, *orcids: str) -> dict[str, Any]:
    authors = [{"name": " ".join(PEOPLE[orcid]), "orcid": orcid} for orcid in orcids]
    return {
        "id": f"arxiv:2001.{number:05}",
        "title": f"Psychoceramics, part {number}",
        "year": 2020,
        "authors": authors,
    }


@pytest.fixture
def index(opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path) -> Callable[..., None]:
    """Return a function that indexes works, besides those that are there."""

    def index(*works: dict[str, Any]) -> None:
        file = tmp_path / "works.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in works), encoding="utf-8")
        run.index(
            opensearch,
            names,
            embedding.load(Settings.load()),
            open_sources([str(file)]),
            tmp_path / "home",
            silent,
            signer=signer(),
        )
        opensearch.indices.refresh(index=f"{names.works},{names.researchers}")

    index(*(work(n, orcid) for n, orcid in enumerate((JOSIAH, JOSIAH, LAURE, LAURE, ADA))))
    return index


@pytest.fixture
def here(
    opensearch: OpenSearch, names: IndexNames, index: Any, orcid_provider: Provider, tmp_path: Path
) -> Iterator[str]:
    """Serves the app over these few works, with an ORCID of its own and a thread that tells the index of people."""
    assert index
    assert orcid_provider
    accounts = Database(f"sqlite:///{tmp_path / 'accounts.sqlite'}")
    accounts.migrate()
    config = {"SECRET_KEY": "a key for tests", "RATE_LIMIT": "off"}
    extensions = [AccountsExtension(accounts, Mailbox())]
    app = create_app(config, Services(opensearch, names), extensions=extensions)
    deliverer = Deliverer(accounts, opensearch, names, signer())
    deliverer.start()
    with served(app) as address:
        yield address
        deliverer.stop()
    accounts.close()


@pytest.fixture
def person(chromium: Browser, here: str) -> Iterator[Callable[..., Page]]:
    """Opens a browser, in which somebody logs in by ORCID; none of its pages may complain."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def person(orcid: str | None = None, **options: Any) -> Page:
        context = chromium.new_context(base_url=here, **{"viewport": DESK, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complained(message) if message.type == "error" else None)
        if orcid:
            page.goto("/login")
            page.get_by_role("button", name="ORCID").click()
            page.get_by_role("link", name=" ".join(PEOPLE[orcid])).click()
            expect(page.locator(".me")).to_have_text(" ".join(PEOPLE[orcid]))
        return page

    def complained(message: ConsoleMessage) -> None:
        # The provider's own pages are not ours to mend.
        if message.location["url"].startswith(here):
            complaints.append(f"{message.text} {message.location['url']}")

    yield person
    for context in contexts:
        context.close()
    assert complaints == []


def profile(page: Page, orcid: str) -> str:
    """Go to somebody's profile by their ORCID iD; gives its address."""
    page.goto(f"/researchers/{orcid}")
    return page.url


def claim(page: Page, orcid: str) -> None:
    profile(page, orcid)
    page.get_by_role("link", name="Claim this profile").click()
    page.get_by_role("button", name="Submit claim").click()


def soon(page: Page, address: str, words: str) -> None:
    """Wait until a page says something, asking again and again as a reader would."""
    deadline = time.monotonic() + SOON
    page.goto(address)
    while words not in page.inner_text("body"):
        assert time.monotonic() < deadline, f"{address} does not say {words!r}:\n{page.inner_text('body')[:1_500]}"
        time.sleep(0.3)
        page.reload()  # a browser keeps public pages for a minute


def score(page: Page) -> int:
    return int(page.locator("section[aria-labelledby=trust] .big b").inner_text().removeprefix("Trust "))


def fine(page: Page) -> None:
    """Hold a page against axe, on a desk and on a phone, where nothing hangs over the edge."""
    page.wait_for_load_state()
    for viewport in (DESK, PHONE):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]  # theirs is a TypedDict
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size(DESK)  # type: ignore[arg-type]


@pytest.mark.timeout(240)
def test_from_a_claim_to_a_conversation_and_to_a_block(person: Callable[..., Page], index: Callable[..., None]) -> None:
    public = person()
    address = profile(public, JOSIAH)
    before = score(public)
    josiah = person(JOSIAH)
    claims_and_is_open(josiah)
    soon(public, address, "L3: Claimed, ORCID iD verified")
    assert re.search(r"Open to collaborate$", public.inner_text(".badges"), re.MULTILINE)
    assert score(public) > before
    soon(public, "/researchers?open_to_collaborate=true&verification=3", "1 researcher")
    expect(public.get_by_role("link", name="Josiah Carberry", exact=True)).to_be_visible()

    laure = person(LAURE)
    claim(laure, LAURE)
    follows_and_hears(laure, address, index)
    soon(public, address, "1 follower")
    invites(laure, address)
    accepts_and_answers(josiah)
    reads_and_answers(laure)
    josiah.goto("/inbox")
    expect(josiah.locator("main").get_by_text("1 new")).to_be_visible()
    fine(josiah)

    ada = person(ADA)
    claim(ada, ADA)
    invites(ada, address)
    blocks(josiah, "Ada Low")
    learns_nothing(ada, address)


def claims_and_is_open(josiah: Page) -> None:
    claim(josiah, JOSIAH)
    josiah.goto("/account/profile")
    josiah.get_by_label("I am open to collaboration").check()
    josiah.get_by_role("button", name="Save").click()


def follows_and_hears(laure: Page, address: str, index: Callable[..., None]) -> None:
    laure.goto(address)
    laure.get_by_role("button", name="Follow").click()
    expect(laure.get_by_text("You are now following Josiah Carberry")).to_be_visible()
    laure.goto("/feed")
    expect(laure.get_by_role("heading", name="No new works yet")).to_be_visible()
    index(work(9, JOSIAH))
    laure.goto("/feed")
    expect(laure.get_by_role("link", name="Psychoceramics, part 9")).to_be_visible()
    expect(laure.get_by_text("Because you follow Josiah Carberry")).to_be_visible()
    fine(laure)


def invites(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Start a collaboration").first.click()
    page.get_by_label("Purpose").select_option("joint work")
    page.get_by_label("Psychoceramics, part 9").check()
    page.get_by_label("Your message").fill("Dear Josiah,\nshall we break a pot together?")
    fine(page)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("Pending", exact=True)).to_be_visible()


def accepts_and_answers(josiah: Page) -> None:
    josiah.goto("/")
    josiah.get_by_role("link", name=re.compile(r"^Inbox \d+ new")).click()
    josiah.get_by_role("button", name="Mark all as read").click()  # that the claim was approved
    josiah.get_by_role("link", name="Laure Haak: Joint work").click()
    expect(josiah.get_by_text("shall we break a pot together?")).to_be_visible()
    josiah.get_by_role("button", name="Accept").click()
    expect(josiah.get_by_text("You can now message each other")).to_be_visible()
    josiah.get_by_label("Your message").fill("Gladly.")
    josiah.get_by_role("button", name="Send").click()
    expect(josiah.get_by_text("Gladly.")).to_be_visible()
    josiah.goto("/")
    expect(josiah.get_by_role("link", name="Inbox", exact=True)).to_be_visible()


def reads_and_answers(laure: Page) -> None:
    laure.goto("/inbox")
    laure.get_by_role("link", name="Josiah Carberry: Joint work").click()
    expect(laure.get_by_text("Gladly.")).to_be_visible()
    laure.get_by_label("Your message").fill("Tuesday at ten.")
    laure.get_by_role("button", name="Send").click()
    expect(laure.get_by_text("Tuesday at ten.")).to_be_visible()
    fine(laure)


def blocks(josiah: Page, name: str) -> None:
    josiah.goto("/inbox")
    josiah.get_by_role("link", name=f"{name}: Joint work").click()
    josiah.get_by_role("button", name=f"Block {name}").click()
    expect(josiah.get_by_text("They won't be notified. You can unblock")).to_be_visible()
    josiah.goto("/inbox")
    expect(josiah.get_by_role("button", name="Unblock")).to_be_visible()
    fine(josiah)


def learns_nothing(ada: Page, address: str) -> None:
    ada.goto("/inbox")
    ada.get_by_role("link", name="Josiah Carberry: Joint work").click()
    expect(ada.get_by_text("declined")).to_be_visible()
    ada.wait_for_load_state()
    expect(ada.get_by_label("Your message")).to_have_count(0)
    ada.goto(address)
    ada.get_by_role("link", name="Start a collaboration").first.click()
    expect(ada.get_by_text("only they can start a new one")).to_be_visible()
    ada.wait_for_load_state()
    expect(ada.get_by_role("button", name="Send invitation")).to_have_count(0)
    assert "blocked" not in ada.inner_text("body")

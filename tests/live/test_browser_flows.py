"""Whole errands in a real Chromium over the sample: a pasted text, an institution that is followed, pages of a list."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from accounts.cookies import LOGIN
from accounts.login.models import Account
from tests.live.axe import violations
from tests.live.conftest import DESK, PHONE
from tests.people import accounts_of, log_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Page

    from tests.people import Person

TEXT = "Decoding movement from the activity of motor neurons with machine learning."
EDINBURGH = "/institutions/university-of-edinburgh"
KORDING = "/researchers/konrad-p-kording-4bafdee5"


def number(page: Page) -> int:
    """Return the number of results that a page announces, when all of it has been read."""
    page.wait_for_load_state()
    words = page.get_by_role("status").filter(has_text=re.compile(r"\d (expert|work|result)")).first.inner_text()
    return int(re.findall(r"[\d,]+", words)[0].replace(",", ""))


def shown(page: Page) -> list[str]:
    """Return the headings of the results, when the whole page has been read."""
    page.wait_for_load_state()
    return page.get_by_role("article").get_by_role("heading").all_inner_texts()


@pytest.mark.parametrize("options", [{"viewport": PHONE}, {"viewport": DESK}, {"java_script_enabled": False}])
def test_experts_on_a_pasted_text_are_filtered_shared_and_exported(
    opened: Callable[..., Page], options: dict[str, Any]
) -> None:
    page = opened("/related", **options)
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_role("button", name="Find experts and works").click()
    page.get_by_role("link", name=re.compile("All .* experts")).click()
    before = number(page)
    if options.get("viewport") == PHONE:
        page.get_by_text("Filters", exact=True).first.click()
    page.get_by_label(re.compile("Neurons and Cognition")).first.check()
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("status").filter(has_text="topic Neurons and Cognition")).to_be_visible()
    assert 0 < number(page) < before
    # Whoever opens the address sees the same.
    elsewhere = opened(page.url)
    assert shown(elsewhere) == shown(page)
    page.get_by_text("Export results").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["name"] for row in rows[:5]] == shown(page)[:5]
    if options.get("viewport"):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_authors_of_a_pasted_text_are_left_out_by_keyboard_alone(opened: Callable[..., Page]) -> None:
    page = opened("/related")
    page.get_by_label("Text", exact=True).focus()
    page.keyboard.type(TEXT)
    page.keyboard.press("Tab")
    page.keyboard.type("Konrad P. Kording")
    page.keyboard.press("Tab")
    expect(page.get_by_label(re.compile("Keep the text out"))).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Left out: Konrad P. Kording and")).to_be_visible()
    assert not [name for name in shown(page)[:10] if "Kording" in name]


def test_a_private_text_is_in_no_address(opened: Callable[..., Page]) -> None:
    page = opened("/related")
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_label(re.compile("Keep the text out")).check()
    page.get_by_role("button", name="Find experts and works").click()
    expect(page.get_by_role("heading", name="Experts", exact=True)).to_be_visible()
    assert page.url.endswith("/related")
    page.wait_for_load_state()
    expect(page.get_by_role("link", name=re.compile("with filters"))).to_have_count(0)


@pytest.mark.parametrize("address", [f"/related?text={TEXT}", f"/related?text={TEXT}&show=experts", EDINBURGH])
@pytest.mark.parametrize("viewport", [PHONE, DESK])
def test_axe_finds_nothing(opened: Callable[..., Page], address: str, viewport: dict[str, int]) -> None:
    page = opened(address, viewport=viewport, bypass_csp=True)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_people_at_an_institution_and_its_years_are_one_step_away(opened: Callable[..., Page]) -> None:
    page = opened(EDINBURGH)
    page.get_by_label("Who works on").fill("language models")
    page.get_by_role("button", name="Find them here").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Experts on “language models”")
    expect(page.locator(".chip")).to_contain_text("University of Edinburgh")
    page.go_back()
    page.locator(".chart .plot a").last.click()
    expect(page.locator(".chip")).to_have_count(2)
    assert number(page) > 0


@pytest.fixture
def reader(sample_app: Flask) -> Iterator[Person]:
    person = log_in(sample_app, "Rea Reader", email="rea@example.org")
    yield person
    with accounts_of(sample_app).begin() as session:
        session.execute(delete(Account).where(Account.id == person.account_id))


@pytest.mark.parametrize("options", [{"viewport": PHONE}, {"java_script_enabled": False}])
def test_an_institution_is_followed_and_unfollowed(
    opened: Callable[..., Page], reader: Person, options: dict[str, Any]
) -> None:
    page = opened(EDINBURGH, **options)
    page.get_by_role("link", name="Follow this institution").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    login = reader.get_cookie(LOGIN)
    assert login is not None
    page.context.add_cookies([{"name": LOGIN, "value": login.value, "url": page.url}])
    page.goto(EDINBURGH)
    page.get_by_role("button", name="Follow this institution").click()
    expect(page.get_by_text("You are now following University of Edinburgh")).to_be_visible()
    page.get_by_role("link", name="Feed", exact=True).click()
    row = page.get_by_role("listitem").filter(has_text="University of Edinburgh")
    expect(page.get_by_role("heading", name="Institutions")).to_be_visible()
    row.get_by_role("button", name="Unfollow").click()
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="Institutions")).to_have_count(0)


def test_a_list_is_read_by_page_numbers(opened: Callable[..., Page]) -> None:
    page = opened("/search")
    pages = page.get_by_role("navigation", name="Pages")
    expect(pages.locator("[aria-current=page]")).to_have_text("Page 1")
    first = shown(page)
    pages.get_by_role("link", name="Page 2", exact=True).click()
    assert page.url.endswith("page=2")
    assert not set(shown(page)) & set(first)
    expect(page.get_by_role("navigation", name="Pages").locator("[aria-current=page]")).to_have_text("Page 2")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Page 13", exact=True).click()
    assert len(shown(page)) == 320 - 12 * 25


def test_tiles_fill_their_rows(opened: Callable[..., Page]) -> None:
    page = opened("/topics")
    assert page.locator(".tiles > li").count() == 24
    left = page.eval_on_selector_all(
        ".tiles > li", "tiles => tiles.map(tile => Math.round(tile.getBoundingClientRect().x))"
    )
    assert len(set(left)) in {2, 3, 4}
    assert [left.count(x) for x in set(left)] == [24 // len(set(left))] * len(set(left))


def test_a_profile_shows_no_slug_and_explains_its_actions(opened: Callable[..., Page]) -> None:
    page = opened(KORDING)
    expect(page.get_by_role("heading", name="Actions", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Follow researcher")).to_be_visible()
    identity = page.get_by_role("region", name="Identity and collaboration")
    expect(identity).to_contain_text("Claiming links this public author record to a researcher profile")
    identity.get_by_role("link", name="Log in to claim").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")

"""Accounts with everything real: a browser at ORCID and back, and `peerscope serve` with two workers."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import expect

from accounts import resources
from accounts.login import orcid
from peerscope.settings import Settings
from tests.live.axe import violations
from tests.live.conftest import SAMPLE
from tests.live.test_serving import served
from tests.people import accounts_of, log_in, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from playwright.sync_api import Browser

    from tests.orcid import Provider

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["javascript", "plain"])


@pytest.fixture
def orcid_sign_in(sample_app: Flask, orcid_provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the app of the sample sign in with ORCID, as if it had been started with the provider's settings."""
    assert orcid_provider
    current = resources.resources_of(sample_app)
    monkeypatch.setitem(sample_app.extensions, resources.KEY, replace(current, settings=Settings.load()))
    sample_app.extensions.pop(orcid.KEY, None)
    yield
    # The client of this provider, which is gone.
    sample_app.extensions.pop(orcid.KEY, None)


@SCRIPTS
@pytest.mark.usefixtures("orcid_sign_in")
def test_a_person_logs_in_at_orcid_comes_back_to_where_they_were_and_logs_out(
    chromium: Browser, site: str, scripts: bool
) -> None:
    """Also that the policy of the page lets its form go to ORCID, which only a browser can tell."""
    context = chromium.new_context(base_url=site, java_script_enabled=scripts)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto("/search?q=neurons&year=2015-")
    page.get_by_role("link", name="Log in").click()
    page.get_by_role("button", name="Log in with ORCID").click()
    page.get_by_role("link", name="Ada Low").click()
    expect(page).to_have_url(re.compile(r"/search\?q=neurons&year=2015-$"))
    page.get_by_role("link", name="Ada Low").click()
    expect(page.get_by_role("link", name="0000-0002-1694-233X")).to_be_visible()
    page.get_by_role("button", name="Log out", exact=True).first.click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    page.goto("/account")
    expect(page.get_by_role("heading", name="Log in", exact=True)).to_be_visible()
    context.close()


@pytest.mark.usefixtures("orcid_sign_in")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_an_account_can_be_used_by_everybody(
    chromium: Browser, site: str, sample_app: Flask, scheme: str
) -> None:
    ada = log_in(sample_app, "Ada Lovelace-Featherstonehaugh of the Long Name")
    program(sample_app, ada.account_id, "read", "follow")
    cookie = ada.get_cookie("peerscope_login")
    assert cookie is not None
    for width in (390, 1280):
        context = chromium.new_context(base_url=site, viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        context.add_cookies([{"name": "peerscope_login", "value": cookie.value, "url": site}])
        page = context.new_page()
        page.goto("/account")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page, scheme) == []
        context.close()


def test_two_workers_share_the_key_the_tables_and_who_is_logged_in(
    sample_app: Flask, opensearch_url: str, tmp_path: Path, unused_port: int
) -> None:
    assert accounts_of(sample_app)
    home, log = tmp_path / "home", tmp_path / "log"
    home.mkdir()
    (home / "artifacts").symlink_to(Settings.load().home / "artifacts")
    settings = {
        "PEERSCOPE_HOME": str(home),
        "PEERSCOPE_INDEX_PREFIX": SAMPLE.prefix,
        "PEERSCOPE_WORKERS": "2",
        "PEERSCOPE_DATABASE_URL": "",
        "PEERSCOPE_SECRET_KEY": "",
    }

    def form(browser: requests.Session, address: str, **fields: str) -> requests.Response:
        page = browser.get(address, timeout=10)
        (token,) = re.findall(r'<form class="form[^>]*>\s*<input[^>]* name="csrf_token" value="([^"]+)"', page.text)
        # A connection of its own each time: whichever worker is free takes it.
        browser.headers["Connection"] = "close"
        return browser.post(address, data={**fields, "csrf_token": token}, timeout=10)

    with served(log, unused_port, **settings) as base, requests.Session() as browser:
        assert form(browser, f"{base}/register", email="ada@example.org").status_code == 200
        link = None
        while link is None:
            link = re.search(r"http://127\.0\.0\.1:\d+/confirm/\S+", log.read_text())
        assert form(browser, link[0], name="Ada", password="a good password").status_code == 200
        names = {browser.get(f"{base}/api/v1/me", timeout=10).json()["name"] for _ in range(12)}
        assert names == {"Ada"}
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600
    assert (home / "accounts.sqlite").exists()
    assert link[0].rpartition("/")[2] not in re.sub(r"--- mail.*?---", "", log.read_text(), flags=re.DOTALL)

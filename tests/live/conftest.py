"""One real OpenSearch for all live tests: a node whose data is removed when the session ends."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException

from accounts.database import Database
from accounts.extension import AccountsExtension
from indexer.run import run
from indexer.run.progress import NoProgress
from indexer.sources import open_sources
from mappings import IndexNames, drop
from peerscope import artifacts, embedding, sample
from peerscope.engine import EngineSettings, connect, wait_until_ready
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.openapi import describe
from search_api.http.services import Services
from tests.people import signer
from tests.ports import free_port
from tests.served import served
from tests.shared_node import shared_node_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from opensearchpy import OpenSearch
    from playwright.sync_api import Browser, BrowserContext, Page
    from werkzeug.test import TestResponse


#: The indices of the sample, one set per process of the run: some tests change them.
SAMPLE = IndexNames(f"sample-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-")


#: A wide table may be scrolled inside its own frame; the page itself never sideways.
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


class CheckedClient(FlaskClient):
    """Checks every response against the OpenAPI document: status, content type and body."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        adapter = self.application.url_map.bind_to_environ(response.request.environ)
        with suppress(HTTPException):
            rule, _ = adapter.match(return_rule=True)
            self.check(rule.rule, response)
        return response

    def check(self, rule: str, response: TestResponse) -> None:
        api = _described(self.application)
        path = re.sub(r"<(?:\w+:)?(\w+?)_?>", r"{\1}", rule)
        method = "get" if response.request.method == "HEAD" else response.request.method.lower()
        if path not in api["paths"] or method not in api["paths"][path]:
            return
        answers = api["paths"][path][method]["responses"]
        assert str(response.status_code) in answers, f"{method} {path} answers {response.status_code}"
        content = answers[str(response.status_code)].get("content", {})
        if response.data and content:
            assert response.mimetype in content, f"{method} {path} answers {response.mimetype}"
            if str(response.mimetype).endswith("json"):
                _validator(self.application, content[response.mimetype]["schema"].get("$ref")).validate(response.json)


@cache
def _described(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return describe(app)


@cache
def _validator(app: Flask, reference: str | None) -> Draft202012Validator:
    schema = {"$ref": reference, "components": _described(app)["components"]} if reference else {}
    return Draft202012Validator(schema)


@pytest.fixture(scope="session")
def unused_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def node_folder() -> Iterator[Path]:
    """A folder that any account can reach: pytest's own are closed to the one that runs the node when we are root."""
    with tempfile.TemporaryDirectory(prefix="peerscope-live-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def opensearch_settings() -> EngineSettings:
    """Return the cluster that PEERSCOPE_OPENSEARCH_URL names, else the node that all processes of this run share."""
    settings = EngineSettings.from_settings(Settings.load())
    return settings if settings.url else replace(settings, url=shared_node_url())


@pytest.fixture(scope="session")
def opensearch(opensearch_settings: EngineSettings) -> Iterator[OpenSearch]:
    client = connect(opensearch_settings)
    wait_until_ready(client)
    yield client
    client.close()


@pytest.fixture
def opensearch_url(opensearch_settings: EngineSettings, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of OpenSearch, and set it in the environment of this process and its children."""
    assert opensearch_settings.url
    monkeypatch.setenv("PEERSCOPE_OPENSEARCH_URL", opensearch_settings.url)
    return opensearch_settings.url


@pytest.fixture(scope="session")
def silent() -> NoProgress:
    return NoProgress()


@pytest.fixture(scope="session")
def sample_app(opensearch: OpenSearch, silent: NoProgress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return the app over the sample, which is indexed once per process."""
    names = SAMPLE
    home = tmp_path_factory.mktemp("home")
    run.index(
        opensearch,
        names,
        embedding.load(Settings.load()),
        open_sources([str(sample.WORKS)]),
        home,
        silent,
        signer=signer(),
    )
    opensearch.indices.refresh(index=names.works)
    accounts = Database(f"sqlite:///{home / 'accounts.sqlite'}")
    accounts.migrate()
    extensions = [AccountsExtension(accounts)]
    app = create_app({"SECRET_KEY": "a key for tests"}, Services(opensearch, names), extensions=extensions)
    app.test_client_class = CheckedClient
    yield app
    accounts.close()
    drop(opensearch, names)


@pytest.fixture
def names(opensearch: OpenSearch) -> Iterator[IndexNames]:
    """The names of a test's own indices, which are removed after it."""
    names = IndexNames(f"test-{uuid4().hex[:8]}-")
    yield names
    drop(opensearch, names)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database of accounts."""
    database = Database(f"sqlite:///{tmp_path / 'accounts.sqlite'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def prefix(
    opensearch: OpenSearch, opensearch_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The prefix of indices that the command line uses in a test, with a home of the test's own."""
    assert opensearch_url
    prefix = f"cli-{uuid4().hex[:8]}-"
    monkeypatch.setenv("PEERSCOPE_INDEX_PREFIX", prefix)
    # Reports of runs go into a home of the test's own; what was fetched is shared.
    fetched = Settings.load().home / "artifacts"
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path / "home"))
    (artifacts.make_folder(Settings.load().home) / "artifacts").symlink_to(fetched)
    yield prefix
    drop(opensearch, IndexNames(prefix))


@pytest.fixture(scope="session")
def site(sample_app: Flask) -> Iterator[str]:
    """Serve the app over the sample; yield the address."""
    with served(sample_app) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright  # only now: most tests need no browser

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("Chromium is not installed, so no page was opened in a browser: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Opens pages, each in a context of its own; at the end, none may have complained or asked another host."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(address: str, status: int = 200, **options: Any) -> Page:
        context = chromium.new_context(base_url=site, **{"viewport": DESK, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked(request.url))
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == status
        return page

    def asked(url: str) -> None:
        if urlsplit(url).netloc != urlsplit(site).netloc and not url.startswith("data:"):
            complaints.append(f"asked {url}")

    yield open_page
    for context in contexts:
        context.close()
    # Chromium itself logs a page that answers 404.
    assert [words for words in complaints if "404" not in words] == []


@pytest.fixture
def client(sample_app: Flask) -> FlaskClient:
    """Return a test client of the app over the sample that checks every response against its schema."""
    return sample_app.test_client()


@pytest.fixture
def get(client: FlaskClient) -> Any:
    """Return a function that sends a GET request to the API, checks the status, and returns the JSON."""

    def get(path: str, expected: int = 200, **params: Any) -> dict[str, Any]:
        response = client.get(f"/api/v1{path}", query_string=params)
        answer: dict[str, Any] = response.get_json(force=True)
        assert response.status_code == expected, answer
        return answer

    return get

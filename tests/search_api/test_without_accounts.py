"""Search works without the package `accounts`, its database library and its migrations: nothing of them is imported."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from peerscope.settings import Settings
from search_api.http import extensions

ROOT = Path(__file__).resolve().parents[2]

#: Run in a process of its own: in this one, other tests have imported accounts.
PROGRAM = """
import importlib.abc
import sys

BLOCKED = {"accounts", "sqlalchemy", "alembic"}


class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Blocker())

import search_api.commands
import search_api.http.server
from mappings import IndexNames
from search_api.app import create_app
from search_api.http.services import Services
from tests.search_api.test_serving import FakeOpenSearch, no_model

app = create_app(services=Services(FakeOpenSearch(), IndexNames("t-"), load_embedder=no_model))
client = app.test_client()
for path in (
    "/",
    "/search?q=x",
    "/researchers?q=x",
    "/topics",
    "/institutions",
    "/graph",
    "/related",
    "/robots.txt",
    "/api/docs",
    "/api/docs/works",
    "/api/v1/works?q=x",
    "/api/v1/researchers?about=x",
    "/api/v1/topics",
    "/api/v1/autocomplete?q=x",
    "/api/v1/overview",
    "/healthz",
    "/metrics",
):
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code, response.text)
    for text in ("Log in", "/account", "Follow", "csrf_token"):
        assert text not in response.text or path == "/robots.txt", (path, text)
assert client.post("/related", data={"text": "x"}, follow_redirects=True).status_code == 200
assert client.post("/api/v1/researchers/rank", json={"text": "x"}).status_code == 200
for path in ("/login", "/account", "/feed", "/api/v1/me", "/api/v1/admin/claims"):
    assert client.get(path).status_code == 404, path
described = client.get("/api/v1/openapi.json").get_json()
assert not [path for path in described["paths"] if path.startswith(("/api/v1/me", "/api/v1/admin"))]
assert "securitySchemes" not in described["components"]
assert not BLOCKED & {name.partition(".")[0] for name in sys.modules}
print("works")
"""


def run(program: str, **environment: str) -> str:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PEERSCOPE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}


def test_search_works_without_accounts(environment: dict[str, str]) -> None:
    assert run(PROGRAM, PEERSCOPE_ACCOUNTS="off", **environment) == "works\n"


def test_the_extension_of_accounts_can_be_switched_off() -> None:
    assert [type(one).__name__ for one in extensions.load(Settings.load(accounts="on"))] == ["AccountsExtension"]
    assert extensions.load(Settings.load(accounts="off")) == []

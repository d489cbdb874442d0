"""Each test of accounts gets an empty database: SQLite, and PostgreSQL where its programs are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from accounts.database import Database
from mappings import IndexNames
from peerscope.embedding import EmbeddingError
from search_api.app import create_app
from search_api.http.services import Services
from tests.people import Mailbox, Person, log_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

#: Where Debian keeps the programs of PostgreSQL.
DEBIAN = Path("/usr/lib/postgresql")
#: Whom a server runs as when the tests run as root: it refuses root.
NOBODY = "nobody"


def _programs() -> Path | None:
    found = shutil.which("initdb")
    return Path(found).parent if found else max(DEBIAN.glob("*/bin"), default=None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL of our own, and give its URL without a database."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL IS NOT TESTED: neither initdb on the PATH nor Debian's package is here.")
    user = NOBODY if os.getuid() == 0 else None
    # In /tmp itself: the path of a socket has to be short, and `user` must be able to walk there.
    folder = Path(tempfile.mkdtemp(prefix="peerscope-"))
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [programs / program, *arguments]
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "peerscope", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://peerscope@/{{}}?host={folder}"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'accounts.sqlite'}"
        return
    server: str = request.getfixturevalue("postgresql")
    name = f"test_{uuid4().hex[:12]}"
    admin = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.format(name)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Return an empty database with its tables."""
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


class NoOpenSearch:
    """Holds nothing: no researcher, no work. A test that needs some gives the fixture `opensearch` anew."""

    def search(self, index: str, body: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
        buckets: dict[str, Any] = {name: {"buckets": []} for name in body.get("aggs", {})}
        found = {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []}
        return {"took": 1, "hits": found, "aggregations": buckets}

    def get(self, index: str, id: str, params: dict[str, Any], ignore: list[int]) -> dict[str, Any]:  # noqa: A002
        return {"found": False}

    def mget(self, index: str, body: dict[str, Any], params: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"docs": [{"_id": id_, "found": False} for id_ in body["ids"]]}

    def msearch(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        pairs = zip(body[::2], body[1::2], strict=True)
        return {"responses": [{"status": 200, **self.search(head["index"], asked, {})} for head, asked in pairs]}


@pytest.fixture
def opensearch() -> Any:
    """Return what the app asks in place of OpenSearch."""
    return NoOpenSearch()


def _no_model() -> Any:
    raise EmbeddingError("out of order")


@pytest.fixture
def mailbox() -> Mailbox:
    """Return the mail that the app has sent."""
    return Mailbox()


@pytest.fixture
def app(database: Database, opensearch: Any, mailbox: Mailbox) -> Flask:
    """Return the app over an empty database."""
    services = Services(opensearch, IndexNames("t-"), load_embedder=_no_model, accounts=database, mail=mailbox)
    return create_app({"SECRET_KEY": "a key for tests", "RATE_LIMIT": "off"}, services)


@pytest.fixture
def logged_in(app: Flask) -> Callable[..., Person]:
    """Return a function that makes an account, and a browser in which it is logged in; see `tests/people.py`."""
    return lambda name, **more: log_in(app, name, **more)

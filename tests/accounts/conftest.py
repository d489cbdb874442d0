"""Each test of accounts gets a database with all tables and no rows: SQLite, and PostgreSQL where that can differ.

The marker `databases` names both for tests of migrations, constraints, locks, concurrency, moments with time zones,
limits by time, text that a database may refuse, and commands; and for at least one test of every statement that the
application sends. Tests of who may see or do what, of pages and of messages run on SQLite only. A new query needs one
test that runs on both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, text

from accounts.claims.models import Claim
from accounts.database import Database
from accounts.extension import AccountsExtension
from accounts.login.models import Account
from mappings import IndexNames
from peerscope.embedding import EmbeddingError
from search_api.app import create_app
from search_api.http.services import Services
from tests.aggregations import without_buckets
from tests.people import Mailbox, Person, log_in, use_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from sqlalchemy import Connection

    from tests.orcid import Provider

#: The PostgreSQL run of a test.
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
#: Where Debian keeps the programs of PostgreSQL.
DEBIAN = Path("/usr/lib/postgresql")
#: The account that runs PostgreSQL when the tests run as root, which it refuses.
NOBODY = "nobody"


def _programs() -> Path | None:
    found = shutil.which("initdb")
    return Path(found).parent if found else max(DEBIAN.glob("*/bin"), default=None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL server; yield its URL with `{}` for the name of the database."""
    programs = _programs()
    if programs is None:
        pytest.skip(
            "PostgreSQL is not installed (no initdb on the PATH or in /usr/lib/postgresql): apt-get install postgresql"
        )
    user = NOBODY if os.getuid() == 0 else None
    # In /tmp itself: the path of a socket has to be short, and `user` must be able to walk there.
    folder = Path(tempfile.mkdtemp(prefix="peerscope-"))
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on the databases that its marker `databases` names; without the marker on SQLite only."""
    marker = metafunc.definition.get_closest_marker("databases")
    if marker is None:
        return
    params = [POSTGRESQL if name == "postgresql" else name for name in marker.args]
    for fixture in {"database_url", "empty_database_url"} & set(metafunc.fixturenames):
        metafunc.parametrize(fixture, params, indirect=True)


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with all tables, migrated once per session and copied for each test."""
    file = tmp_path_factory.mktemp("template") / "accounts.sqlite"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str) -> str:
    """Return the name of a PostgreSQL database with all tables, migrated once per session."""
    with _admin(postgresql) as connection:
        connection.execute(text("CREATE DATABASE migrated"))
    _migrate(postgresql.format("migrated"))
    return "migrated"


@contextmanager
def _admin(server: str) -> Iterator[Connection]:
    engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


@contextmanager
def _on_postgresql(server: str, template: str) -> Iterator[str]:
    """Create a copy of the database `template`, yield its URL, and drop it afterwards."""
    name = f"test_{uuid4().hex[:12]}"
    with _admin(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield server.format(name)
    finally:
        with _admin(server) as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database without tables; parametrize it indirectly with `sqlite` and `postgresql`."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    with _on_postgresql(request.getfixturevalue("postgresql"), "template1") as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database with all tables and no rows."""
    if getattr(request, "param", "sqlite") == "sqlite":
        file = tmp_path / "accounts.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    template = request.getfixturevalue("postgresql_template")
    with _on_postgresql(request.getfixturevalue("postgresql"), template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Return a database with all tables and no rows."""
    database = Database(database_url)
    yield database
    database.close()


class NoOpenSearch:
    """An OpenSearch without documents. A test that needs some overrides the fixture `opensearch`."""

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []}
        return {"took": 1, "hits": found, "aggregations": without_buckets(body.get("aggs", {}))}

    def get(self, index: str, id: str, params: dict[str, Any], ignore: list[int]) -> dict[str, Any]:  # noqa: A002
        return {"found": False}

    def mget(self, body: dict[str, Any], index: str = "", params: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"docs": [{"found": False} for _ in body.get("ids") or body["docs"]]}

    def msearch(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        pairs = zip(body[::2], body[1::2], strict=True)
        return {"responses": [{"status": 200, **self.search(head["index"], asked)} for head, asked in pairs]}


@pytest.fixture
def opensearch() -> Any:
    """Return the fake OpenSearch of the app."""
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
    services = Services(opensearch, IndexNames("t-"), load_embedder=_no_model)
    config = {"SECRET_KEY": "a key for tests", "RATE_LIMIT": "off"}
    return create_app(config, services, extensions=[AccountsExtension(database, mailbox)])


@pytest.fixture
def logged_in(app: Flask) -> Callable[..., Person]:
    """Return a function that makes an account, and a browser in which it is logged in; see `tests/people.py`."""
    return lambda name, **more: log_in(app, name, **more)


@pytest.fixture
def orcid_provider(orcid_provider: Provider, app: Flask) -> Provider:
    """Return an OpenID provider of our own, which the app uses."""
    use_settings(app)
    return orcid_provider


@pytest.fixture
def owner(database: Database) -> Callable[[str], str]:
    """Return a function that makes an account which owns the profile `r-NAME`, and returns its id."""

    def make(name: str) -> str:
        with database.begin() as session:
            session.add(account := Account(name=name))
            session.flush()
            session.add(Claim(account_id=account.id, researcher_id=f"r-{name}", status="verified", proof="orcid"))
            return account.id

    return make

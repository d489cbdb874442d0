"""Each test of accounts gets an empty database: SQLite, and PostgreSQL where its programs are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Give the URL of an empty database."""
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

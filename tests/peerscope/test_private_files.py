"""Files that other accounts of the machine cannot read, whatever the umask, and homes of earlier versions."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from peerscope.private_files import (
    create_private,
    make_home,
    make_private_folder,
    open_private,
    repair_home,
    write_private,
)
from peerscope.secret_key import secret_key
from peerscope.settings import Settings
from tests.accounts_of_machine import others_can_read

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("umask")
def test_only_the_owner_reads_them_whatever_the_umask(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "a" / "b")
    with open_private(tmp_path / "a" / "appended", "a") as file:
        file.write("text")
    write_private(tmp_path / "a" / "replaced", "text")
    create_private(tmp_path / "a" / "c" / "accounts.sqlite")
    assert secret_key(Settings.load(home=tmp_path / "a" / "home", secret_key=None))
    passable = [f"home {0o711:o}"] if os.geteuid() == 0 else []
    assert list(others_can_read(tmp_path / "a")) == passable


@pytest.mark.usefixtures("umask")
def test_the_other_files_of_sqlite_get_the_mode_of_the_database(tmp_path: Path) -> None:
    create_private(tmp_path / "accounts.sqlite")
    with closing(sqlite3.connect(tmp_path / "accounts.sqlite")) as database:
        database.executescript("PRAGMA journal_mode = WAL; CREATE TABLE t (c); INSERT INTO t VALUES (1);")
        modes = {path.name: mode(path) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("accounts.sqlite", "accounts.sqlite-wal", "accounts.sqlite-shm"), 0o600)


def test_a_home_of_an_earlier_version_is_repaired_and_other_files_are_left_alone(tmp_path: Path) -> None:
    report = tmp_path / "runs" / "20250101" / "rejects.jsonl"
    report.parent.mkdir(parents=True)
    private = [tmp_path / name for name in ("accounts.sqlite", "accounts.sqlite-wal", "staged.sqlite", "index.lock")]
    others = [tmp_path / name for name in ("works.jsonl", "README")]
    for path in (report, *private, *others):
        path.touch()
    for path in (report, *private, *others, tmp_path / "runs", report.parent):
        path.chmod(0o777 if path.is_dir() else 0o666)
    tmp_path.chmod(0o755)
    repair_home(tmp_path)
    assert list(others_can_read(tmp_path)) == [". 755", "README 666", "works.jsonl 666"]
    assert mode(report) == 0o600
    assert mode(report.parent) == 0o700


def test_a_home_that_does_not_exist_is_not_created(tmp_path: Path) -> None:
    repair_home(tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_a_repair_keeps_the_locks_of_sqlite_in_this_process(tmp_path: Path) -> None:
    """Closing any descriptor of a file releases all of a process's POSIX locks on it."""
    path = tmp_path / "accounts.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE t (c)")
        database.execute("BEGIN EXCLUSIVE")
        path.chmod(0o644)
        repair_home(tmp_path)
        create_private(path)
        assert mode(path) == 0o600
        code = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0.1).execute('INSERT INTO t VALUES (1)')"
        other = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert "database is locked" in other.stderr


def test_links_are_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("precious")
    target.chmod(0o644)
    home = tmp_path / "home"
    make_home(home)
    for name in ("report.json", "runs", "accounts.sqlite-wal"):
        (home / name).symlink_to(target)
    for flags in ("a", "w", "r"):
        with pytest.raises(OSError, match=r"[Tt]oo many levels of symbolic links"):
            open_private(home / "report.json", flags)
    write_private(home / "report.json", "new")
    repair_home(home)
    assert target.read_text() == "precious"
    assert mode(target) == 0o644
    assert not (home / "report.json").is_symlink()


#: Calls that create files or folders, and where they create none that is private.
WRITES = re.compile(r"\.(write_text|write_bytes|mkdir|touch)\(|\bopen\([^)\n]*[\"'][wax]b?\+?[\"']|os\.makedirs\(")
NOT_PRIVATE = {
    "indexer/identity/resolver.py",  # in a private scratch folder, published with a mode
    "indexer/stages/tables.py",  # likewise
    "indexer/stages/worker.py",  # likewise
    "indexer/staging/report.py",  # mkdir with a mode
    "peerscope/artifacts/update_lockfile.py",  # a file of the repository
    "peerscope/embedding/multilingual.py",  # a model
    "peerscope/engine/distribution.py",  # programs
    "peerscope/engine/host_filter/build.py",  # a file of the repository
    "peerscope/engine/launcher.py",  # sets the umask
    "peerscope/engine/place.py",  # mkdir with a mode
    "peerscope/evaluation/indexed.py",  # in a temporary folder
    "peerscope/memory.py",  # a file in /proc
    "peerscope/private_files.py",
    "search_api/http/server.py",  # the folder of metrics, which is temporary
}


def test_every_module_writes_through_the_functions_for_private_files() -> None:
    root = Path(__file__).parents[2]
    packages = ("accounts", "indexer", "mappings", "peerscope", "search_api")
    files = [file for package in packages for file in (root / package).rglob("*.py")]
    writing = {str(file.relative_to(root)) for file in files if WRITES.search(file.read_text(encoding="utf-8"))}
    assert writing - NOT_PRIVATE == set()


def test_a_database_that_the_user_moved_and_linked_is_used(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "accounts.sqlite").symlink_to(tmp_path / "disk" / "accounts.sqlite")
    create_private(tmp_path / "accounts.sqlite")
    assert mode(tmp_path / "disk" / "accounts.sqlite") == 0o600

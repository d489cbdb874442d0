"""Authors resolved in a process of its own: the answer is in the file, and a process that fails says so."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from indexer.identity.overrides import Overrides
from indexer.identity.resolver import ResolverError, ResolverProcess, provisional_ids, resolve_all
from indexer.records import parse_work
from indexer.staging.changes import Change, FormerAuthor
from indexer.staging.database import StagingDatabase

if TYPE_CHECKING:
    from pathlib import Path


def record(id_: str, *names: str) -> dict[str, object]:
    return {"id": id_, "title": "On spikes", "authors": [{"name": name} for name in names]}


def change(id_: str, *names: str) -> Change:
    return Change(id_, parse_work(record(id_, *names)), record(id_, *names), "hash", [])


def test_a_process_of_its_own_finds_what_this_one_would(tmp_path: Path) -> None:
    found = []
    for apart in (False, True):
        with StagingDatabase(tmp_path / "staged.sqlite") as staged:
            staged.add([change("local:a", "Ada Lovelace", "Zoe Quux"), change("local:b", "Ada Lovelace", "Zoe Quux")])
            staged.add_known([("local:c", record("local:c", "Charles Babbage"), ["charles-1"])])
            if apart:
                resolving = ResolverProcess(staged.path, Overrides())
                assert resolving.wait() > 10
                assert not resolving.is_running
                resolving.stop()
            else:
                resolve_all(staged, Overrides())
            ((one, two),) = staged.to_write()
            found.append((one.researchers, two.researchers, list(staged.reassigned())))
    assert found[0] == found[1]
    assert found[0][0] == found[0][1]
    assert len(found[0][0]) == 2


def test_a_process_that_is_killed_is_told_of(tmp_path: Path) -> None:
    with StagingDatabase(tmp_path / "staged.sqlite") as staged:
        resolving = ResolverProcess(staged.path, Overrides())
        resolving.stop()
        with pytest.raises(ResolverError, match="run the same command again"):
            resolving.wait()


def test_it_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    """The parent says the number of its child, and dies before anything is resolved."""
    script = (
        "import os, signal, sys; from pathlib import Path; from indexer.identity.overrides import Overrides\n"
        "from indexer.identity.resolver import ResolverProcess; from indexer.staging.database import StagingDatabase\n"
        "staged = StagingDatabase(Path(sys.argv[1])); staged._database.execute('BEGIN EXCLUSIVE')\n"
        "process = ResolverProcess(staged.path, Overrides())._process\n"
        "print(process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "staged.sqlite")]
    child = int(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(child).wait(30)
    assert not psutil.pid_exists(child)


def test_a_corrected_record_begins_with_the_ids_that_its_authors_had() -> None:
    work = parse_work(record("local:a", "Ada Lovelace", "Charles Babbage"))
    former = [FormerAuthor(1, "Ada Lovelace", "ada-7"), FormerAuthor(2, "C. Babbage", "babbage-7")]
    ada, charles = provisional_ids(work, former)
    assert ada == "ada-7"
    assert charles.startswith("charles-babbage-")

"""Locks of files: who holds them, and how long one waits for whom."""

from __future__ import annotations

import gc
import getpass
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from peerscope import locks
from peerscope.locks import FileLock, LockHeldError, file_lock
from tests.accounts_of_machine import STRANGER, needs_root, open_to_strangers, run_as, start_as

if TYPE_CHECKING:
    from pathlib import Path

HOLD = "import fcntl, sys, time; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True)"
HOLD += "; time.sleep(60)"


def test_one_holds_it_until_it_is_released(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take()
    assert first.take()
    assert not second.take()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
    first.release()
    first.release()
    assert second.take()
    second.release()


@pytest.mark.parametrize("is_listed", [True, False])
def test_the_error_names_the_holder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_listed: bool) -> None:
    """As the system lists it, or else by the number that a holder writes into the file."""
    path = tmp_path / "lock"
    path.touch(0o600)
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        holder.stdout.readline()
        if not is_listed:
            monkeypatch.setattr(locks, "SYSTEM_LOCKS", tmp_path / "missing")
            path.write_text(str(holder.pid))
        with pytest.raises(LockHeldError) as caught, file_lock(path, patience=0.2):
            pass
        holder.kill()
    assert f"locked for 0 s by process {holder.pid} of {getpass.getuser()}: {sys.executable} -c import" in str(
        caught.value
    )
    with file_lock(path, patience=0.2):
        pass


def test_a_holder_that_cannot_be_seen_is_not_invented(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("not a number")
    assert str(FileLock(tmp_path / "lock").holder()) == "a process that this account cannot see"


@needs_root
def test_another_account_cannot_open_the_file(tmp_path: Path) -> None:
    open_to_strangers(tmp_path)
    with file_lock(tmp_path / "lock"):
        assert "PermissionError" in run_as(STRANGER, HOLD, tmp_path / "lock").stderr


@needs_root
def test_a_lock_of_another_account_on_a_file_of_an_earlier_version_ends_in_an_error(tmp_path: Path) -> None:
    """Waiting for it would never end."""
    open_to_strangers(tmp_path)
    (tmp_path / "lock").touch()
    (tmp_path / "lock").chmod(0o644)
    stranger = start_as(STRANGER, HOLD, tmp_path / "lock")
    try:
        with (
            pytest.raises(LockHeldError, match=f"by process {stranger.pid} of {STRANGER}"),
            file_lock(tmp_path / "lock", patience=60, foreign_patience=0.3),
        ):
            pass
    finally:
        stranger.kill()
        stranger.communicate()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


@needs_root
def test_a_program_of_another_account_that_ends_at_once_fails_only_its_own_test() -> None:
    with pytest.raises(pytest.fail.Exception, match="before its first line"):
        start_as(STRANGER, "sys.exit()")
    gc.collect()  # an open pipe would be a warning, which is an error


def test_control_characters_of_a_command_are_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch(0o600)
    command = [sys.executable, "-c", HOLD, str(path), "\x1b]0;title\x07"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        holder.stdout.readline()
        text = str(FileLock(path).holder())
        holder.kill()
    assert text.isprintable()


#: Holds a lock, forks a process that outlives the block, releases the lock, and waits to be killed.
FORKING = """
import os, sys, time
from pathlib import Path
from peerscope.locks import FileLock

lock = FileLock(Path(sys.argv[1]))
assert lock.take()
if os.fork() == 0:
    time.sleep(60)
    os._exit(0)
if sys.argv[2] == "release":
    lock.release()
print("forked", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("end", ["release", "kill"])
def test_a_forked_process_does_not_keep_a_lock(tmp_path: Path, end: str) -> None:
    lock = FileLock(tmp_path / "lock")
    command = [sys.executable, "-c", FORKING, str(lock.path), end]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "forked\n"
            children = psutil.Process(process.pid).children()
            assert lock.take() is (end == "release")
            if end == "kill":
                process.kill()
                process.wait()
                assert children[0].is_running()
                assert lock.take()
        finally:
            for child in children:
                child.kill()
            process.kill()
    lock.release()

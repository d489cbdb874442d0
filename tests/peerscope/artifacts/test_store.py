"""A file is in the store whole and checked, or not at all; what was damaged there is fetched anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from peerscope import artifacts
from peerscope.artifacts import Artifact, ChecksumError, DownloadError, StorageError, file_lock
from peerscope.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peerscope.artifacts.conftest import Repository

FETCH = """
from functools import partial
from peerscope.artifacts import Artifact, fetch
from peerscope.settings import Settings

settings = Settings.load()
print(len(partial(fetch, home=settings.home, mirror=settings.maven_url)"""


def fetch(wanted: list[Artifact], *, title: str) -> list[Path]:
    settings = Settings.load()
    return artifacts.fetch(wanted, title=title, home=settings.home, mirror=settings.maven_url)


def leftovers(folder: Path) -> list[str]:
    ours = {".lock", "verified.json"}
    return [
        str(path) for path in folder.rglob("*") if path.is_file() and path.name not in ours and path.suffix != ".jar"
    ]


def test_it_is_fetched_once_and_given_in_order(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = [repository.publish(name, name.encode() * 1000) for name in ("one", "two", "three")]
    paths = fetch(wanted, title="Three files")
    assert [path.read_bytes()[:3] for path in paths] == [b"one", b"two", b"thr"]
    assert capsys.readouterr().err == "Three files: fetching 11.0 kB in 3 files\n"
    assert fetch(wanted, title="Three files") == paths
    assert sorted(repository.downloads()) == ["one-1.0.jar", "three-1.0.jar", "two-1.0.jar"]
    assert capsys.readouterr().err == ""
    assert not leftovers(Settings.load().home / "artifacts")


@pytest.mark.parametrize("damage", [b"", b"abc", b"x" * 3000], ids=["emptied", "truncated", "overwritten"])
def test_a_damaged_file_is_noticed_and_fetched_anew(repository: Repository, damage: bytes) -> None:
    wanted = [repository.publish("one", b"y" * 3000)]
    (path,) = fetch(wanted, title="One")
    path.write_bytes(damage)
    assert fetch(wanted, title="One")[0].read_bytes() == b"y" * 3000
    assert len(repository.downloads()) == 2


def test_a_file_that_was_only_touched_is_hashed_and_kept(repository: Repository) -> None:
    wanted = [repository.publish("one", b"y" * 3000)]
    os.utime(fetch(wanted, title="One")[0], (1, 1))
    fetch(wanted, title="One")
    assert len(repository.downloads()) == 1


def test_another_file_than_the_pinned_one_is_refused_and_removed(repository: Repository) -> None:
    good, bad = repository.publish("good", b"good"), repository.publish("bad", b"as pinned")
    repository.files[f"/{bad.path}"] = b"a forgery"
    with pytest.raises(ChecksumError) as caught:
        fetch([good, bad], title="Two")
    assert "bad-1.0.jar" in str(caught.value)
    assert bad.sha256 in str(caught.value)
    assert not leftovers(Settings.load().home / "artifacts")
    repository.files[f"/{bad.path}"] = b"as pinned"
    assert fetch([good, bad], title="Two")[1].read_bytes() == b"as pinned"


def test_a_connection_that_breaks_is_tried_again(repository: Repository) -> None:
    wanted = [repository.publish("one", b"y" * 300_000)]
    repository.cut = 2
    assert fetch(wanted, title="One")[0].stat().st_size == 300_000
    assert len(repository.downloads()) == 3


def test_a_connection_that_stays_broken_is_said(repository: Repository) -> None:
    wanted = [repository.publish("one", b"y" * 300_000)]
    repository.cut = 100
    with pytest.raises(DownloadError, match=r"one-1.0.jar: the Maven repository is unreachable"):
        fetch(wanted, title="One")
    repository.cut = 0
    assert fetch(wanted, title="One")[0].exists()


def test_no_network_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_MAVEN_URL", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="check the network"):
        fetch([Artifact("org.example", "one", "1.0", "0" * 64, 3)], title="One")


def test_a_file_that_the_repository_lacks_is_said(repository: Repository) -> None:
    with pytest.raises(DownloadError, match=r"does not have one-1.0.jar"):
        fetch([Artifact("org.example", "one", "1.0", "0" * 64, 3)], title="One")


def test_a_disk_without_room_is_said_before_anything_is_fetched(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peerscope.artifacts.store.SPARE", 10**18)
    with pytest.raises(StorageError, match=f"not enough disk space in {Settings.load().home / 'artifacts'}"):
        fetch([repository.publish("one", b"one")], title="One")
    assert not repository.asked


def test_a_folder_that_cannot_be_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(StorageError, match=r"cannot make the folder .*file/home"):
        fetch([], title="Nothing")


def test_kill_9_while_fetching_leaves_nothing_half_made(repository: Repository) -> None:
    """Many files, so that the kill falls among them; the next run takes up what is there."""
    wanted = [repository.publish(f"file{number}", os.urandom(50_000)) for number in range(200)]
    code = f"{FETCH}({wanted!r}, title='Many')))"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as process:
        while len(repository.asked) < 60:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    store = Settings.load().home / "artifacts"
    whole = [item for item in wanted if (store / item.path).exists()]
    assert 0 < len(whole) < len(wanted)
    assert all((store / item.path).read_bytes() == repository.files[f"/{item.path}"] for item in whole)
    before = -1
    while before != (before := len(repository.downloads())):
        time.sleep(0.5)  # the server still answers what the killed process asked for
    fetch(wanted, title="Many")
    assert len(repository.downloads()) - before == len(wanted) - len(whole)
    assert not leftovers(store)


def test_two_processes_at_once_fetch_each_file_once(repository: Repository) -> None:
    wanted = [repository.publish(f"file{number}", os.urandom(10_000)) for number in range(30)]
    code = f"{FETCH}({wanted!r}, title='Both')))"
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in both] == ["30\n", "30\n"]
    assert len(repository.downloads()) == 30


def test_the_lock_is_dropped_when_its_holder_is_killed(tmp_path: Path) -> None:
    code = "import time, pathlib\nfrom peerscope.artifacts import file_lock\n"
    code += f"with file_lock(pathlib.Path({str(tmp_path / 'lock')!r})):\n"
    code += "    print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        holder.stdout.readline()
        holder.kill()
    with file_lock(tmp_path / "lock"):
        pass

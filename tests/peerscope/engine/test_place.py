"""Where the node lives and who runs it, as root and as anyone else."""

from __future__ import annotations

import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from peerscope.engine.errors import AssemblyError
from peerscope.engine.place import (
    Account,
    Place,
    dedicated,
    is_safe,
    leave_link,
    link_file,
    link_tree,
    open_to_all,
    place_for,
    reachable,
    unprivileged,
)
from tests.accounts_of_machine import OTHER, STRANGER, needs_root


@pytest.fixture
def open_path(tmp_path: Path) -> Path:
    """A folder in which each account can be; pytest's own are 0700."""
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)
    return tmp_path


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("peerscope.engine.place.is_root", lambda: True)
    monkeypatch.setattr("peerscope.engine.place.ELSEWHERE", tmp_path / "elsewhere")


def test_anyone_but_root_runs_it_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("peerscope.engine.place.is_root", lambda: False)
    (tmp_path / "closed").mkdir(mode=0o700)
    assert place_for(tmp_path / "closed" / "engine") == Place(tmp_path / "closed" / "engine")


@pytest.mark.usefixtures("as_root")
def test_root_lets_another_account_run_it(open_path: Path) -> None:
    place = place_for(open_path / "engine")
    assert place == Place(open_path / "engine", unprivileged())
    assert place.account
    assert place.account.uid != 0


@pytest.mark.usefixtures("as_root")
def test_a_folder_that_this_account_cannot_enter_is_replaced_by_one_it_can(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    place = place_for(closed / "engine")
    assert place.folder.parent == tmp_path / "elsewhere"
    assert place_for(tmp_path / "closed" / "other").folder != place.folder
    assert leave_link(closed / "engine", place)
    assert (closed / "engine").readlink() == place.folder
    assert not leave_link(closed / "engine", place)


@pytest.mark.usefixtures("as_root")
def test_the_link_leads_there_the_next_time(open_path: Path) -> None:
    (open_path / "closed").mkdir(mode=0o700)
    first = place_for(open_path / "closed" / "engine")
    leave_link(open_path / "closed" / "engine", first)
    assert place_for(open_path / "closed" / "engine") == first


def test_one_closed_folder_on_the_way_is_enough(open_path: Path) -> None:
    assert reachable(open_path / "not" / "yet" / "there")
    (open_path / "closed" / "open").mkdir(parents=True)
    (open_path / "closed").chmod(0o700)
    assert not reachable(open_path / "closed" / "open" / "engine")


def test_only_the_nodes_account_reads_its_data(tmp_path: Path) -> None:
    place = Place(tmp_path / "engine", Account(os.geteuid(), os.getegid()))
    old = os.umask(0o077)
    try:
        place.make()
    finally:
        os.umask(old)
    assert place.folder.stat().st_mode & 0o777 == 0o711
    for folder in (place.data, place.config, place.logs, place.temporary):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_another_users_folder_is_not_for_root(open_path: Path, monkeypatch: pytest.MonkeyPatch, as_root: None) -> None:
    """Its owner could replace the folders by links, between two steps of root."""
    (open_path / "sticky").mkdir()
    (open_path / "sticky").chmod(0o1777)
    assert place_for(open_path / "sticky" / "engine").folder == open_path / "sticky" / "engine"
    (open_path / "sticky").chmod(0o777)
    assert place_for(open_path / "sticky" / "engine").folder.parent == open_path / "elsewhere"
    (open_path / "sticky").chmod(0o755)
    assert is_safe(open_path / "sticky")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert is_safe(open_path / "sticky") == (os.getuid() == 0)


@needs_root
def test_another_users_folder_is_recognized_by_its_owner(open_path: Path, as_root: None) -> None:
    (open_path / "theirs").mkdir()
    os.chown(open_path / "theirs", STRANGER, STRANGER)
    assert place_for(open_path / "theirs" / "engine").folder.parent == open_path / "elsewhere"


@needs_root
def test_data_is_handed_over_to_a_new_account_and_nothing_else(tmp_path: Path) -> None:
    place = Place(tmp_path / "engine", Account(STRANGER, STRANGER))
    place.make()
    precious = tmp_path / "precious"
    precious.write_text("of root")
    index = place.data / "nodes" / "index"
    index.mkdir(parents=True)
    (index / "segment").touch()
    (place.data / "link").symlink_to(precious)
    for path in (place.data / "nodes", index, index / "segment", place.data / "link"):
        os.lchown(path, STRANGER, STRANGER)
    os.link(precious, place.data / "hard link")
    replace(place, account=Account(OTHER, OTHER)).make()
    owners = {path.relative_to(place.data).as_posix(): path.lstat().st_uid for path in place.data.rglob("*")}
    assert owners == {"nodes": OTHER, "nodes/index": OTHER, "nodes/index/segment": OTHER, "link": OTHER, "hard link": 0}
    assert place.data.stat().st_uid == OTHER
    assert precious.stat().st_uid == 0


@needs_root
def test_a_link_of_another_account_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path / "engine", Account(STRANGER, STRANGER))
    place.folder.mkdir()
    (tmp_path / "secret").mkdir(mode=0o700)
    place.logs.symlink_to(tmp_path / "secret")
    os.lchown(place.logs, STRANGER, STRANGER)
    with pytest.raises(AssemblyError, match="cannot make the folder"):
        place.make()
    assert (tmp_path / "secret").stat().st_uid == 0


def test_an_account_for_the_node_alone_is_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unprivileged() == dedicated() or unprivileged().uid == pwd.getpwnam("nobody").pw_uid
    entry = pwd.struct_passwd(("peerscope-engine", "x", 998, 997, "", "/", "/usr/sbin/nologin"))
    monkeypatch.setattr(pwd, "getpwnam", {"peerscope-engine": entry}.__getitem__)
    assert unprivileged() == Account(998, 997)
    monkeypatch.setattr(pwd, "getpwnam", {}.__getitem__)
    assert unprivileged() == Account(65534, 65534)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AssemblyError, match=f"cannot make the folder {tmp_path / 'file' / 'engine'}"):
        Place(tmp_path / "file" / "engine").make()


def test_a_linked_file_is_the_same_file_and_follows_its_source(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("old")
    link_file(source, target)
    assert target.samefile(source)
    fresh = tmp_path / "fresh"
    fresh.write_text("fetched anew")
    fresh.replace(source)
    link_file(source, target)
    assert target.read_text() == "fetched anew"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]


def test_a_linked_tree_can_be_opened_to_all_and_has_files_where_the_source_has_links(tmp_path: Path) -> None:
    (tmp_path / "java" / "bin").mkdir(parents=True)
    (tmp_path / "java" / "bin" / "java").write_text("program")
    (tmp_path / "java" / "link").symlink_to("bin/java")
    (tmp_path / "java" / "bin").chmod(0o700)
    (tmp_path / "java" / "bin" / "java").chmod(0o700)
    for _ in range(2):
        link_tree(tmp_path / "java", tmp_path / "copy")
        open_to_all(tmp_path / "copy")
    modes = [(tmp_path / "copy" / path).stat().st_mode & 0o777 for path in ("bin", "bin/java", ".")]
    assert modes == [0o755] * 3
    assert (tmp_path / "copy" / "link").samefile(tmp_path / "java" / "bin" / "java")

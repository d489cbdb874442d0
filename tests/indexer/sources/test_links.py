"""Symbolic links in folders that are indexed: another user may have made them, to have a private file read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from indexer.run.watch import Watcher
from indexer.sources import SourceError, open_sources
from tests.accounts_of_machine import STRANGER, needs_root, open_to_strangers, run_as

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A private file with the name of a supported format, and one in a folder of its own."""
    (tmp_path / "private").mkdir(mode=0o700)
    (tmp_path / "private" / "secret.jsonl").write_text('{"password": "hunter2"}\n')
    (tmp_path / "private" / "secret.jsonl").chmod(0o600)
    return tmp_path / "private" / "secret.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "works.jsonl").write_text('{"id": 1}\n')
    return folder


def names(folder: Path) -> list[str]:
    return [source.name.removeprefix(f"{folder}/") for source in open_sources([str(folder)])]


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_link_out_of_the_folder_is_not_followed_and_named(
    folder: Path, secret: Path, is_folder: bool, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "link.jsonl").symlink_to(secret.parent if is_folder else secret)
    assert names(folder) == ["works.jsonl"]
    assert f"a symbolic link out of the folder not followed, such as {folder}/link.jsonl" in caplog.text


def test_a_link_within_the_folder_is_read_once_and_is_no_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "latest.jsonl").symlink_to("works.jsonl")
    assert names(folder) == ["works.jsonl"]
    assert not caplog.text


def test_a_link_that_the_user_names_is_followed(folder: Path, secret: Path, tmp_path: Path) -> None:
    (tmp_path / "file.jsonl").symlink_to(folder / "works.jsonl")
    (tmp_path / "linked").symlink_to(folder)
    for name in ("file.jsonl", "linked"):
        (source,) = open_sources([str(tmp_path / name)])
        assert [item.value for item in source] == [{"id": 1}]


@pytest.mark.parametrize("replaced", ["works.jsonl", "below"])
def test_a_file_that_is_replaced_by_a_link_after_the_search_is_not_read(
    folder: Path, secret: Path, replaced: str
) -> None:
    (folder / "below").mkdir()
    (folder / "below" / "secret.jsonl").write_text('{"id": 2}\n')
    sources = open_sources([str(folder)])
    (folder / replaced).rename(folder.parent / "moved")
    (folder / replaced).symlink_to(secret.parent if replaced == "below" else secret)
    broken = []
    for source in sources:
        try:
            assert all(item.value in ({"id": 1}, {"id": 2}) for item in source)
        except SourceError as error:
            broken.append(str(error))
    assert len(broken) == 1


def test_a_file_that_is_replaced_by_a_pipe_does_not_block(folder: Path) -> None:
    (source,) = open_sources([str(folder)])
    (folder / "works.jsonl").unlink()
    os.mkfifo(folder / "works.jsonl")
    with pytest.raises(SourceError, match="not a regular file"):
        list(source)


def test_a_watched_file_that_is_replaced_by_a_link_is_not_read(folder: Path, secret: Path) -> None:
    watcher = Watcher([str(folder)])
    watcher.changed()
    files = watcher.changed()
    (folder / "works.jsonl").unlink()
    (folder / "works.jsonl").symlink_to(secret)
    (source,) = open_sources(files, None, watcher.folders)
    with pytest.raises(SourceError, match="symbolic link"):
        list(source)


@needs_root
def test_another_user_cannot_have_a_file_of_root_read(folder: Path, secret: Path) -> None:
    open_to_strangers(folder.parent)
    os.chown(folder, STRANGER, STRANGER)
    assert "PermissionError" in run_as(STRANGER, "open(sys.argv[1])", secret).stderr
    assert not run_as(STRANGER, "os.symlink(sys.argv[1], sys.argv[2])", secret, folder / "other.jsonl").stderr
    assert names(folder) == ["works.jsonl"]

"""The contents of the wheel: five packages, all their data files, and nothing that an earlier build left behind."""

from __future__ import annotations

import configparser
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"accounts", "indexer", "mappings", "peerscope", "search_api"}
#: What a release needs of the tree, besides the packages.
FILES = ("pyproject.toml", "README.md", "LICENSE")


def tracked() -> list[str]:
    """Return the tracked and new files of the packages, without what builds and tests leave there."""
    command = [
        "git",
        "-C",
        str(ROOT),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        *sorted(PACKAGES),
    ]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Return the wheel of a clean export of the tree, as `make release` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    exported, source = folder / "export.tar", folder / "source"
    with tarfile.open(exported, "w") as archive:
        for name in (*tracked(), *FILES):
            archive.add(ROOT / name, name)
    with tarfile.open(exported) as archive:
        archive.extractall(source, filter="data")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(source)], check=True, timeout=300)
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        yield archive


def test_the_wheel_has_exactly_the_files_of_five_packages(wheel: zipfile.ZipFile) -> None:
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert {name.partition("/")[0] for name in packed} == PACKAGES
    assert packed == set(tracked())
    assert "peerscope/py.typed" in packed


def test_the_wheel_registers_the_commands(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    written = configparser.ConfigParser(delimiters="=")
    written.read_string(wheel.read(name).decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    expected = {"console_scripts": project["scripts"], **project["entry-points"]}
    assert {group: dict(written[group]) for group in written.sections()} == expected

"""The lock file that ships: what is in it, and that each entry is a pin."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest

from peerscope.artifacts import Artifact, LockfileError, load_section, make_folder, sections
from peerscope.settings import Settings


def test_every_file_is_pinned() -> None:
    entries = [entry for section in sections() for entry in load_section(section)]
    assert len(entries) > 100
    for entry in entries:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256), entry
        assert entry.size > 100, entry
        assert not entry.version.endswith("-SNAPSHOT"), entry


@pytest.mark.parametrize("section", ["model/all-MiniLM-L6-v2-int8", "model/all-MiniLM-L6-v2"])
def test_a_model_is_one_jar(section: str) -> None:
    (jar,) = load_section(section)
    assert jar.group == "dev.langchain4j"
    assert jar.filename.endswith("-1.19.0-beta29.jar")


def test_a_section_gives_all_below_it_once() -> None:
    engine = load_section("engine")
    assert set(load_section("engine/lib")) < set(engine)
    assert max(Counter(engine).values()) == 1
    assert {"engine/modules/lang-painless", "engine/modules/transport-netty4"} <= set(sections("engine/modules"))
    assert not set(engine) & set(load_section("model"))


def test_no_module_repeats_a_library_for_the_node_would_not_start() -> None:
    library = {(item.group, item.name) for item in load_section("engine/lib")}
    for section in sections("engine/modules"):
        assert not library & {(item.group, item.name) for item in load_section(section)}, section


def test_no_folder_has_two_versions_of_a_library() -> None:
    for section in ("engine/lib", *sections("engine/modules")):
        names = Counter((item.group, item.name) for item in load_section(section))
        assert set(names.values()) == {1}, section


def test_an_unknown_section_is_said() -> None:
    with pytest.raises(LockfileError, match=r"no section 'engines'.*engine/lib"):
        load_section("engines")


def test_the_path_is_that_of_a_maven_repository() -> None:
    native = Artifact("org.example.group", "name", "1.0", "0" * 64, 1, packaging="zip", classifier="linux")
    assert native.path == PurePosixPath("org/example/group/name/1.0/name-1.0-linux.zip")


def test_a_folder_is_made_with_its_parents(own_home: Path) -> None:
    assert not own_home.exists()
    assert make_folder(own_home / "a") == own_home / "a"
    assert (own_home / "a").is_dir()


def test_home_is_the_configured_folder_or_the_users_data_folder(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Settings.load().home == own_home
    monkeypatch.delenv("PEERSCOPE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.load().home.is_relative_to(tmp_path)
    assert Settings.load().home.name == "peerscope"

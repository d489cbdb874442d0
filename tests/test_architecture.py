"""Who may import whom, as docs/architecture.md draws it: the rooms stay apart or this fails."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

BASE = {"artifacts", "mappings", "embedding", "engine"}
MAY_IMPORT = {
    "artifacts": set(),
    "mappings": set(),
    "embedding": {"artifacts"},
    "engine": {"artifacts", "mappings"},
    "sample": set(),
    "indexer": BASE,
    "search_api": BASE,
}
ROOMS = {*MAY_IMPORT, "benchmarks", "cli"}


def imported_rooms(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names & ROOMS


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files
    for file in files:
        foreign = imported_rooms(file.read_text(encoding="utf-8")) - MAY_IMPORT[room] - {room}
        assert not foreign, f"{file.relative_to(ROOT)} imports {sorted(foreign)}"


def test_every_room_is_listed() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= ROOMS | {"tests"}

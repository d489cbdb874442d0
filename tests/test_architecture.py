"""Which package may import which, as docs/architecture.md draws it."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("accounts", "benchmarks", "indexer", "mappings", "peerscope", "search_api")


def test_every_package_is_listed() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= {*PACKAGES, "tests"}

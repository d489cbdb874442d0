"""The docs are held against the code: a setting, route or command that is not described fails here."""

from __future__ import annotations

import re
from pathlib import Path

from peerscope import settings
from peerscope.cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("accounts", "benchmarks", "indexer", "mappings", "peerscope", "search_api")


def test_the_page_of_settings_is_current_and_the_code_names_no_other() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert page == settings.with_table(page), "run python -m peerscope.settings --write docs/settings.md"
    known = {f"PEERSCOPE_{name.upper()}" for name in settings.Settings.model_fields}
    assert set(re.findall(r"^\| `(PEERSCOPE_\w+)`", page, re.MULTILINE)) == known
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    assert set(re.findall(r"PEERSCOPE_[A-Z_]*[A-Z]", code)) <= known


def test_links_between_docs_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_route_of_the_api_is_described() -> None:
    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    files = [file for package in ("accounts", "search_api") for file in (ROOT / package).rglob("*.py")]
    views = "\n".join(file.read_text(encoding="utf-8") for file in files)
    routes = set(re.findall(r'@blueprint\.(?:get|post|put|patch|delete)\("([^"]+)"\)\n@endpoint', views))
    routes |= {"/healthz", "/readyz"}
    assert len(routes) > 10
    for route in routes:
        written = re.sub(r"<(?:\w+:)?(\w+?)_?>", r"{\1}", route)
        assert f"`{written}`" in page, route


def test_every_command_is_described() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    for command in main.registered:
        assert f"peerscope {command}" in pages, command

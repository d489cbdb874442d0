"""The documentation is compared with the code: settings, routes, commands, filters, and quoted constants."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from accounts.corrections import service as corrections
from docs import generate
from indexer.records import parse
from indexer.sources import budget, json_files, registry, xml_files
from indexer.sources.csv_files import COLUMNS
from mappings import TITLE_WEIGHT
from peerscope import settings
from peerscope.cli import main
from search_api.http import connections
from search_api.researchers import search
from search_api.retrieval import ranking, syntax, terms
from search_api.works import export

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("accounts", "benchmarks", "indexer", "mappings", "peerscope", "search_api")


def test_generated_parts_are_current() -> None:
    for page, current in generate.pages():
        assert page.read_text(encoding="utf-8") == current, f"run python docs/generate.py: {page.name} is outdated"


def test_the_code_names_no_setting_that_does_not_exist() -> None:
    known = {f"PEERSCOPE_{name.upper()}" for name in settings.Settings.model_fields}
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(PEERSCOPE_\w+)`", page, re.MULTILINE)) == known
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    assert set(re.findall(r"PEERSCOPE_[A-Z_]*[A-Z]", code)) <= known


def default(name: str) -> str:
    """Return the default of a setting as the documentation writes numbers: `.45`, `200`."""
    return f"{settings.Settings.model_fields[name].default:g}".removeprefix("0")


def complement(name: str) -> str:
    """Return one minus the default of a weight, as the documentation writes it."""
    return f"{1 - settings.Settings.model_fields[name].default:.2g}".removeprefix("0")


#: Numbers that pages quote: the page, the sentence around them, and where each comes from.
QUOTED = [
    ("api.md", "(keywords {}, vectors {};", (complement("semantic_weight"), default("semantic_weight"))),
    ("api.md", "those of the {} nearest by meaning", (default("k"),)),
    ("api.md", "by the fused score for the {:,} best keyword matches", (ranking.DEPTH,)),
    ("api.md", "for its first {} words or {} terms", (terms.MAX_WORDS, terms.MAX_TERMS)),
    ("api.md", "At most {} operators are evaluated", (syntax.MAX_OPERATORS,)),
    ("api.md", "authors of the {:,} best works by keyword", (ranking.VOTING_KEYWORD,)),
    ("api.md", "and the {:,} nearest by meaning; with a name", (ranking.VOTING_NEAREST,)),
    ("ranking.md", "a word of the title counts {} times", (TITLE_WEIGHT,)),
    ("ranking.md", "(the {:,} best by keyword, the {} nearest)", (ranking.DEPTH, default("k"))),
    ("ranking.md", "then {} of the keyword score and {}", (complement("semantic_weight"), default("semantic_weight"))),
    ("ranking.md", "The best {} works of the first pass move the query vector", (default("feedback_works"),)),
    ("ranking.md", "move the query vector {} of the way", (default("feedback_weight"),)),
    ("ranking.md", "and that with them {}, where", (f"{ranking.JOINT_WORKS:g}".removeprefix("0"),)),
    ("ranking.md", "cosine to each other is below {}, the vector", (f"{ranking.COHERENT:g}".removeprefix("0"),)),
    ("ranking.md", "if less than {} of a query's terms", (f"{ranking.MOST_OCCUR:g}".removeprefix("0"),)),
    ("api.md", "that at most {:,} researchers have", (search.NARROW,)),
    ("api.md", "A list has at most {} works", (export.WHOLE,)),
    ("claims.md", "can have {} pending reports", (corrections.MAX_PENDING,)),
    ("import.md", "a budget of {:,} characters", (budget.CHARACTERS,)),
    ("import.md", "more than {:,} authors", (parse.MAX_AUTHORS,)),
    ("serving.md", "threads finish no request for {:g} s", (connections.HUNG_AFTER,)),
    ("serving.md", "a worker has up to {:,}", (connections.MAX_CONNECTIONS,)),
]


@pytest.mark.parametrize(("page", "sentence", "values"), QUOTED)
def test_quoted_constants_are_those_of_the_code(page: str, sentence: str, values: tuple[str | int, ...]) -> None:
    text = " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())
    assert sentence.format(*values) in text


def test_links_between_docs_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)[)#]", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_tests_that_the_security_page_names_exist() -> None:
    tests: dict[str, str] = defaultdict(str)
    for path in (ROOT / "tests").rglob("test_*.py"):
        tests[path.name] += path.read_text(encoding="utf-8")
    page = " ".join((ROOT / "docs/security.md").read_text(encoding="utf-8").split())
    named = re.findall(r"`(test_\w+\.py)`((?:[:,] \*[^*]+\*)*)", page)
    assert len(named) > 15
    for file, quoted in named:
        for words in re.findall(r"\*([^*]+)\*", quoted):
            assert words.replace(" ", "_") in tests[file], f"{file} has no test with the words {words!r}"
        assert file in tests


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


def test_the_table_of_places_names_files_and_what_is_in_them() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .+ \| (`[\w/]+\.py`.*) \| `(\w+)` \|$", page, re.MULTILINE)
    assert len(rows) >= 15
    for files, name in rows:
        for file in re.findall(r"`([\w/]+\.py)`", files):
            assert re.search(rf"\b{name}\b", (ROOT / file).read_text(encoding="utf-8")), f"{file} has no {name}"


#: Parts of names that are no names of formats.
_FORMS = re.compile(r"\s*\(.*\)|\s(?:books|deletions|lines|merged works)$")


def test_every_source_has_its_fields_in_the_documentation() -> None:
    page = (ROOT / "docs/import-formats.md").read_text(encoding="utf-8")
    headings = "\n".join(re.findall(r"^## (.*)$", page, re.MULTILINE))
    rows = "\n".join(re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE))
    containers = {"XML", "JSON", "JSON lines"}
    names = {kind.name for kind in (*json_files.RECORDS, *xml_files.RECORDS, *registry.FILE_FORMATS)} - containers
    missing = {name for name in names if _FORMS.sub("", name) not in f"{headings}\n{rows}"}
    assert not missing
    remote = (ROOT / "docs/import.md").read_text(encoding="utf-8")
    assert {source.name for source in registry.REMOTE_SOURCES} <= set(
        re.findall(r"^\| `([\w-]+)` \|", remote, re.MULTILINE)
    )


def test_every_section_of_a_format_names_our_fields() -> None:
    page = (ROOT / "docs/import-formats.md").read_text(encoding="utf-8")
    for section in page.split("\n## ")[1:]:
        if "| source | field |" in section:
            fields = set(re.findall(r"`(\w+)`", section)) | ({"title", "authors"} if "the same" in section else set())
            assert {"title", "authors"} <= fields, section.partition("\n")[0]
            assert fields & {"year", "date"}, section.partition("\n")[0]


def test_every_column_of_a_table_is_documented() -> None:
    page = (ROOT / "docs/import-formats.md").read_text(encoding="utf-8")
    tables = page.partition("## Tables")[2]
    assert set(COLUMNS) <= set(re.findall(r"`(\w+)`", tables)) | {"id"}

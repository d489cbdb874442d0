"""`peerscope index` as it is typed: what it reads, without an index to write to."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from indexer.run import commands
from indexer.sources import Selection
from peerscope.cli import main

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from indexer.sources import Source


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Source]:
    """The sources of a run, which ends there."""
    found: list[Source] = []

    def sources(paths: Sequence[str], name: str | None, selection: Selection, *rest: Any, **options: Any) -> None:
        found.extend(real(paths, name, selection, *rest, **options))
        raise click.Abort

    real = commands._sources
    monkeypatch.setattr(commands, "_sources", sources)
    return found


def test_files_and_a_remote_source_are_read_together(
    tmp_path: Path, opened: list[Source], server: Any, reply: Any
) -> None:
    (tmp_path / "a.bib").write_text("@misc{a, title={T}, author={A B}}", encoding="utf-8")
    openalex_work = {"id": "https://openalex.org/W1", "title": "T", "authorships": [{"raw_author_name": "A. Bee"}]}
    page = {"meta": {"next_cursor": None}, "results": [openalex_work]}
    server.answer = lambda params: reply(json.dumps(page).encode())
    CliRunner().invoke(
        main,
        ["index", str(tmp_path), "--source", "openalex", "--query", "x", "--since", "2024-01-31", "--limit", "5"],
        env={"PEERSCOPE_OPENALEX_URL": server.url},
    )
    assert [item.value["id"] for source in opened for item in source] == ["local:a", "openalex:W1"]
    assert server.asked[0]["filter"] == "from_publication_date:2024-01-31"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Nothing to index: name a PATH, or use --source."),
        (["--set", "cs"], "--set requires --source."),
        (["--source", "openalex", "--query", "x", "--prune"], "--prune works with files only"),
        (["--source", "arxiv"], "would fetch everything"),
        (["--source", "arxiv", "--since", "2024-02-01", "--until", "2024-01-01"], "is after --until"),
        (["--source", "arxiv", "--since", "yesterday"], "does not match the format"),
        (["--source", "arxiv", "--query", "x", "--limit", "0"], "not in the range x>=1"),
        (["--source", "elsewhere"], "is not one of 'arxiv', 'arxiv-oai', 'crossref'"),
        (["missing.bib"], "no such file or folder"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["index", *arguments])
    assert result.exit_code != 0
    assert message in result.output


def test_the_days_of_an_option_are_days(opened: list[Source], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Selection] = []
    monkeypatch.setattr(commands, "open_harvester", lambda name, selection, settings: seen.append(selection))
    CliRunner().invoke(main, ["index", "--source", "arxiv-oai", "--set", "cs", "--until", "2024-01-31"])
    assert seen == [Selection(set_="cs", until=date(2024, 1, 31))]

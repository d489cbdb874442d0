from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from benchmarks.deduplication import AGAIN, main, measure

if TYPE_CHECKING:
    from pathlib import Path


def work(id_: str, title: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "title": title, "year": 2020, "authors": [{"name": "Orla Quist"}, {"name": "Bo Thal"}], **fields}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    records = [
        work("acl:1", "Parsing rivers with finite-state boats", doi="10.1000/a"),
        work("openalex:W1", "Parsing rivers with finite-state boats", doi="10.1000/a"),
        work("arxiv:1912.00001", "Parsing rivers with finite-state boats", venue="arXiv"),
        work("acl:2", "Rudders and keels", doi="10.1000/a", authors=[{"name": "Eda Itor"}]),
        work("acl:3", "Masts of oak"),
    ]
    path = tmp_path / "works.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_joined_works_versions_and_conflicts_are_counted(corpus: Path) -> None:
    outcome = measure([str(corpus)])
    assert (outcome.records, outcome.works) == (5, 3)
    assert (outcome.joined_by_id, outcome.versions, len(outcome.conflicts)) == (1, 1, 1)
    assert sorted(pair.kind for pair in outcome.pairs) == ["common id", "version"]


@pytest.mark.parametrize("again", AGAIN)
def test_works_in_another_format_are_found_again(corpus: Path, again: str) -> None:
    result = CliRunner().invoke(main, [str(corpus), "--again", again, "--works", "2", "--pairs", "3"])
    assert result.exit_code == 0, result.output
    rows = dict(line.strip().rsplit(maxsplit=1) for line in result.output.splitlines() if line.startswith(" "))
    assert (rows["exported works"], rows["of these found again"]) == ("2", "2")
    assert not [row for row in rows if row.startswith("read again with another")]
    assert "Parsing rivers with finite-state boats | Orla Quist, Bo Thal | 2020" in result.output


def test_missing_files_are_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [], env={"PEERSCOPE_DATA": str(tmp_path)})
    assert result.exit_code == 1
    assert "NOTHING MEASURED" in result.output

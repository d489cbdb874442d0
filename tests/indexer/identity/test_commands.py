from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from indexer.identity import commands
from peerscope.cli import main
from peerscope.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Client:
    """A client that knows one researcher."""

    def get(self, **_: Any) -> dict[str, Any]:
        group = {"works": ["acl:1", "acl:2"], "evidence": ["shared co-authors: nora quist"]}
        identity = {"groups": [group, {"works": ["acl:3"], "evidence": []}], "confidence": 0.8}
        source = {"id": "wei-1", "name": "Wei Wang", "merge_reasons": ["Wei Wang [acl:1#1] ..."], "identity": identity}
        return {"found": True, "_source": source}


def test_why_merged_prints_groups_a_verdict_and_the_command_to_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.engine, "connect", lambda _: Client())
    result = CliRunner().invoke(main, ["why-merged", "wei-1"])
    assert result.exit_code == 0, result.output
    assert "shared co-authors: nora quist" in result.output
    assert "Verdict: perhaps several people" in result.output
    assert "peerscope split wei-1 --works acl:3" in result.output
    assert max(map(len, result.output.splitlines())) <= 80
    assert "Wei Wang [acl:1#1]" not in result.output
    assert "Wei Wang [acl:1#1]" in CliRunner().invoke(main, ["why-merged", "wei-1", "--all"]).output


def test_duplicates_are_listed_with_the_command_to_merge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    pair = {
        "left": {"id": "ann-1", "name": "Ann Tal", "works": 28},
        "right": {"id": "ann-2", "name": "Ann Tal", "works": 1},
        "score": 0.9,
        "evidence": ["same name, rare here"],
        "sentence": "...",
    }
    (folder / "duplicates.jsonl").write_text(
        json.dumps("a sentence of an older version") + "\n" + json.dumps(pair) + "\n"
    )
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
    assert Settings.load().home == tmp_path
    result = CliRunner().invoke(main, ["duplicates"])
    assert result.exit_code == 0, result.output
    assert "Ann Tal (28 works)  =?  Ann Tal (1 work)" in result.output
    assert "probably one person: same name, rare here" in result.output
    assert "peerscope merge ann-1 ann-2" in result.output
    assert "1 pairs in total" in result.output

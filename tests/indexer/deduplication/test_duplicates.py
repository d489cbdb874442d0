"""`peerscope duplicates --works`: works without a common id that are probably one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from click.testing import CliRunner

from indexer.deduplication import commands
from indexer.deduplication.matching import version_keys
from indexer.records import parse_work
from peerscope.cli import main

if TYPE_CHECKING:
    import pytest

    from mappings.documents import WorkDocument


def document(id_: str, title: str = "Parsing rivers with finite-state boats", **fields: Any) -> WorkDocument:
    record = {"id": id_, "title": title, "year": 2020, "authors": [{"name": "Orla Quist"}], **fields}
    people = [
        {"name": each["name"], "source_id": None, "orcid": None, "affiliation": None} for each in record["authors"]
    ]
    stored = {**record, "topics": [], "researchers": [{**each, "institutions": []} for each in people]}
    stored |= {"version_keys": version_keys(parse_work(record)), "is_decided": fields.get("is_decided", False)}
    return cast("WorkDocument", stored)


def test_pairs_with_equal_titles_and_authors_are_found_the_likeliest_first() -> None:
    pairs = commands.equal_works(
        [
            document("doi:10.1000/a"),
            document("local:x"),
            document("local:y", year=2021),
            document("local:z", authors=[{"name": "Ann Quist"}]),
            document("local:w", "Sails"),
            document("local:v", is_decided=True),
        ]
    )
    assert [(pair.left.id, pair.right.id, pair.gap) for pair in pairs] == [
        ("doi:10.1000/a", "local:x", 0),
        ("doi:10.1000/a", "local:y", 1),
        ("local:x", "local:y", 1),
    ]
    assert pairs[0].verdict.startswith("almost certainly")
    assert "1 year apart" in pairs[1].verdict


def test_the_command_that_joins_them_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.engine, "connect", lambda _: None)
    monkeypatch.setattr(commands, "indexed_works", lambda *_: [document("doi:10.1000/a"), document("local:x")])
    output = CliRunner().invoke(main, ["duplicates", "--works"]).output
    assert "peerscope merge --works doi:10.1000/a local:x" in output
    assert "1 pair in total" in output

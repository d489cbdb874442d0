"""Results are copied from the files of the last run, and every file is the one that a run without them would write."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from indexer.identity import resolver
from indexer.identity.epochs import History, load_manifest
from indexer.identity.stages import blocks, mentions
from tests.indexer.identity.corpora import Collection, corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from indexer.records import Work

#: The files that are written with hints.
HINTED = ("mentions", "blocks")


@pytest.fixture
def works() -> list[dict[str, Any]]:
    return list({entry["id"]: entry for entry in corpus(8, 160)}.values())


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return a list that receives the works of each block that is resolved."""
    calls: list[list[str]] = []
    original = blocks.resolve_block

    def resolve_block(members: Any, *rest: Any) -> Any:
        calls.append([mention.work.id for mention in members])
        return original(members, *rest)

    monkeypatch.setattr(blocks, "resolve_block", resolve_block)
    return calls


def written(collection: Collection) -> dict[str, list[bytes]]:
    """Return the content of the files that are written with hints, by stage."""
    return {
        stage: sorted((collection.folder.path / name).read_bytes() for name in collection.folder.names(stage))
        for stage in HINTED
    }


def without_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(History, "results", lambda *_: [])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_changes_write_the_same_bytes_with_and_without_hints(
    tmp_path: Path, works: list[dict[str, Any]], seed: int, monkeypatch: pytest.MonkeyPatch, resolved: list[list[str]]
) -> None:
    chance = random.Random(seed)
    hinted, plain = Collection(tmp_path / "hinted"), Collection(tmp_path / "plain")
    if seed == 1:
        monkeypatch.setattr(resolver, "WORKS", 80)
    assert hinted.run(works[:140]) == plain.run(works[:140])
    for step in range(3):
        changed = [
            *({**work, "authors": chance.choice(works)["authors"]} for work in chance.sample(works[:140], 2)),
            *works[140 + 2 * step : 142 + 2 * step],
        ]
        gone = [work["id"] for work in chance.sample(works[:140], 1)]
        changed = [work for work in changed if work["id"] not in gone]
        resolved.clear()
        epoch = hinted.run(changed, gone)
        few = len(resolved)
        resolved.clear()
        with monkeypatch.context() as patch:
            without_hints(patch)
            assert plain.run(changed, gone) == epoch
        assert few < len(resolved) / 2
        assert written(hinted) == written(plain)
        assert (hinted.researchers, hinted.redirects) == (plain.researchers, plain.redirects)


def test_only_a_changed_work_is_parsed_and_only_its_blocks_are_resolved(
    tmp_path: Path, works: list[dict[str, Any]], resolved: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = Collection(tmp_path)
    collection.run(works[:140])
    resolved.clear()
    parsed: list[str] = []
    original = mentions.mentions_of

    def mentions_of(work: Work) -> Any:
        parsed.append(work.id)
        return original(work)

    monkeypatch.setattr(mentions, "mentions_of", mentions_of)
    collection.run([{**works[7], "title": "On another subject"}])
    assert parsed == [works[7]["id"]]
    assert resolved
    assert all(works[7]["id"] in block for block in resolved)
    assert len(resolved) <= len(works[7]["authors"])


def lose(path: Path) -> None:
    path.unlink()


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [lose, damage, empty])
def test_a_hint_that_is_missing_or_damaged_is_no_hint(
    tmp_path: Path, works: list[dict[str, Any]], harm: Callable[[Path], None]
) -> None:
    harmed, plain = Collection(tmp_path / "harmed"), Collection(tmp_path / "plain")
    assert harmed.run(works[:140]) == plain.run(works[:140])
    manifest = load_manifest(harmed.folder, harmed.generation)
    assert manifest
    for names in manifest.results.values():
        for name in names:
            harm(harmed.folder.path / name)
    assert harmed.run(works[140:143]) == plain.run(works[140:143])
    assert written(harmed) == written(plain)
    assert harmed.people() == plain.people()

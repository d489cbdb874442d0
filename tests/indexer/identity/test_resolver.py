"""Authors resolved by stages, in other processes: what is found is what one process finds with everything in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from indexer.identity import resolver
from indexer.identity.context import context_of
from indexer.identity.corpus import blocks_of, frequent_works, resolve
from indexer.identity.groups import identity_of
from indexer.identity.mentions import MentionKey, mentions_of
from indexer.identity.overrides import Merge, Overrides, Split
from indexer.identity.resolver import Resolver, resolve_all
from indexer.identity.stages.mentions import provisional_ids
from indexer.identity.statements import Statement, Statements
from indexer.identity.weights import Weights
from indexer.records import parse_work
from indexer.stages.folder import StageFolder
from indexer.stages.runner import Runner, process_pool
from indexer.stages.task import StageError
from indexer.staging.changes import FormerAuthor
from indexer.staging.database import StagingDatabase
from tests.indexer.identity.assignment import assign_ids
from tests.indexer.identity.corpora import Found, InProcess, change, corpus, record, stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from indexer.identity.mentions import Mention
    from indexer.records import Work


def initial_ids(work: Work, former: Sequence[FormerAuthor]) -> list[str]:
    """Return the ids of a work's authors before they are identified: those of its stored version, or new ones."""
    ids = {(author.position, author.name): author.researcher_id for author in former}
    new = enumerate(zip(work.authors, provisional_ids(work), strict=True), 1)
    return [ids.get((position, author.name), id_) for position, (author, id_) in new]


def in_memory(staged: StagingDatabase, overrides: Overrides, vectors: dict[str, Any]) -> Found:
    """Return what follows when all authors of a staging database are held in memory."""
    works: list[list[Mention]] = []
    before: dict[MentionKey, str] = {}
    for entry in staged.authored_works():
        work = parse_work(entry.record)
        works.append(mentions_of(work))
        ids = initial_ids(work, entry.former) if entry.before is None else entry.before
        before.update(zip((mention.key for mention in works[-1]), ids, strict=True))
    mentions = [mention for group in works for mention in group]
    context = context_of(works)
    blocks = blocks_of(mentions)
    wanted = frequent_works(blocks, context)
    if vectors:
        context.vectors = lambda ids: {id_: vectors[id_] for id_ in ids if id_ in wanted}
    redirects = staged.redirects(new=False)
    resolution = resolve(blocks, Weights(), context)
    clusters = overrides.apply(resolution.clusters, before, redirects)
    assignment = assign_ids(clusters, before, taken=redirects.keys())
    near = sorted(resolution.probable_duplicates, key=lambda link: (-link.score, link.left.key, link.right.key))
    return Found(
        {group[0].work.id: [assignment.ids[mention.key] for mention in group] for group in works if group},
        assignment.redirects,
        {assignment.ids[c.key]: (c.describe(), identity_of(c)) for c in clusters if c.links},
        [
            (assignment.ids[link.left.key], assignment.ids[link.right.key], link.score, link.left.size)
            for link in near
            if assignment.ids[link.left.key] != assignment.ids[link.right.key]
        ],
    )


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[StagingDatabase]:
    with StagingDatabase(tmp_path / "staged.sqlite") as staged:
        yield staged


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    with Runner(StageFolder(tmp_path / "stages"), InProcess) as runner:
        yield runner


def decisions(staged: StagingDatabase) -> Overrides:
    """Return a merge of two frequent ids, splits, and statements of an owner, over some works of a corpus."""
    works = list(staged.authored_works())
    first, second, third = [entry for entry in works if len(entry.record["authors"]) > 1 and not entry.before][:3]
    ids = [initial_ids(parse_work(entry.record), entry.former) for entry in (first, second, third)]
    return Overrides(
        (Merge((ids[0][0], ids[1][0]), (MentionKey(third.id, 1),), "one homepage"),),
        (Split(ids[1][1], (MentionKey(second.id, 2),), "another person"),),
        Statements(
            (ids[0][1], ids[2][1]),
            (
                Statement(ids[0][1], first.id, is_mine=False, at="2024-01-01"),
                Statement(ids[2][1], first.id, is_mine=True, at="2024-01-02"),
            ),
        ),
    )


@pytest.mark.parametrize(("seed", "partitions"), [(1, 1), (2, 2), (3, 4)])
def test_stages_find_what_one_process_finds_in_memory(
    seed: int, partitions: int, staged: StagingDatabase, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "WORKS", 120 // partitions)
    monkeypatch.setattr("indexer.identity.stages.bridges.BUCKET", 40)
    entries = {entry["id"]: entry for entry in corpus(seed)}
    known = dict(list(entries.items())[:30])
    changed = list(entries)[30:50]
    staged.add(
        change(entry, [FormerAuthor(1, entry["authors"][0]["name"], "former-1")] if id_ in changed else [])
        for id_, entry in entries.items()
        if id_ not in known
    )
    before = {id_: [f"known-{n % 9}" for n, _ in enumerate(entry["authors"])] for id_, entry in known.items()}
    staged.add_known((id_, entry, before[id_]) for id_, entry in known.items())
    staged.add_redirects({"known-3": "known-4", "old": "known-1"}, new=False)
    overrides = decisions(staged) if seed > 1 else Overrides()
    expected = in_memory(staged, overrides, {})
    resolve_all(staged, overrides, runner)
    found = stored(staged, runner)
    # Known works whose researchers did not change are not among those found.
    assert found._replace(researchers=before | found.researchers) == expected
    assert len(expected.reasons) > 20
    assert expected.duplicates


def test_embeddings_of_frequent_names_are_requested_and_used(tmp_path: Path, staged: StagingDatabase) -> None:
    entries = corpus(4)
    staged.add(map(change, entries))
    chance = np.random.default_rng(4)
    vectors = {entry["id"]: vector / np.linalg.norm(vector) for entry in entries for vector in [chance.normal(size=8)]}
    vectors = {id_: vector.astype(np.float32) for id_, vector in vectors.items()}
    expected = in_memory(staged, Overrides(), vectors)
    assert expected != in_memory(staged, Overrides(), {})
    with Runner(StageFolder(tmp_path / "stages"), process_pool(1)) as runner:
        resolving = Resolver(staged.path, Overrides(), runner)
        while resolving.is_running and not staged.is_requested:
            pass
        assert resolving.is_running
        for batch in staged.wanted():
            staged.save_vectors({work.id: vectors[work.id] for work in batch})
        staged.deliver_vectors()
        resolving.wait()
        resolving.stop()
    assert stored(staged, runner) == expected


def test_an_index_without_any_author_has_no_researchers(staged: StagingDatabase, runner: Runner) -> None:
    staged.add([change(record("local:a"))])
    resolve_all(staged, Overrides(), runner)
    assert stored(staged, runner) == Found({}, {}, {}, [])


def test_a_list_of_authors_that_is_too_long_is_seen_through_the_nearest_ones(
    staged: StagingDatabase, runner: Runner
) -> None:
    names = [f"Author{n} Name{n}" for n in range(150)]
    staged.add(
        [change(record("local:a", *names)), change(record("local:b", *names[60:120])), change(record("local:c"))]
    )
    expected = in_memory(staged, Overrides(), {})
    resolve_all(staged, Overrides(), runner)
    assert stored(staged, runner) == expected
    assert expected.researchers["local:b"] == expected.researchers["local:a"][60:120]


def test_a_resolver_that_is_stopped_ends_with_an_error(tmp_path: Path, staged: StagingDatabase) -> None:
    staged.add([change(record("local:a", "Ada Lovelace"))])
    with Runner(StageFolder(tmp_path / "stages"), process_pool(1)) as runner:
        resolving = Resolver(staged.path, Overrides(), runner)
        resolving.stop()
        assert not resolving.is_running
        with pytest.raises(StageError, match="Run the same command again"):
            resolving.wait()


def test_a_corrected_record_begins_with_the_ids_that_its_authors_had(staged: StagingDatabase, runner: Runner) -> None:
    former = [FormerAuthor(1, "Ada Lovelace", "ada-7"), FormerAuthor(2, "C. Babbage", "babbage-7")]
    staged.add([change(record("local:a", "Ada Lovelace", "Charles Babbage"), former)])
    resolve_all(staged, Overrides(), runner)
    ada, charles = stored(staged, runner).researchers["local:a"]
    assert ada == "ada-7"
    assert charles.startswith("charles-babbage-")

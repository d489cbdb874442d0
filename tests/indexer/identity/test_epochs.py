"""Counts are frozen for an epoch, in which researchers depend on the works only, not on the runs that added them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from indexer.identity import resolver
from indexer.identity.epochs import KIND, NO_COUNTS, OTHER_VERSION, REBUILD, REQUESTED, load_manifest, manifest_name
from indexer.stages import task
from tests.indexer.identity.corpora import Collection, corpus

if TYPE_CHECKING:
    from pathlib import Path

COUNTING = {"names", "tokens", "coauthors"}


@pytest.fixture
def works() -> list[dict[str, Any]]:
    """Return works in an order that has nothing to do with their ids."""
    return list({entry["id"]: entry for entry in corpus(5, 160)}.values())


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def counted(collection: Collection) -> set[str]:
    """Return the stages that counted in the last run."""
    return {stage for stage in COUNTING & collection.stages.keys() if collection.stages[stage]["tasks"]}


def test_counts_are_frozen_until_the_collection_has_grown_by_a_tenth(
    collection: Collection, works: list[dict[str, Any]]
) -> None:
    first = collection.run(works[:100])
    assert (first.number, first.run, first.reason, first.works) == (1, "run-1", "first run", 100)
    assert counted(collection) == COUNTING
    assert collection.run(works[100:105]) == first
    assert collection.run(works[105:109]) == first
    assert counted(collection) == set()
    second = collection.run(works[109:110])
    assert (second.number, second.reason) == (2, "the collection grew from 100 to 110 works")
    assert counted(collection) == COUNTING
    assert second.counts.keys() == first.counts.keys()
    assert not set(second.counts.values()) & set(first.counts.values())
    third = collection.run(removed=[entry["id"] for entry in works[:11]])
    assert (third.number, third.reason) == (3, "the collection shrank from 110 to 99 works")


def test_works_have_the_same_people_however_they_arrive(
    tmp_path: Path, collection: Collection, works: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolver, "WORKS", 80)
    base, increments = works[:130], (works[130:134], works[134:138], works[138:142])
    at_once = Collection(tmp_path / "at once")
    epoch = collection.run(base)
    assert at_once.run(base) == epoch
    for increment in increments:
        assert collection.run(increment) == epoch
    assert at_once.run([work for increment in increments for work in increment]) == epoch
    assert collection.people() == at_once.people()
    assert collection.researchers.keys() == at_once.researchers.keys()
    # The counts matter: with those of all works, some people are others.
    fresh = Collection(tmp_path / "fresh")
    fresh.run(works[:142])
    assert fresh.people() != collection.people()
    collection.run(requested=True)
    assert fresh.people() == collection.people()


def test_a_changed_and_a_removed_work_leave_nothing_behind(
    tmp_path: Path, collection: Collection, works: list[dict[str, Any]]
) -> None:
    other = Collection(tmp_path / "other")
    assert collection.run(works[:130]) == other.run(works[:130])
    collection.run([{**works[3], "authors": works[77]["authors"]}, works[130]])
    collection.run([works[3]], removed=[works[130]["id"]])
    assert collection.people() == other.people()


@pytest.mark.parametrize(("rebuild", "reason"), [(True, REBUILD), (False, REQUESTED)])
def test_a_new_epoch_begins_on_request(
    collection: Collection, works: list[dict[str, Any]], rebuild: bool, reason: str
) -> None:
    collection.run(works[:100])
    epoch = collection.run(works[100:101], rebuild=rebuild, requested=not rebuild)
    assert (epoch.number, epoch.run, epoch.reason, epoch.works) == (2, "run-2", reason, 101)


def test_other_code_begins_a_new_epoch(
    collection: Collection, works: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.run(works[:100])
    for module in (task, "indexer.identity.epochs"):
        target = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{target}.code_version", lambda: "other")
    epoch = collection.run(works[100:101])
    assert (epoch.number, epoch.reason) == (2, OTHER_VERSION)
    assert counted(collection) == COUNTING


def lose_folder(collection: Collection) -> None:
    shutil.rmtree(collection.folder.path)
    collection.folder.path.mkdir()


def damage_manifest(collection: Collection) -> None:
    name = manifest_name(collection.generation)
    collection.folder.write(name, (collection.folder.read(name) or b"")[:40])


def lose_counts(collection: Collection) -> None:
    for name in collection.folder.names("tokens"):
        (collection.folder.path / name).unlink()


def use_another_cluster(collection: Collection) -> None:
    collection.uuid = "another index"


@pytest.mark.parametrize("loss", [lose_folder, damage_manifest, lose_counts, use_another_cluster])
def test_what_is_lost_is_counted_again(collection: Collection, works: list[dict[str, Any]], loss: Any) -> None:
    collection.run(works[:100])
    loss(collection)
    epoch = collection.run(works[100:101])
    assert (epoch.run, epoch.reason) == ("run-2", NO_COUNTS)
    assert counted(collection) - {"coauthors"} == COUNTING - {"coauthors"}
    assert collection.run(works[101:102]) == epoch


def test_a_rollback_returns_to_the_epoch_of_its_generation(collection: Collection, works: list[dict[str, Any]]) -> None:
    first = collection.run(works[:100])
    before = (dict(collection.works), dict(collection.researchers), dict(collection.redirects))
    assert collection.run(works[100:150]) != first
    collection.works, collection.researchers, collection.redirects = before
    collection.generation = 1
    assert collection.run(works[100:101]) == first


def test_manifests_of_older_generations_are_deleted(collection: Collection, works: list[dict[str, Any]]) -> None:
    for number in range(4):
        collection.run(works[20 * number : 20 * number + 20])
    assert collection.folder.names(KIND) == [manifest_name(3), manifest_name(4)]
    manifests = [load_manifest(collection.folder, generation) for generation in (3, 4)]
    assert all(manifest and all(name in collection.folder for name in manifest.counts()) for manifest in manifests)
    assert load_manifest(collection.folder, 2) is None

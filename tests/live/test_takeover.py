"""A run that lost the lock of the writer changes nothing any more, and neither does a request after publishing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from opensearchpy.exceptions import NotFoundError

from indexer.run import run
from indexer.run.progress import NoProgress
from indexer.sources import open_sources
from indexer.write.bulk import WriteError, delete_action, index_action, pending_actions, update_action, write
from indexer.write.target import Target
from indexer.write.writer_lock import Holder, LockedError, WriterLock
from mappings import Generation, IndexNames, Scale, claim, live, unfinished
from peerscope import embedding
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.write.bulk import Action
    from peerscope.embedding import Embedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return embedding.load(Settings.load())


def target(client: OpenSearch, names: IndexNames, embedder: Embedder) -> Target:
    return Target(client, names, embedder.model, Scale(), rebuild=False, read_only=False, token=uuid4().hex)


def topic(name: str) -> Any:
    return {"id": "cs.CL", "name": name}


def stored_name(client: OpenSearch, generation: Generation) -> str:
    name: str = client.get(index=generation.topics, id="cs.CL")["_source"]["name"]
    return name


def refused(client: OpenSearch, generation: Generation) -> None:
    """Check that no action of a writer of a generation is carried out."""
    actions: list[Action] = [
        index_action(generation.topics, "cs.CL", topic("late")),
        update_action(generation.topics, "cs.CL", topic("late")),
        delete_action(generation.topics, "cs.CL"),
        *pending_actions(generation.pending, {"ada": "local:a"}),
    ]
    for action in actions:
        with pytest.raises(WriteError, match=r"no such index|is not an alias"):
            write(client, [action])
    assert not client.indices.exists(index=generation.topics)
    assert not client.indices.exists(index=generation.pending)


def test_after_a_takeover_the_former_writer_can_neither_write_nor_publish(
    opensearch: OpenSearch, names: IndexNames, embedder: Embedder
) -> None:
    former = target(opensearch, names, embedder)
    late = former.writable()
    write(opensearch, [index_action(late.topics, "cs.CL", topic("first"))])
    current = target(opensearch, names, embedder)  # it finds the unfinished generation
    continued = current.begun
    assert continued is not None
    assert continued.indices == late.indices
    refused(opensearch, late)
    with pytest.raises(NotFoundError):
        former.publish()
    assert live(opensearch, names) is None
    assert stored_name(opensearch, continued) == "first"
    current.publish()
    assert live(opensearch, names) == continued.indices


def test_what_arrives_after_publishing_changes_nothing(
    opensearch: OpenSearch, names: IndexNames, embedder: Embedder
) -> None:
    finished = target(opensearch, names, embedder)
    generation = finished.writable()
    write(opensearch, [index_action(generation.topics, "cs.CL", topic("first"))])
    finished.publish()
    refused(opensearch, generation)
    assert stored_name(opensearch, generation.indices) == "first"
    assert unfinished(opensearch, names) is None
    # The next generation starts from this one, through other aliases.
    following = target(opensearch, names, embedder)
    write(opensearch, [index_action(following.writable().topics, "cs.CL", topic("second"))])
    following.publish()
    current = live(opensearch, names)
    assert current is not None
    assert stored_name(opensearch, current) == "second"


def test_a_lock_that_was_lost_is_noticed_before_the_next_heartbeat(opensearch: OpenSearch, names: IndexNames) -> None:
    with WriterLock(opensearch, names, heartbeat=60.0) as held:
        held.check()
        opensearch.index(index=names.lock, id="writer", body=asdict(Holder("elsewhere", 1, 1.0)))
        with pytest.raises(LockedError, match="took over"):
            held.check()


class TakeOver(NoProgress):
    """Takes the lock and the generation over at one moment of a run, as another machine does."""

    def __init__(self, moment: str, take_over: Callable[[], None]) -> None:
        self._moment, self._take_over, self.done = moment, take_over, False

    def begin(self, part: str) -> None:
        if part == self._moment and not self.done:
            self.done = True
            self._take_over()


@pytest.mark.parametrize("moment", ["authors", "institutions", "researchers", "publishing"])
def test_a_run_whose_lock_was_taken_over_ends_with_the_reason_and_publishes_nothing(
    opensearch: OpenSearch, names: IndexNames, embedder: Embedder, tmp_path: Path, moment: str
) -> None:
    file = tmp_path / "works.jsonl"
    records = [{"id": f"local:{n}", "title": f"Spikes {n}", "authors": [{"name": "Ada Lovelace"}]} for n in range(3)]
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")

    def take_over() -> None:
        opensearch.index(index=names.lock, id="writer", body=asdict(Holder("elsewhere", 1, 1.0)))
        left = unfinished(opensearch, names)
        assert left is not None
        claim(opensearch, left, uuid4().hex)

    def index(progress: NoProgress) -> Any:
        return run.index(opensearch, names, embedder, open_sources([str(file)]), tmp_path / "home", progress)

    with pytest.raises(LockedError, match="Another run took over"):
        index(TakeOver(moment, take_over))
    assert live(opensearch, names) is None
    opensearch.delete(index=names.lock, id="writer")  # the other run has ended
    report = index(NoProgress())
    assert report.finished
    current = live(opensearch, names)
    assert current is not None
    assert opensearch.count(index=current.works)["count"] == len(records)
    assert opensearch.count(index=current.researchers)["count"] == 1

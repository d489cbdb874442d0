"""The lock of the one writer, as the cluster keeps it: taken, refused, left behind, taken over."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from indexer.write.writer_lock import Holder, LockedError, WriterLock

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from mappings import IndexNames


def lock(client: OpenSearch, names: IndexNames) -> WriterLock:
    return WriterLock(client, names, heartbeat=0.1, watch=1.0)


def left_behind(client: OpenSearch, names: IndexNames, holder: Holder) -> None:
    with lock(client, names):
        pass
    client.index(index=names.lock, id="writer", body=asdict(holder))


def test_a_second_writer_is_refused_and_a_later_one_is_not(opensearch: OpenSearch, names: IndexNames) -> None:
    with lock(opensearch, names), pytest.raises(LockedError, match="Another run is writing"), lock(opensearch, names):
        pass
    with lock(opensearch, names) as held:
        held.check()


def test_what_a_killed_process_left_is_taken_over_at_once(opensearch: OpenSearch, names: IndexNames) -> None:
    process = multiprocessing.get_context("spawn").Process()
    process.start()
    process.join()
    left_behind(opensearch, names, replace(Holder.me(), process=process.pid or 0))
    began = time.monotonic()
    with lock(opensearch, names):
        assert time.monotonic() - began < 1.0


def test_a_later_process_with_the_same_number_is_not_the_holder(opensearch: OpenSearch, names: IndexNames) -> None:
    left_behind(opensearch, names, replace(Holder.me(), began=1.0))
    with lock(opensearch, names):
        pass


def test_a_silent_holder_on_another_machine_is_watched_first(opensearch: OpenSearch, names: IndexNames) -> None:
    left_behind(opensearch, names, replace(Holder.me(), host="elsewhere"))
    began = time.monotonic()
    with lock(opensearch, names):
        assert time.monotonic() - began >= 1.0


def test_a_holder_on_another_machine_that_beats_is_left_alone(
    opensearch: OpenSearch, names: IndexNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = replace(Holder.me(), host="elsewhere")
    with monkeypatch.context() as there:
        there.setattr(Holder, "me", lambda: replace(elsewhere, token=uuid4().hex))
        with lock(opensearch, names), pytest.raises(LockedError, match="on elsewhere"), lock(opensearch, names):
            pass


def test_who_lost_the_lock_is_told(opensearch: OpenSearch, names: IndexNames) -> None:
    with lock(opensearch, names) as held:
        opensearch.index(index=names.lock, id="writer", body=asdict(Holder("elsewhere", 1, 1.0)))
        time.sleep(0.5)
        with pytest.raises(LockedError, match="took over"):
            held.check()
    assert opensearch.get(index=names.lock, id="writer")["_source"]["host"] == "elsewhere"


@pytest.mark.parametrize("lost", [1, 2])
def test_a_write_whose_answer_was_lost_counts(opensearch: OpenSearch, names: IndexNames, lost: int) -> None:
    held = lock(opensearch, names)
    write, written = held._write, []

    def write_twice(**params: Any) -> dict[str, Any]:
        """As the client does when it gets no answer to the first or second write."""
        written.append(write(**params))
        return write(**params) if len(written) == lost else written[-1]

    held._write = write_twice  # type: ignore[method-assign]
    with held:
        time.sleep(0.7)
        held.check()
        assert len(written) > lost
    with lock(opensearch, names):
        pass

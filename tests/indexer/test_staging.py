"""Works on their way into the index: what comes out of the file is what went in, in the order of the ids."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from indexer.records import parse_work
from indexer.staging.changes import Change, FormerAuthor
from indexer.staging.database import StagingDatabase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Staging = Callable[..., StagingDatabase]

ADA = FormerAuthor(1, "Ada Lovelace", "ada-lovelace-1")


def change(id_: str, topics: list[str] | None = None, title: str = "On spikes \U0001d6fc") -> Change:
    record = {"id": id_, "title": title, "authors": [{"name": "Ada Lovelace"}], "topics": topics or []}
    return Change(id_, parse_work(record), record, f"hash of {id_}", [ADA])


def removal(id_: str) -> Change:
    return Change(id_, None, None, "", [ADA])


@pytest.fixture
def staged(tmp_path: Path) -> Callable[..., StagingDatabase]:
    def staged(*changes: Change) -> StagingDatabase:
        file = StagingDatabase(tmp_path / "staged.sqlite")
        file.add(changes)
        return file

    return staged


def ids(batches: Any) -> list[str]:
    return [one.id for one in chain.from_iterable(batches)]


def test_a_work_is_returned_as_it_was_staged(staged: Staging) -> None:
    with staged(change("local:a", ["cs.LG"])) as file:
        ((work,),) = file.to_write()
    assert (work.work, work.content_hash, work.former) == (change("local:a", ["cs.LG"]).work, "hash of local:a", [ADA])


def test_works_are_returned_by_id_in_batches(staged: Staging) -> None:
    with staged(*(change(f"local:{number}") for number in (3, 1, 5, 2, 4))) as file:
        batches = [[one.id for one in batch] for batch in file.to_write(2)]
    assert batches == [["local:1", "local:2"], ["local:3", "local:4"], ["local:5"]]


def test_works_with_topics_without_topics_and_to_remove_are_separate(staged: Staging) -> None:
    with staged(change("local:a", ["cs.LG"]), change("local:b"), removal("local:c")) as file:
        assert ids(file.to_write(labelled=True)) == ["local:a"]
        assert ids(file.to_write(labelled=False)) == ["local:b"]
        assert ids(file.to_write()) == ["local:a", "local:b"]
        assert ids(file.to_remove()) == ["local:c"]
        assert (len(file), file.count(labelled=True), file.count(labelled=False)) == (3, 1, 1)
        assert "local:c" in file
        assert "local:d" not in file


def test_the_last_change_of_a_work_counts(staged: Staging) -> None:
    with staged(change("local:a", title="First"), change("local:a", title="Last")) as file:
        ((one,),) = file.to_write()
    assert one.work
    assert one.work.title == "Last"


def test_saved_embeddings_are_returned_with_topics(staged: Staging) -> None:
    vector = np.asarray([0.6, 0.8], dtype=np.float32)
    with staged(change("local:a", ["cs.LG"]), change("local:b")) as file:
        file.save_vectors({"local:a": vector})
        found = file.vectors(["local:a", "local:b", *(f"local:{number}" for number in range(2_000))])
        assert found.keys() == {"local:a"}
        assert np.array_equal(found["local:a"], vector)
        ((id_, kept, topics),) = file.labelled()
    assert (id_, [topic["id"] for topic in topics]) == ("local:a", ["cs.LG"])
    assert np.array_equal(kept, vector)


def test_indexed_and_staged_works_are_identified_together(staged: Staging) -> None:
    known = {**change("local:a").record, "id": "local:a"}
    with staged(change("local:b"), removal("local:c")) as file:
        file.add_known([("local:a", known, ["ada-1"])])
        assert [(one.id, one.before, one.former) for one in file.authored_works()] == [
            ("local:a", ["ada-1"], []),
            ("local:b", None, [ADA]),
        ]


def test_another_process_saves_the_researchers(staged: Staging, tmp_path: Path) -> None:
    with staged(change("local:b")) as file:
        file.add_known(
            [("local:a", change("local:a").record, ["ada-1"]), ("local:z", change("local:z").record, ["zoe"])]
        )
        file.add_redirects({"old": "ada-1"}, new=False)
        with StagingDatabase(tmp_path / "staged.sqlite", join=True) as other:
            other.save_researchers([("local:a", ["ada-2"]), ("local:b", ["ada-2"]), ("local:z", ["zoe"])])
            other.add_redirects({"ada-1": "ada-2"}, new=True)
        assert list(file.reassigned()) == [[("local:a", ["ada-1"], ["ada-2"])]]
        ((one,),) = file.to_write()
        assert one.researchers == ["ada-2"]
        assert (file.redirects(new=False), file.redirects(new=True)) == ({"old": "ada-1"}, {"ada-1": "ada-2"})


def test_facts_of_written_works_are_kept_until_the_work_is_changed(staged: Staging) -> None:
    with staged() as file:
        file.save_facts([("local:a", b"{}"), ("local:b", b"[]")])
        file.save_facts([("local:b", b"[1]")])
        assert file.facts(["local:a", "local:b", "local:c"]) == {"local:a": b"{}", "local:b": b"[1]"}
        file.forget_facts(["local:a", "local:c"])
        assert file.facts(["local:a", "local:b"]) == {"local:b": b"[1]"}


def test_requested_embeddings_are_of_staged_and_of_known_works(staged: Staging, tmp_path: Path) -> None:
    vector = np.array([0.6, 0.8], np.float32)
    with staged(change("local:a"), change("local:b"), change("local:c"), removal("local:r")) as file:
        file.add_known([("local:k", change("local:k").record, ["ada-1"])])
        file.save_vectors({"local:a": vector})
        assert not file.is_requested
        with StagingDatabase(tmp_path / "staged.sqlite", join=True) as other:
            other.request_vectors(["local:a", "local:b", "local:k", "local:r"])
            assert not other.is_delivered
        assert file.is_requested
        assert ids(file.wanted()) == ["local:b"]
        assert file.wanted_known() == ["local:k"]
        file.save_vectors({"local:b": vector})
        file.save_known_vectors({"local:k": vector})
        file.deliver_vectors()
        assert not file.is_requested
        assert file.is_delivered
        found = file.all_vectors(["local:a", "local:b", "local:c", "local:k"])
        assert found.keys() == {"local:a", "local:b", "local:k"}
        assert all((value == vector).all() for value in found.values())


def test_the_file_of_a_killed_run_is_emptied_and_deleted_at_the_end(staged: Staging, tmp_path: Path) -> None:
    left = staged(change("local:a"))
    with staged(change("local:b")) as file:
        assert ids(file.to_write()) == ["local:b"]
    assert list(tmp_path.iterdir()) == []
    del left

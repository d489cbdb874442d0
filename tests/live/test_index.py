"""The indexer against a real OpenSearch: what goes in, what comes of bad input, and what a kill leaves behind."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from indexer.build import researcher_tasks
from indexer.build.documents import researcher_summary
from indexer.identity.overrides import OverridesError
from indexer.run import run
from indexer.sources import open_sources
from indexer.sources.json_files import MAX_LINE
from indexer.sources.stored import StoredWorks
from indexer.staging.report import past_runs
from indexer.write.bulk import WriteError, index_action, write
from indexer.write.writer_lock import LockedError, only_writer
from mappings import (
    IndexNames,
    Scale,
    StoreError,
    begin,
    drop,
    generations,
    indices,
    list_generations,
    live,
    publish,
    rollback,
)
from mappings.indices import load
from peerscope import embedding, sample
from peerscope.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.staging.report import Report


#: Times that a run is killed before it may end; KILLS=10 in the environment is a harder trial.
KILLS = int(os.environ.get("KILLS", "3"))


@pytest.fixture
def index(opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path) -> Any:
    embedder = embedding.load(Settings.load())

    def index(*paths: Path, scale: Scale | None = None, **options: Any) -> Report:
        sources = open_sources([str(path) for path in paths])
        home = tmp_path / "home"
        return run.index(opensearch, names, embedder, sources, home, silent, run.Options(**options), scale=scale)

    return index


def work(number: int, **changes: Any) -> dict[str, Any]:
    base = {
        "id": f"arxiv:2001.{number:05}",
        "title": f"Work {number} on spiking neurons",
        "abstract": "How neurons spike.",
        "year": 2000 + number % 25,
        "authors": [{"name": "Ada Lovelace"}, {"name": f"Author {number}"}],
        "topics": ["q-bio.NC"],
    }
    return {**base, **changes}


def write_lines(path: Path, *records: Any) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def documents(client: OpenSearch, index: str) -> dict[str, Any]:
    """Everything in an index by id, without the time of writing; vectors rounded to what float32 text forms share."""
    client.indices.refresh(index=index)
    hits = client.search(index=index, body={"size": 10_000, "query": {"match_all": {}}})["hits"]["hits"]
    found = {hit["_id"]: hit["_source"] for hit in hits}
    for source in found.values():
        source.pop("indexed_at", None)
        source.pop("added_at", None)
        if "embedding" in source:
            source["embedding"] = [round(value, 3) + 0.0 for value in source["embedding"]]
    return found


def state(client: OpenSearch, names: IndexNames) -> dict[str, dict[str, Any]]:
    return {
        kind: documents(client, getattr(names, kind)) for kind in ("works", "researchers", "topics", "institutions")
    }


def is_blocked(client: OpenSearch, index: str) -> bool:
    (found,) = client.indices.get_settings(index=index).values()
    return "blocks" in found["settings"]["index"]


def test_works_and_researchers_go_in(index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path) -> None:
    report = index(write_lines(tmp_path / "w.jsonl", work(1), work(2)))
    assert (report.counts.read, report.counts.new, report.counts.researchers_written) == (2, 2, 3)
    works = documents(opensearch, names.works)
    assert len(works["arxiv:2001.00001"]["embedding"]) == 384
    people = {person["name"]: person for person in documents(opensearch, names.researchers).values()}
    assert people["Ada Lovelace"]["works_count"] == 2
    assert [one["name"] for one in people["Author 1"]["collaborators"]] == ["Ada Lovelace"]
    (topic,) = documents(opensearch, names.topics).values()
    assert (topic["name"], topic["works_count"], topic["researchers_count"]) == ("Neurons and Cognition", 2, 3)
    assert opensearch.count(index=names.pending)["count"] == 0


def test_indexing_again_changes_nothing(index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "w.jsonl", work(1), work(2))
    index(file)
    before = state(opensearch, names)
    report = index(file)
    assert (report.counts.unchanged, report.counts.new, report.counts.changed) == (2, 0, 0)
    assert report.counts.researchers_written == 0
    assert state(opensearch, names) == before


def test_a_changed_record_changes_its_work_and_its_researchers(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    index(write_lines(tmp_path / "w.jsonl", work(1), work(2), work(3)))
    moved = work(2, authors=[{"name": "Grace Hopper"}], topics=["cs.PL"])
    report = index(write_lines(tmp_path / "w.jsonl", work(1), moved, work(3)))
    assert (report.counts.changed, report.counts.unchanged) == (1, 2)
    # Grace is new, Ada has a work less, and Author 2 has none left.
    assert (report.counts.researchers_written, report.counts.researchers_removed) == (2, 1)
    people = {person["name"]: person["works_count"] for person in documents(opensearch, names.researchers).values()}
    assert people == {"Ada Lovelace": 2, "Grace Hopper": 1, "Author 1": 1, "Author 3": 1}
    assert set(documents(opensearch, names.topics)) == {"q-bio.NC", "cs.PL"}


def test_a_second_file_adds_to_the_first(index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path) -> None:
    index(write_lines(tmp_path / "a.jsonl", work(1)))
    index(write_lines(tmp_path / "b.jsonl", work(2)))
    people = {person["name"]: person["works_count"] for person in documents(opensearch, names.researchers).values()}
    assert people["Ada Lovelace"] == 2


def test_bad_input_is_named_and_loses_nothing_else(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    bad = write_lines(
        tmp_path / "1.jsonl",
        work(1),
        "{broken",
        work(2, title=None),
        json.dumps(work(3)) + " " * MAX_LINE,
        work(1),
        work(1, title="Another title under the same id"),
        work(4),
    )
    broken = tmp_path / "2.jsonl.gz"
    lines = "".join(json.dumps(work(number)) + "\n" for number in range(10, 900))
    whole = gzip.compress(lines.encode(), compresslevel=0)
    broken.write_bytes(whole[: len(whole) // 4])
    last = write_lines(tmp_path / "3.jsonl", work(5))
    report = index(bad, broken, last)
    rejects = [json.loads(line) for line in report.rejects.read_text(encoding="utf-8").splitlines()]
    assert [(reject["line"], reject["reason"].split(":")[0].split(" (")[0]) for reject in rejects] == [
        (2, "not JSON"),
        (3, "title is missing"),
        (4, f"the line is longer than {MAX_LINE:,} bytes"),
        (6, "id arxiv"),
    ]
    assert "1.jsonl, line 1" in rejects[3]["reason"]
    assert report.counts.repeated == 1
    assert [problem for problem in report.broken_sources if "2.jsonl.gz" in problem]
    works = documents(opensearch, names.works)
    assert {f"arxiv:2001.{number:05}" for number in (1, 4, 5, 10, 11)} <= works.keys()
    assert works["arxiv:2001.00001"]["title"] == "Work 1 on spiking neurons"
    assert report.counts.read == report.counts.new + report.counts.rejected + report.counts.repeated


def test_another_model_is_refused_and_nothing_is_written(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    another = replace(embedding.load(Settings.load()).model, name="another", fingerprint="x")
    publish(opensearch, begin(opensearch, names, another.to_dict()))
    with pytest.raises(embedding.ModelMismatch, match="another"):
        index(write_lines(tmp_path / "w.jsonl", work(1)))
    assert documents(opensearch, names.works) == {}


def test_another_mapping_version_is_refused(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    body = {"mappings": {"_meta": {"version": 0, "model": {}}}, "aliases": {names.works: {}}}
    opensearch.indices.create(index=f"{names.works}-v0-000001", body=body)
    with pytest.raises(StoreError, match="mapping version 0"):
        index(write_lines(tmp_path / "w.jsonl", work(1)))


def test_only_one_run_writes(index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "w.jsonl", work(1))
    with only_writer(tmp_path / "home", opensearch, names), pytest.raises(LockedError, match=str(os.getpid())):
        index(file)
    with only_writer(tmp_path / "elsewhere", opensearch, names), pytest.raises(LockedError, match=" on "):
        index(file)
    assert index(file).finished


def test_what_opensearch_refuses_is_said(opensearch: OpenSearch, names: IndexNames) -> None:
    generation = begin(opensearch, names, embedding.load(Settings.load()).model.to_dict())
    document: Any = {"colour": "blue"}
    with pytest.raises(WriteError, match="strict_dynamic_mapping"):
        write(opensearch, [index_action(generation.topics, "t", document)])


def test_searches_see_a_run_only_when_it_is_whole(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(write_lines(tmp_path / "w.jsonl", work(1)))
    before = state(opensearch, names)
    with monkeypatch.context() as broken:
        broken.setattr(run, "build_topics_and_institutions", lambda *_: (_ for _ in ()).throw(WriteError("away")))
        with pytest.raises(WriteError):
            index(write_lines(tmp_path / "w.jsonl", work(1, title="Changed"), work(2)))
    assert state(opensearch, names) == before
    report = index(write_lines(tmp_path / "w.jsonl", work(1, title="Changed"), work(2)))
    assert (report.counts.unchanged, report.counts.new) == (2, 0)
    assert {one["title"] for one in documents(opensearch, names.works).values()} == {"Changed", work(2)["title"]}


def test_a_run_without_news_writes_nothing(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "w.jsonl", work(1))
    index(file)
    before = live(opensearch, names)
    assert index(file).generation is None
    assert live(opensearch, names) == before
    assert len(list_generations(opensearch, names)) == 1


def test_what_is_searched_can_be_written_again_after_a_clone_that_failed(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(write_lines(tmp_path / "w.jsonl", work(1)))
    model = embedding.load(Settings.load()).model.to_dict()

    def refuse(**_: Any) -> None:
        raise ConnectionError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(opensearch.indices, "clone", refuse)
        with pytest.raises(ConnectionError):
            begin(opensearch, names, model)
    assert not is_blocked(opensearch, names.works)


def test_a_block_that_a_killed_run_left_is_taken_away(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    index(write_lines(tmp_path / "w.jsonl", work(1)))
    model = embedding.load(Settings.load()).model.to_dict()
    begin(opensearch, names, model)
    opensearch.indices.put_settings(index=names.researchers, body={"index.blocks.write": True})
    begin(opensearch, names, model)
    assert not is_blocked(opensearch, names.researchers)


def test_rollback_goes_back_to_before_the_last_run(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    index(write_lines(tmp_path / "a.jsonl", work(1)))
    before = state(opensearch, names)
    index(write_lines(tmp_path / "b.jsonl", work(1, title="Changed"), work(2)))
    after = state(opensearch, names)
    rollback(opensearch, names)
    assert state(opensearch, names) == before
    with pytest.raises(StoreError, match="no earlier state"):
        rollback(opensearch, names)
    index(tmp_path / "b.jsonl")
    assert state(opensearch, names) == after


def test_an_epoch_lasts_until_another_is_requested_and_comes_back_with_a_rollback(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    file = write_lines(tmp_path / "works.jsonl", *(work(n) for n in range(40)))
    first = index(file)
    assert first.epoch == {"number": 1, "began_in": first.folder.name, "reason": "first run", "works": 40}
    more = write_lines(tmp_path / "more.jsonl", work(40), work(41))
    assert index(more).epoch == first.epoch
    unchanged = index(more)
    assert (unchanged.epoch, unchanged.generation) == (None, None)
    requested = index(new_epoch=True)
    assert requested.epoch["number"] == 2
    assert requested.epoch["reason"] == "requested by --new-epoch"
    assert (requested.epoch["works"], requested.generation) == (42, 3)
    rollback(opensearch, names)
    assert index(write_lines(more, work(42))).epoch == first.epoch


def segments(client: OpenSearch, index: str) -> list[tuple[int, int]]:
    """Return the numbers of live and deleted documents of each segment, the largest first."""
    (content,) = client.indices.segments(index=index)["indices"].values()
    found = [copy["segments"] for shard in content["shards"].values() for copy in shard]
    counts = [(one["num_docs"], one["deleted_docs"]) for copy in found for one in copy.values()]
    return sorted(counts, reverse=True)


def test_a_small_change_is_a_segment_beside_the_large_one(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    works = [work(number, authors=[{"name": f"Ada {number}"}]) for number in range(120)]
    index(write_lines(tmp_path / "w.jsonl", *works))
    assert segments(opensearch, names.works) == [(120, 0)]
    works[0] |= {"title": "Nothing but glia"}
    index(write_lines(tmp_path / "w.jsonl", *works))
    assert segments(opensearch, names.works) == [(119, 1), (1, 0)]
    found = opensearch.search(index=names.works, body={"query": {"match": {"title": "glia"}}})
    assert [hit["_id"] for hit in found["hits"]["hits"]] == ["arxiv:2001.00000"]
    works[1] |= {"title": "Glia and nothing else"}
    works[2] |= {"title": "Glia again"}
    index(write_lines(tmp_path / "w.jsonl", *works))
    assert segments(opensearch, names.works) == [(120, 0)]


def test_old_generations_are_dropped(index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path) -> None:
    for number in range(1, 5):
        index(write_lines(tmp_path / "w.jsonl", work(number)))
    assert [one.number for one in list_generations(opensearch, names)] == [3, 4]
    assert len(documents(opensearch, names.works)) == 4


def test_withdrawn_and_pruned_works_go_with_their_researchers(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    index(write_lines(tmp_path / "a.jsonl", work(1), work(2), work(3)))
    withdrawn = index(write_lines(tmp_path / "b.jsonl", {"id": work(2)["id"], "withdrawn": True}))
    assert (withdrawn.counts.removed, withdrawn.counts.researchers_removed) == (1, 1)
    pruned = index(write_lines(tmp_path / "c.jsonl", work(3)), prune=True)
    assert (pruned.counts.removed, pruned.counts.researchers_removed) == (1, 1)
    people = {person["name"]: person["works_count"] for person in documents(opensearch, names.researchers).values()}
    assert people == {"Ada Lovelace": 1, "Author 3": 1}


def test_nothing_is_pruned_when_something_was_rejected(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    index(write_lines(tmp_path / "a.jsonl", work(1), work(2)))
    with pytest.raises(run.RunError, match="Nothing was pruned"):
        index(write_lines(tmp_path / "b.jsonl", work(1), "{broken"), prune=True)
    assert len(documents(opensearch, names.works)) == 2
    cover = {"id": "https://openalex.org/W1", "title": "Cover", "is_paratext": True}
    report = index(write_lines(tmp_path / "b.jsonl", work(1), cover), prune=True)
    assert (report.counts.rejected, report.counts.not_works, report.counts.removed) == (1, 1, 1)


def test_a_work_is_embedded_again_only_where_its_text_changed(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    def vectors() -> dict[str, Any]:
        return {id_: found["embedding"] for id_, found in documents(opensearch, names.works).items()}

    first = index(write_lines(tmp_path / "a.jsonl", work(1), work(2), work(3)))
    before = vectors()
    lines = [work(1, cited_by_count=7), work(2, abstract="Another text about another thing."), work(3)]
    again = index(write_lines(tmp_path / "a.jsonl", *lines))
    assert (first.counts.embedded, again.counts.changed, again.counts.embedded) == (3, 2, 1)
    after = vectors()
    assert [id_ for id_ in before if before[id_] != after[id_]] == [work(2)["id"]]


def test_the_newest_version_of_a_work_holds(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    authorships = [{"author": {"display_name": "Ada Lovelace"}}]
    one = {"id": "https://openalex.org/W1", "title": "New", "authorships": authorships}
    report = index(write_lines(tmp_path / "a.jsonl", one, {**one, "title": "Old"}))
    assert (report.counts.new, report.counts.repeated, report.counts.rejected) == (1, 1, 0)
    assert [found["title"] for found in documents(opensearch, names.works).values()] == ["New"]


def test_a_dry_run_counts_and_writes_nothing(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    index(write_lines(tmp_path / "a.jsonl", work(1), work(2)))
    before = state(opensearch, names)
    report = index(write_lines(tmp_path / "a.jsonl", work(1, title="Changed"), work(3)), dry_run=True, prune=True)
    assert (report.counts.changed, report.counts.new, report.counts.removed) == (1, 1, 1)
    assert state(opensearch, names) == before
    assert len(list_generations(opensearch, names)) == 1


def test_a_rebuild_from_the_index_gives_the_same_again(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path, silent: Any
) -> None:
    full = work(
        1, authors=[{"name": "Ada", "id": "acl:ada", "orcid": "0000-0002-1825-0097", "affiliation": "Here; There"}]
    )
    index(write_lines(tmp_path / "a.jsonl", full, work(2, topic_names=["Spikes"], doi="10.1000/x")))
    before = state(opensearch, names)
    now = live(opensearch, names)
    assert now is not None
    run.index(
        opensearch,
        names,
        embedding.load(Settings.load()),
        [StoredWorks(opensearch, now)],
        tmp_path / "home",
        silent,
        run.Options(rebuild=True),
    )
    after = state(opensearch, names)
    assert {key: after[key] for key in ("researchers", "institutions")} == {
        key: before[key] for key in ("researchers", "institutions")
    }
    assert after["works"].keys() == before["works"].keys()
    assert past_runs(tmp_path / "home/runs", 1)[0][0]["embedded"] == 0
    assert live(opensearch, names) == now.next()


def test_what_a_person_decides_about_people_wins(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    def people() -> dict[str, str]:
        return {person["name"]: id_ for id_, person in documents(opensearch, names.researchers).items()}

    one = work(1, authors=[{"name": "Augusta King"}])
    two = work(2, authors=[{"name": "Ada Lovelace"}])
    file = write_lines(tmp_path / "w.jsonl", one, two)
    index(file)
    before = people()
    assert before.keys() == {"Augusta King", "Ada Lovelace"}
    decided = tmp_path / "home" / "overrides.toml"
    ids = json.dumps(sorted(before.values()))
    decided.write_text(f'[[merge]]\nids = {ids}\nreason = "one person under two names"\n', encoding="utf-8")
    assert index(file).counts.unchanged == 2
    (merged,) = documents(opensearch, names.researchers).values()
    assert merged["works_count"] == 2
    assert "one person under two names" in " ".join(merged["merge_reasons"])
    (alias,) = documents(opensearch, names.redirects).values()
    assert {alias["id"], alias["researcher_id"]} == set(before.values())
    assert index(file).generation is None
    # What the index follows is true of a generation, not of a home: after a rollback it has to be done again.
    rollback(opensearch, names)
    assert documents(opensearch, names.researchers).keys() == set(before.values())
    assert index(file).generation
    assert len(documents(opensearch, names.researchers)) == 1
    decided.write_text("[[merge]]\nids = 3\n", encoding="utf-8")
    with pytest.raises(OverridesError):
        index(file)


def test_every_run_leaves_a_report(index: Any, names: IndexNames, tmp_path: Path) -> None:
    index(write_lines(tmp_path / "a.jsonl", work(1), "{broken"))
    with pytest.raises(run.RunError):
        index(write_lines(tmp_path / "b.jsonl", "{broken"), prune=True)
    (last, first), unreadable = past_runs(tmp_path / "home" / "runs", 9)
    assert not unreadable
    assert (first["read"], first["new"], first["rejected"], first["finished"]) == (2, 1, 1, True)
    assert first["peak_memory_mb"] > 0
    assert last["finished"] is False


@pytest.mark.kill
def test_killed_again_and_again_it_ends_as_if_undisturbed(
    opensearch: OpenSearch, opensearch_url: str, names: IndexNames
) -> None:
    seed = random.randrange(10**6)
    moments = random.Random(seed)

    def start(prefix: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "PEERSCOPE_OPENSEARCH_URL": opensearch_url,
            "PEERSCOPE_INDEX_PREFIX": prefix,
        }
        command = [sys.executable, "-m", "peerscope", "index", str(sample.WORKS)]
        return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    undisturbed = IndexNames(f"{names.prefix}calm-")
    try:
        began = time.monotonic()
        assert start(undisturbed.prefix).wait(timeout=300) == 0
        took = time.monotonic() - began
        for _ in range(KILLS):
            process = start(names.prefix)
            time.sleep(moments.uniform(0.2, 1.0) * took)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)
        assert start(names.prefix).wait(timeout=300) == 0
        assert state(opensearch, names) == state(opensearch, undisturbed), f"seed {seed}"
        assert opensearch.count(index=names.pending)["count"] == 0
    finally:
        drop(opensearch, undisturbed)


def test_works_without_topics_get_those_of_their_neighbours_marked_as_assigned(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    about = {"title": "Translating sentences with neural networks", "abstract": None}
    labelled = [work(number) for number in range(1, 6)]
    other = [work(number, **about, topics=["cs.CL"]) for number in range(6, 11)]
    unlabelled = work(20, title="Neural translation of a sentence", abstract=None, topics=[])
    report = index(write_lines(tmp_path / "w.jsonl", *labelled, *other, unlabelled))
    assert report.counts.topics_assigned == 1
    found = documents(opensearch, names.works)[unlabelled["id"]]
    assert found["topics"] == []
    assert [topic["id"] for topic in found["assigned_topics"]] == ["cs.CL"]
    assert documents(opensearch, names.topics)["cs.CL"]["works_count"] == 5
    author = documents(opensearch, names.researchers)[found["researchers"][0]["id"]]
    assert {"id": "cs.CL", "name": "Computation and Language", "count": 1} in author["suggested_topics"]
    again = index(write_lines(tmp_path / "x.jsonl", work(21)))
    assert again.counts.topics_assigned == 0


def test_authors_get_topics_that_a_later_run_suggests_for_their_works(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    about = {"title": "Translating sentences with neural networks", "abstract": None}
    lonely = work(20, **about, topics=[], authors=[{"name": "Ottilie Nonesuch"}])
    index(write_lines(tmp_path / "w.jsonl", lonely))
    (author,) = (one for one in documents(opensearch, names.researchers).values() if one["name"] == "Ottilie Nonesuch")
    assert author["suggested_topics"] == []
    others = [work(number, **about, topics=["cs.CL"]) for number in range(6, 11)]
    assert index(write_lines(tmp_path / "x.jsonl", *others)).counts.topics_assigned == 1
    author = documents(opensearch, names.researchers)[author["id"]]
    assert [(topic["id"], topic["count"]) for topic in author["suggested_topics"]] == [("cs.CL", 1)]


def test_a_run_adds_fields_that_the_live_generation_lacks(
    index: Any,
    opensearch: OpenSearch,
    names: IndexNames,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def before(kind: str) -> dict[str, Any]:
        mapping = load(kind)
        mapping["properties"].pop("suggested_topics", None)
        return mapping

    with monkeypatch.context() as former:
        former.setattr(indices, "load", before)
        former.setattr(generations, "load", before)
        former.setattr(researcher_tasks, "researcher_summary", without_suggestions)
        index(write_lines(tmp_path / "w.jsonl", work(1)))
    stored = documents(opensearch, names.researchers)
    assert not any("suggested_topics" in one for one in stored.values())
    index(write_lines(tmp_path / "x.jsonl", work(1), work(2)))
    assert any("suggested_topics" in one for one in documents(opensearch, names.researchers).values())
    index_name = live(opensearch, names)
    assert index_name is not None
    meta = opensearch.indices.get_mapping(index=index_name.researchers)[index_name.researchers]["mappings"]["_meta"]
    assert meta["begun_in"] == 1


def without_suggestions(*args: Any, **options: Any) -> dict[str, Any]:
    """Return the summary of a researcher as it was before topics were suggested."""
    document: dict[str, Any] = {**researcher_summary(*args, **options)}
    del document["suggested_topics"]
    return document


def test_indices_have_the_layout_of_the_run(
    index: Any, opensearch: OpenSearch, names: IndexNames, tmp_path: Path
) -> None:
    scale = Scale(shards=2, replicas=1, bits=7)
    index(write_lines(tmp_path / "w.jsonl", *(work(number) for number in range(1, 9))), scale=scale)
    now = live(opensearch, names)
    assert now is not None
    found = opensearch.indices.get_settings(index=now.works)[now.works]["settings"]["index"]
    # One node cannot take the copies, and is not waited for.
    assert (found["number_of_shards"], found["number_of_replicas"]) == ("2", "1")
    vector = documents(opensearch, names.works)[work(3)["id"]]["embedding"]
    near = {"vector": vector, "k": 1, **scale.rescoring()}
    answer = opensearch.search(index=names.works, body={"size": 1, "query": {"knn": {"embedding": near}}})
    assert answer["hits"]["hits"][0]["_id"] == work(3)["id"]
    index(write_lines(tmp_path / "x.jsonl", work(9)), scale=replace(scale, replicas=0))
    assert opensearch.cluster.health(index=names.works)["status"] == "green"


def test_a_work_keeps_the_time_when_it_first_came_in(
    opensearch: OpenSearch, names: IndexNames, index: Any, tmp_path: Path
) -> None:
    def times() -> dict[str, tuple[str, str]]:
        hits = opensearch.search(index=names.works, body={"size": 10})["hits"]["hits"]
        return {hit["_id"]: (hit["_source"]["added_at"], hit["_source"]["indexed_at"]) for hit in hits}

    index(write_lines(tmp_path / "works.jsonl", work(1), work(2)))
    first = times()
    assert all(added == indexed for added, indexed in first.values())
    time.sleep(1.1)
    both = write_lines(tmp_path / "works.jsonl", work(1, title="Another"), work(2), work(3))
    for options in ({}, {"rebuild": True}):
        index(both, **options)
        now = times()
        assert {id_: added for id_, (added, _) in now.items() if id_ in first} == {i: t for i, (t, _) in first.items()}
        assert now["arxiv:2001.00001"][1] > first["arxiv:2001.00001"][1]
        assert now["arxiv:2001.00003"][0] > first["arxiv:2001.00001"][0]

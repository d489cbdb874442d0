"""Records of several files, formats and runs: any order and any split over runs gives the same works.

The index is a dictionary of documents here; tests/live/test_deduplication.py uses OpenSearch.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import numpy as np
import pytest

from indexer.build.documents import UNKNOWN_ORIGIN, work_document
from indexer.deduplication.changes import Deduplication, IndexedWork, first_of_each
from indexer.deduplication.incoming import IncomingRecords
from indexer.deduplication.merging import SourceOrder
from indexer.deduplication.named_works import NamedWorks
from indexer.identity import identity_key, researcher_id
from indexer.identity.mentions import MentionKey
from indexer.records.work_decisions import MergeWorks, WorkDecisions
from indexer.sources import open_sources
from indexer.sources.catalogues import ORDER
from indexer.sources.stored import record_of, records_of
from indexer.staging.reading import read
from indexer.staging.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mappings.documents import WorkDocument

MODEL = "model"


class Stored(Deduplication):
    """Compares with documents in memory instead of OpenSearch."""

    documents: dict[str, WorkDocument]

    def _all(self, query: dict[str, Any]) -> Iterator[list[IndexedWork]]:
        clauses = query.get("bool", {}).get("should")
        found = [one for one in self.documents.values() if clauses is None or any(_matches(one, c) for c in clauses)]
        yield [self._indexed_work(one) for one in found]

    def _documents(self, ids: list[str]) -> list[WorkDocument]:
        return [self.documents[id_] for id_ in ids if id_ in self.documents]


def _matches(document: Any, clause: dict[str, Any]) -> bool:
    ((kind, condition),) = clause.items()
    ((name, value),) = condition.items()
    if kind == "terms":
        return not set(document[name]).isdisjoint(value)
    return bool(document[name] > value["gt"] if kind == "range" else document[name] == value)


class Collection:
    """An index in memory, changed by runs."""

    def __init__(self, folder: Path, *, order: Sequence[str] = ORDER, decisions: WorkDecisions | None = None) -> None:
        self.folder, self.order, self.decisions = folder, order, decisions or WorkDecisions()
        self.named = NamedWorks()
        self.documents: dict[str, WorkDocument] = {}
        self.lines: list[str] = []

    def index(self, *paths: Path, prune: bool = False, decided: bool = False, until: int | None = None) -> Report:
        """Index files; `until` is the number of changes after which the run is killed."""
        report = Report.new(self.folder / "runs")
        self.lines = []
        report.explain = self.lines.append
        with IncomingRecords() as incoming:
            works = Stored(
                Mock(), Mock(), incoming, report, MODEL, SourceOrder(self.order), self.decisions, named=self.named
            )
            works.documents = self.documents
            works.group_again(decided=decided)
            checked = read(open_sources([str(path) for path in paths]), report, Counter(), MODEL)
            for _ in works.compare(first_of_each(checked, incoming, report, MODEL)):
                pass
            if prune:
                works.remove_unread()
            changes = [change for batch in works.changes() for change in batch]
        # The order in which they are written: removals last.
        changes.sort(key=lambda change: (change.work is None, change.is_last))
        for change in changes[:until]:
            if change.work is None:
                del self.documents[change.id]
            else:
                ids = [researcher_id(identity_key(author)) for author in change.work.authors]
                self.documents[change.id] = work_document(
                    change.work,
                    ids,
                    vector=np.asarray([1.0]),
                    model=MODEL,
                    digest=change.content_hash,
                    time="2026-01-01T00:00:00+00:00",
                    provenance=change.provenance or UNKNOWN_ORIGIN,
                )
        return report


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path)


def jsonl(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def work(id_: str, title: str = "Parsing rivers with finite-state boats", **fields: Any) -> dict[str, Any]:
    return {"id": id_, "title": title, "year": 2020, "authors": [{"name": "Orla Quist"}, {"name": "Bo Thal"}], **fields}


BIB = """@inproceedings{quist2020, author = {Quist, Orla and Thal, Bo},
 title = {Parsing Rivers with Finite-State Boats}, booktitle = {Proceedings of ACL}, year = {2020}, doi = {10.1000/a}}
"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    bib = tmp_path / "library.bib"
    bib.write_text(BIB, encoding="utf-8")
    ris = tmp_path / "library.ris"
    ris.write_text(
        "TY  - CONF\nTI  - Parsing rivers with finite-state boats\nAU  - Quist, O.\nAU  - Thal, B.\nPY  - 2020\n"
        "DO  - 10.1000/a\nER  - \n",
        encoding="utf-8",
    )
    curated = jsonl(
        tmp_path / "curated.jsonl",
        work("acl:1", doi="10.1000/a", venue="ACL"),
        work("acl:2", "Sails", authors=[{"name": "Ann Ash", "affiliation": "University of Oslo; MIT"}]),
    )
    other = jsonl(
        tmp_path / "other.jsonl",
        work("openalex:W1", doi="10.1000/a", abstract="Boats parse.", topics=["cs.CL"]),
        work("arxiv:1912.00001", year=2019, venue="arXiv"),
        work("openalex:W2", "Rudders and keels", doi="10.1000/a", authors=[{"name": "Eda Itor"}]),
    )
    return [bib, ris, curated, other]


def test_one_work_from_two_sources(collection: Collection, files: list[Path]) -> None:
    report = collection.index(files[2], files[0])
    assert (report.counts.read, report.counts.new, report.counts.merged) == (3, 2, 1)
    document = collection.documents["acl:1"]
    assert document["ids"] == ["acl:1", "doi:10.1000/a"]
    assert [(source["source"], source["id"]) for source in document["sources"]] == [
        ("json", "acl:1"),
        ("bibtex", "doi:10.1000/a"),
    ]
    again = collection.index(*files[:1], files[2])
    assert (again.counts.unchanged, again.counts.new, again.counts.merged, again.counts.changed) == (3, 0, 0, 0)


def test_any_order_and_any_split_over_runs_gives_the_same_documents(tmp_path: Path, files: list[Path]) -> None:
    complete = Collection(tmp_path)
    complete.index(*files)
    assert len(complete.documents) == 3
    draw = random.Random(3)
    for _ in range(25):
        one = Collection(tmp_path)
        rest = list(files)
        draw.shuffle(rest)
        while rest:
            size = draw.randrange(1, len(rest) + 1)
            one.index(*rest[:size])
            rest = rest[size:]
        assert one.documents == complete.documents


def test_a_kill_at_any_point_ends_in_the_same_state(tmp_path: Path, files: list[Path]) -> None:
    complete = Collection(tmp_path)
    complete.index(*files)
    for until in range(6):
        for last in (files, files[:1]):
            one = Collection(tmp_path)
            one.index(files[0], files[1])
            one.index(*files[2:], until=until)
            one.index(*last)
            one.index(*files)
            assert one.documents == complete.documents


def test_a_work_that_was_split_is_not_lost_by_a_kill(tmp_path: Path, files: list[Path]) -> None:
    joined = WorkDecisions(merges=(MergeWorks(("acl:1", "acl:2"), "why"),))
    complete = Collection(tmp_path)
    complete.index(files[2])
    for until in range(3):
        one = Collection(tmp_path, decisions=joined)
        one.index(files[2])
        assert list(one.documents) == ["acl:1"]
        one.decisions = WorkDecisions()
        one.index(decided=True, until=until)
        one.index(decided=True)
        assert one.documents == complete.documents


def test_a_record_that_changes_in_one_source_changes_its_part(collection: Collection, files: list[Path]) -> None:
    collection.index(*files)
    jsonl(files[2], work("acl:1", "Parsing rivers with boats", doi="10.1000/a", venue="TACL"))
    report = collection.index(files[2])
    assert report.counts.changed == 1
    document = collection.documents["acl:1"]
    assert (document["title"], document["venue"], document["abstract"]) == (
        "Parsing rivers with boats",
        "TACL",
        "Boats parse.",
    )
    assert "acl:2" in collection.documents


def test_a_record_whose_id_was_wrong_leaves_the_work(collection: Collection, files: list[Path]) -> None:
    collection.index(*files[:3])
    jsonl(files[2], work("acl:1", doi="10.1000/corrected", venue="ACL"))
    collection.index(files[2])
    assert set(collection.documents) == {"acl:1", "acl:2", "doi:10.1000/a"}
    assert len(collection.documents["doi:10.1000/a"]["sources"]) == 2


def test_pruning_removes_the_records_of_a_file_and_keeps_the_work(collection: Collection, files: list[Path]) -> None:
    collection.index(*files)
    collection.index(files[0], files[3], prune=True)
    alone = Collection(collection.folder)
    alone.index(files[0], files[3])
    assert collection.documents == alone.documents


def test_a_withdrawn_record_leaves_the_records_of_other_sources(collection: Collection, files: list[Path]) -> None:
    collection.index(*files[:3])
    withdrawal = jsonl(files[2].with_name("withdrawn.jsonl"), {"id": "acl:1", "withdrawn": True})
    report = collection.index(withdrawal)
    assert report.counts.removed == 1
    assert collection.documents.keys() == {"acl:2", "doi:10.1000/a"}


def test_decisions_follow_works_that_are_merged(collection: Collection, tmp_path: Path) -> None:
    people = [{"name": "B. Thal"}, {"name": "Orla Quist"}]
    library = jsonl(
        tmp_path / "library.jsonl", work("arxiv:1912.1", doi="10.1000/a", authors=people), work("acl:9", "Masts")
    )
    collection.index(library)
    curated = jsonl(tmp_path / "curated.jsonl", work("acl:1", doi="10.1000/a"))
    for paths in ((curated,), (curated,)):
        # In the run that merges them, and in a later one, when nothing changes.
        collection.named = NamedWorks(["arxiv:1912.1", "acl:9", "acl:none"])
        collection.index(*paths)
        named = collection.named
        assert [named.work_id(id_) for id_ in ("arxiv:1912.1", "acl:9", "acl:none")] == ["acl:1", "acl:9", "acl:none"]
        assert named.mention(MentionKey("arxiv:1912.1", 1)) == MentionKey("acl:1", 2)
        assert named.mention(MentionKey("arxiv:1912.1", 2)) == MentionKey("acl:1", 1)
        unchanged = [MentionKey("acl:9", 2), MentionKey("acl:none", 1), MentionKey("arxiv:1912.1", 7)]
        assert list(map(named.mention, unchanged)) == unchanged


def test_a_dated_dump_under_a_new_name_counts_works(collection: Collection, tmp_path: Path) -> None:
    old = jsonl(
        tmp_path / "works-01.jsonl", work("acl:1"), work("acl:2", "Rudders and keels"), work("acl:3", "Anchors")
    )
    collection.index(old)
    before = dict(collection.documents)
    new = jsonl(tmp_path / "works-02.jsonl", work("acl:1"), work("acl:2", "Rudders, keels"), work("acl:4", "Masts"))
    counts = collection.index(new, prune=True).counts
    assert (counts.unchanged, counts.changed, counts.new, counts.merged, counts.removed) == (1, 1, 1, 0, 1)
    assert sorted(collection.documents) == ["acl:1", "acl:2", "acl:4"]
    assert collection.documents["acl:1"] is before["acl:1"]
    again = collection.index(new, prune=True).counts
    assert (again.unchanged, again.changed, again.new, again.removed) == (3, 0, 0, 0)


def test_a_work_that_loses_one_of_its_records_has_changed(collection: Collection, tmp_path: Path) -> None:
    one = jsonl(tmp_path / "one.jsonl", work("acl:1", doi="10.1000/a"), work("acl:2", "Rudders and keels"))
    two = tmp_path / "two.bib"
    two.write_text(BIB, encoding="utf-8")
    collection.index(one, two)
    assert len(collection.documents["acl:1"]["sources"]) == 2
    counts = collection.index(one, prune=True).counts
    assert (counts.unchanged, counts.changed, counts.removed) == (2, 1, 0)
    assert len(collection.documents["acl:1"]["sources"]) == 1


def test_a_file_that_moved_is_not_another_source(collection: Collection, files: list[Path]) -> None:
    collection.index(files[0])
    before = dict(collection.documents)
    moved = files[0].rename(files[0].with_name("moved.bib"))
    report = collection.index(moved, prune=True)
    assert (report.counts.unchanged, collection.documents) == (1, before)


def test_chapters_with_the_doi_of_their_book_are_all_kept(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "chapters.bib"
    path.write_text(
        "".join(
            f"@incollection{{k{title}, author={{Ash, Ann}}, title={{{title} of ships}}, doi={{10.1000/book}}}}\n"
            for title in ("Sails", "Rudders", "Anchors")
        ),
        encoding="utf-8",
    )
    report = collection.index(path)
    assert (report.counts.new, report.counts.rejected, report.warnings["disputed id"]) == (3, 0, 2)
    assert [one["doi"] for one in collection.documents.values()] == ["10.1000/book"] * 3
    assert ["doi:10.1000/book" in one["ids"] for one in collection.documents.values()].count(True) == 1
    assert collection.index(path).counts.unchanged == 3


def test_a_changed_order_of_sources_is_applied_to_indexed_works(collection: Collection, files: list[Path]) -> None:
    collection.index(files[0], files[2])
    collection.order = ("bibtex", *ORDER)
    collection.index(decided=True)
    assert collection.documents["doi:10.1000/a"]["title"] == "Parsing Rivers with Finite-State Boats"
    assert "acl:1" not in collection.documents
    assert collection.documents["doi:10.1000/a"]["ids"] == ["acl:1", "doi:10.1000/a"]


def test_the_records_of_a_document_are_those_that_were_read(collection: Collection, files: list[Path]) -> None:
    collection.index(*files)
    assert [len(records_of(document)) for document in collection.documents.values()] == [
        len(document["sources"]) for document in collection.documents.values()
    ]
    single = collection.documents["openalex:W2"]
    assert record_of(single)["title"] == "Rudders and keels"

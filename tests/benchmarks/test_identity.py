from __future__ import annotations

from benchmarks.identity import Splits, count_splits
from tests.indexer.identity.build import Author, crowd, resolved, work


def test_names_with_several_ids_are_counted_by_how_they_were_resolved() -> None:
    works = [
        # One person with two ids: rare name, the same co-authors.
        work("a", Author("Graham Neubig", "openalex:A1"), "Nora Quist", "Olaf Pint", title="Parsing treebanks"),
        work("b", Author("Graham Neubig", "openalex:A2"), "Nora Quist", "Olaf Pint", title="Parsing treebanks"),
        # Two people on one work.
        work("c", Author("Eva Pint", "openalex:A3"), Author("Eva Pint", "openalex:A4"), title="Fish"),
        work("d", Author("Ann Tal", "openalex:A5")),
    ]
    assert count_splits(works, resolved(works, crowd())) == Splits(
        names=3, several=2, joined=1, partly=0, pairs=2, pairs_joined=1, pairs_listed=1, ids=5, scattered=0
    )

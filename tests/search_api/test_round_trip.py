"""What exports write is read back by the importers: joiners inside of words, and works with thousands of authors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from indexer.records import parse_work
from indexer.sources import open_sources
from search_api.works.export import FORMATS
from tests.indexer.test_documents import stored

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.records import Work

EXPORTS = ("bibtex", "csl", "ris", "csv", "jsonl")


def read_back(work: Work, kind: str, folder: Path) -> Work:
    """Export a work, and return what is read from the file."""
    path = folder / f"export.{FORMATS[kind].extension}"
    path.write_text("".join(FORMATS[kind].write([stored(work)], {"select": None})), encoding="utf-8")
    (source,) = open_sources([str(path)])
    (item,) = source
    assert item.problem is None
    return parse_work(item.value)


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize(
    ("title", "name", "venue"),
    [
        # Malayalam: a joiner makes the last consonant a chillu.
        ("അവന്\u200d വരുന്നു", "മോഹന്\u200d നായര്\u200d", "പഠനങ്ങള്\u200d"),
        # Persian and Kurdish: a non-joiner between the parts of a compound.
        ("می\u200cخواهم کتاب\u200cها را", "علی\u200cرضا نیک\u200cپور", "پژوهش\u200cهای زبان"),  # noqa: RUF001
        # Sinhala conjuncts, and an emoji of several.
        ("ශ්\u200dරී ලංකාව", "චන්ද්\u200dර සිල්වා", "පර්යේෂණ ක්\u200dෂේත්\u200dර"),
        ("Reactions with 👩\u200d🔬 and 🏳️\u200d🌈 in chat", "Ada Ash", "Letters on 👨\u200d👩\u200d👧"),
    ],
)
def test_joiners_are_exported_and_read_back(kind: str, title: str, name: str, venue: str, tmp_path: Path) -> None:
    record = {"id": "local:joined", "title": title, "authors": [{"name": name}], "year": 2021, "venue": venue}
    work = read_back(parse_work(record), kind, tmp_path)
    assert (work.title, [author.name for author in work.authors], work.venue) == (title, [name], venue)


@pytest.mark.parametrize("kind", EXPORTS)
def test_thousands_of_authors_are_exported_and_read_back(kind: str, tmp_path: Path) -> None:
    names = [f"{'ABCDEFGHIJ'[n % 10]}{'aeiou'[n % 5]}rno {_word(n)}" for n in range(3_000)]
    record: dict[str, Any] = {"id": "local:big", "title": "Many", "authors": [{"name": name} for name in names]}
    work = read_back(parse_work(record), kind, tmp_path)
    assert [author.name for author in work.authors] == names


def _word(number: int) -> str:
    """Return a made-up family name."""
    return "".join(
        "bcdfglmnrt"[int(digit)] + "ao"[place % 2] for place, digit in enumerate(f"{number:04}")
    ).capitalize()

"""Files in other encodings than UTF-8, and with invalid bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from indexer.records import RecordWarning, parse_work
from indexer.sources import Item, open_sources

if TYPE_CHECKING:
    from pathlib import Path

BIBTEX = (
    "@article{{a, title={{Über Bäume}}, author={{Müller, Änne}}}}\n"
    "@article{{b, title={{Über Wälder {extra}}}, author={{Öz, B}}}}\n"
)
RECORD = {"id": "local:a", "title": "Über Bäume", "authors": [{"name": "Änne Müller"}]}


def items(path: Path, content: bytes) -> list[Item]:
    path.write_bytes(content)
    (source,) = open_sources([str(path)])
    return list(source)


@pytest.mark.parametrize(
    ("encoding", "extra", "name"),
    [
        ("utf-16", "", "UTF-16"),
        ("utf-16-le", "", "UTF-16"),
        ("utf-16-be", "", "UTF-16"),
        ("cp1252", "\u201eja\u201c", "Windows-1252"),
        ("latin-1", "\x81", "Latin-1"),
    ],
)
@pytest.mark.parametrize("name_of_file", ["a.bib", "download"])
def test_other_encodings_are_detected_and_reported(
    tmp_path: Path, encoding: str, extra: str, name: str, name_of_file: str
) -> None:
    first, second = items(tmp_path / name_of_file, BIBTEX.format(extra=extra).encode(encoding))
    assert (first.value["title"], first.value["authors"]) == ("Über Bäume", [{"name": "Änne Müller"}])
    assert second.value["title"].startswith("Über Wälder")
    assert first.warnings == (RecordWarning("encoding", f"the file is not UTF-8 and was read as {name}"),)
    assert second.warnings == ()


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("cp1252", "Windows-1252")])
def test_json_lines_in_other_encodings(tmp_path: Path, encoding: str, name: str) -> None:
    line = json.dumps(RECORD, ensure_ascii=False) + "\n"
    first, second = items(tmp_path / "a.jsonl", (line * 2).encode(encoding))
    assert first.value == second.value == RECORD
    assert name in first.warnings[0].message


def test_an_invalid_byte_costs_one_record_and_not_the_file(tmp_path: Path) -> None:
    content = BIBTEX.format(extra="").encode().replace("Bäume".encode(), b"B\xffume")
    bad, good = items(tmp_path / "a.bib", content)
    assert "half a character" in _reason(bad)
    assert parse_work(good.value).title == "Über Wälder"
    assert bad.text.encode()


def test_an_invalid_byte_in_an_optional_field_costs_only_the_field(tmp_path: Path) -> None:
    content = "TY  - JOUR\nTI  - Über Bäume\nAU  - Müller, Ä\nAB  - Oak \udcff\nER  - \n".encode(
        "utf-8", "surrogateescape"
    )
    (item,) = items(tmp_path / "a.ris", content)
    warnings: list[RecordWarning] = []
    work = parse_work(item.value, warnings)
    assert (work.title, work.abstract) == ("Über Bäume", None)
    assert [warning.kind for warning in warnings] == ["invalid abstract"]


def _reason(item: Item) -> str:
    with pytest.raises(ValueError, match=r".") as error:
        parse_work(item.value)
    return str(error.value)

from __future__ import annotations

import gzip
import io
import sys
from typing import TYPE_CHECKING

import pytest

from indexer.sources import Item, SourceError, json_files, open_sources

if TYPE_CHECKING:
    from pathlib import Path


def items(*paths: Path) -> list[Item]:
    return [item for source in open_sources([str(path) for path in paths]) for item in source]


def test_lines_are_numbered_and_blank_ones_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "works.jsonl"
    file.write_text('{"id": 1}\n\n{"id": 2}', encoding="utf-8")
    assert [(item.line, item.value) for item in items(file)] == [(1, {"id": 1}), (3, {"id": 2})]


def test_gzip_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    file = tmp_path / "works.data"
    file.write_bytes(gzip.compress(b'{"id": 1}\n'))
    assert items(file)[0].value == {"id": 1}


def test_a_folder_gives_its_files_in_order_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.jsonl.gz").write_bytes(gzip.compress(b"2\n"))
    (tmp_path / "a.jsonl").write_text("1\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no\n", encoding="utf-8")
    assert [item.value for item in items(tmp_path)] == [1, 2]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(b'{"id": 1}\n'))

    monkeypatch.setattr(sys, "stdin", Stdin)
    (source,) = open_sources(["-"])
    assert [(item.source, item.value) for item in source] == [("standard input", {"id": 1})]
    assert source.size is None
    assert source.position == 0


@pytest.mark.parametrize(
    ("line", "problem"),
    [(b"{broken", "not JSON"), (b"[" * 100_000, "not JSON")],
)
def test_a_bad_line_costs_only_itself(tmp_path: Path, line: bytes, problem: str) -> None:
    file = tmp_path / "works.jsonl"
    file.write_bytes(b"1\n" + line + b"\n3\n")
    first, bad, last = items(file)
    assert (first.value, last.value) == (1, 3)
    assert bad.problem is not None
    assert problem in bad.problem
    assert bad.line == 2


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_files, "MAX_LINE", 100)
    file = tmp_path / "works.jsonl"
    file.write_bytes(b"1\n" + b"x" * 1_000 + b"\n3\n" + b"y" * 101)
    assert [(item.line, item.value) for item in items(file) if not item.problem] == [(1, 1), (3, 3)]
    assert ["longer than 100 bytes" in (item.problem or "") for item in items(file)] == [False, True, False, True]


def test_a_truncated_gzip_gives_what_came_before_and_then_says_so(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join(str(n) for n in range(200_000)).encode())
    file = tmp_path / "works.jsonl.gz"
    file.write_bytes(whole[: len(whole) // 2])
    (source,) = open_sources([str(file)])
    seen = []
    with pytest.raises(SourceError, match="incomplete or damaged"):  # noqa: PT012 (what came before matters too)
        for item in source:
            seen.append(item.value)  # noqa: PERF401 (a list made at once would be lost with the error)
    assert seen[:3] == [0, 1, 2]


def test_a_file_that_is_only_called_gz_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "works.jsonl.gz"
    file.write_text("1\n", encoding="utf-8")
    with pytest.raises(SourceError, match="not gzip data"):
        items(file)


def test_position_ends_at_size(tmp_path: Path) -> None:
    file = tmp_path / "works.jsonl"
    file.write_text("1\n2\n", encoding="utf-8")
    (source,) = open_sources([str(file)])
    assert source.position == 0
    list(source)
    assert source.position == source.size == 4


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_what_is_not_there_is_refused_before_anything_is_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=r"no such file|no \.jsonl"):
        open_sources([str(tmp_path / name)])

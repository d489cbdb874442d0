"""Damaged files of every format: no exception but SourceError, and no record that could not be stored."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from indexer.records import RecordError, parse_work
from indexer.sources import SourceError, open_sources
from indexer.sources.registry import FILE_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

FORMATS = Path(__file__).parent / "formats"
FILES = sorted(file.name for file in FORMATS.iterdir())
#: Further files, of formats that other tests describe.
OTHERS = {
    "a.bib": b"@article{a, title={Tides in {\\'e}}, author={Ash, Ada and Birch, Bo}, year=2001, doi={10.1000/a}}\n" * 3,
    "a.ris": b"TY  - JOUR\nTI  - Tides\nAU  - Ash, Ada\nPY  - 2001\nER  - \n" * 3,
    "a.csl.json": json.dumps([{"id": "a", "type": "book", "title": "T", "author": [{"family": "A"}]}] * 3).encode(),
    "a.jsonl": b'{"id": "local:a", "title": "T", "authors": [{"name": "A"}]}\n' * 3,
}
EXAMPLES = int(os.environ.get("EXAMPLES", "2"))


def truncated(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def shuffled(data: bytes, chance: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) < 3:
        lines = [data[start : start + 40] for start in range(0, len(data), 40)]
    chance.shuffle(lines)
    return b"".join(lines)


def wrong_bytes(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 20)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def repeated(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:end] + data[start:end] * chance.randrange(1, 30) + data[end:]


def other_values(data: bytes, chance: random.Random) -> bytes:
    """Replace values of JSON by those of other types; other files are damaged otherwise."""
    values = [b"null", b"3", b"[]", b"{}", b'""', b"[null]", b'[{"a": 1}]', b"1e999", b"true"]
    parts = data.split(b'"')
    for _ in range(3):
        parts[chance.randrange(len(parts))] = chance.choice(values)
    return b'"'.join(parts)


def read(path: Path) -> None:
    try:
        for item in open_sources([str(path)])[0]:
            json.dumps(item.text).encode("utf-8")
            if not item.problem and not (isinstance(item.value, dict) and item.value.get("withdrawn")):
                try:
                    parse_work(item.value, list(item.warnings))
                except RecordError:
                    continue
    except SourceError as error:
        str(error).encode("utf-8")


@pytest.mark.fuzz
@pytest.mark.parametrize("damage", [truncated, shuffled, wrong_bytes, repeated, other_values])
@pytest.mark.parametrize("name", [*FILES, *OTHERS])
def test_damaged_files_cost_records_but_no_traceback(
    name: str, damage: Callable[[bytes, random.Random], bytes], tmp_path: Path
) -> None:
    data = OTHERS.get(name) or (FORMATS / name).read_bytes()
    for seed in range(EXAMPLES):
        chance = random.Random(f"{name} {seed}")
        path = tmp_path / name
        path.write_bytes(damage(data, chance))
        read(path)
        path.rename(tmp_path / "without-a-name")
        read(tmp_path / "without-a-name")


def test_every_format_has_a_file(tmp_path: Path) -> None:
    """A new format is only complete with an example, which is damaged here."""
    for name, content in OTHERS.items():
        (tmp_path / name).write_bytes(content)
    paths = [*(FORMATS / name for name in FILES), *(tmp_path / name for name in OTHERS)]
    readers = {type(source) for path in paths for source in open_sources([str(path)])}
    assert {item.reader for item in FILE_FORMATS if not item.patterns} <= readers

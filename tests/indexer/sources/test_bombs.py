"""A small compressed file that becomes huge takes bounded memory in every format of the registry."""

from __future__ import annotations

import gzip
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest

from indexer.sources import SourceError, base, json_files, xml_records
from tests.indexer.sources.test_cost import EXAMPLES, MARK, examples

#: Decompressed bytes, and the limits that are set for the test: as far below them as 200 MB below some gigabytes.
SIZE, LIMIT = 2_400_000, 50_000
#: Bytes that reading may take at once: some copies of what the limits allow.
MEMORY = 1_800_000


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "MAX_WHOLE", LIMIT)
    monkeypatch.setattr(json_files, "MAX_LINE", LIMIT)
    monkeypatch.setattr(xml_records, "MAX_RECORD", LIMIT)


@pytest.mark.parametrize("filler", [b"a", b"\n", b"<a>", b"["], ids=repr)
@pytest.mark.parametrize("name", examples())
def test_memory_is_bounded(name: str, filler: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"{Path(name).name}.gz"
    with gzip.open(file, "wb", compresslevel=1) as written:
        written.write((EXAMPLES / name).read_bytes().partition(MARK.encode())[0])
        for _ in range(SIZE // 60_000):
            written.write(filler * (60_000 // len(filler)))
    tracemalloc.start()
    try:
        with suppress(SourceError):
            for _ in examples()[name](str(file)):
                pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY

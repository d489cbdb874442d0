"""Hostile input costs an importer time in proportion to its length, in every format of the registry.

`examples/` has small files of every format, with `@@` in each field. A test fills all fields with the same text, or
lets the file end in the middle of its first field with it, or consists of it alone.
"""

from __future__ import annotations

import gc
import json
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
import pytest

from indexer.build.documents import work_document
from indexer.identity.mentions import mentions_of
from indexer.identity.names import block_keys
from indexer.records import RecordError, parse_work
from indexer.records.source_record import record_digest
from indexer.sources import SourceError
from indexer.sources.files import detect_format
from indexer.sources.registry import file_formats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.sources import FileSource

EXAMPLES = Path(__file__).with_name("examples")
MARK = "@@"
#: Characters of one file. What is quadratic takes seconds for that many, what is linear some hundredths of a second.
LENGTH = 100_000
SHAPES = (
    *(
        "(",
        "[",
        "{",
        "{}",
        "$",
        "$a",
        "\\",
        "\\(",
        "\\'",
        " ",
        "\n",
        "a ",
        "a",
        "A",
        "1",
        "<",
        "&",
        '"',
        "a@",
        "a.",
        "a,",
    ),
    *(
        "A;",
        " and ",
        "\u0301",
        "\u4e2d",
        "\u00b9",
        "\\SI{",
        "\\SI{a}",
        "\\emph{a}",
        "<math>",
        "<p>a</p>",
        "</a>",
        "&lt;",
    ),
    *(
        "\\begin{a}",
        "\\left(",
        "\\frac",
        "_{",
        "\\sqrt[",
        "10.1000/",
        "doi ",
        "https://",
        "University of ",
        "et al. ",
        "withdrawn",
        "\\documentclass",
        "\u202e",
        "a-",
    ),
)
#: Units that are part of the structure of a format.
STRUCTURES = (
    *("[", '{"a":', "[[],", "@a{", "@a{b,", "@string{a = a # a}\n", "<a>", "<entry>", "<!--", "<a/>", "&a;", "{", "\n"),
    *("TY  - JOUR\n", "AU  - A\n", "TY  - JOUR\nER  - \n", "%A a\n", "PMID- 1\n", "a,", "a\t", '"', "\n\n"),
)


@cache
def examples() -> dict[str, type[FileSource]]:
    """Return the reader of each example by file name."""
    formats = file_formats()
    readers = {}
    for file in sorted(EXAMPLES.rglob("*.*")):
        # A part of OpenAlex's snapshot is recognized by a path that ends with .gz.
        format_ = detect_format(f"{file}.gz", formats) or detect_format(str(file), formats)
        assert format_, file
        readers[str(file.relative_to(EXAMPLES))] = format_.reader
    return readers


def filled(name: str, shape: str, length: int) -> str:
    """Return an example with a repeated text in all fields, of about `length` characters."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    value = shape * (length // text.count(MARK) // len(shape))
    if name.endswith(".xml"):
        value = escape(value, {'"': "&quot;"})
    elif name.endswith((".json", ".jsonl")):
        value = json.dumps(value, ensure_ascii=False)[1:-1]
    return text.replace(MARK, value)


def unclosed(name: str, shape: str, length: int) -> str:
    """Return the start of an example that continues with a repeated text."""
    return (EXAMPLES / name).read_text(encoding="utf-8").partition(MARK)[0] + (shape * length)[:length]


def alone(name: str, shape: str, length: int) -> str:
    """Return a repeated text."""
    del name
    return (shape * length)[:length]


TEXTS = {
    **{f"filled {shape!r}": (filled, shape) for shape in SHAPES},
    **{f"unclosed {shape!r}": (unclosed, shape) for shape in (*STRUCTURES, "a", "\\", " ")},
    **{f"alone {shape!r}": (alone, shape) for shape in STRUCTURES},
}


def read(reader: type[FileSource], file: Path) -> Iterator[object]:
    """Read a file and do with each record what an indexing run does."""
    vector = np.ones(4, np.float32)
    try:
        for item in reader(str(file)):
            if item.problem:
                continue
            try:
                work = parse_work(item.value, [])
            except RecordError:
                continue
            digest = record_digest(work, "model")
            ids = [str(n) for n in range(len(work.authors))]
            yield work_document(work, ids, vector=vector, model="m", digest=digest, time="2020-01-01")
            yield from (block_keys(mention.name) for mention in mentions_of(work))
    except SourceError:
        pass


def cost(reader: type[FileSource], file: Path, text: str) -> float:
    """Return the CPU seconds that reading a text takes."""
    file.write_text(text, encoding="utf-8")
    gc.disable()
    try:
        began = time.process_time()
        for _ in read(reader, file):
            pass
        return time.process_time() - began
    finally:
        gc.enable()


def assert_linear(name: str, file: Path, length: int) -> None:
    """Check that twice the text takes about twice the time, for all texts."""
    reader = examples()[name]
    is_first = next(first for first, other in examples().items() if other is reader) == name
    for title, (make, shape) in TEXTS.items():
        if make is alone and not is_first:
            continue
        for attempt in range(2):
            twice = cost(reader, file, make(name, shape, length))
            if twice < 0.2:
                break
            once = cost(reader, file, make(name, shape, length // 2))
            if twice <= 2.6 * once + 0.1:
                break
            assert not attempt, f"{title}: {once:.2f} s for {length // 2:,} characters, {twice:.2f} s for {length:,}"


@pytest.mark.parametrize("name", examples())
def test_twice_the_input_takes_about_twice_the_time(name: str, tmp_path: Path) -> None:
    assert_linear(name, tmp_path / Path(name).name, LENGTH)


@pytest.mark.deep
@pytest.mark.parametrize("name", examples())
def test_two_million_characters_take_twice_the_time_of_one(name: str, tmp_path: Path) -> None:
    """Deep: 70 texts of 2,000,000 characters for each format."""
    assert_linear(name, tmp_path / Path(name).name, 2_000_000)


def test_each_format_has_an_example() -> None:
    """Add one with `@@` in each field to `examples/` when this fails for a new format."""
    readers = set(examples().values())
    assert not [format_.name for format_ in file_formats() if format_.reader not in readers]


@pytest.mark.parametrize("name", examples())
def test_examples_are_read(name: str, tmp_path: Path) -> None:
    """An example that were rejected would test nothing."""
    file = tmp_path / Path(name).name
    file.write_text(filled(name, "a", 0), encoding="utf-8")
    items = list(examples()[name](str(file)))
    assert items
    assert not [item.problem for item in items if item.problem]

"""Tables in Parquet files: the same bytes from the same rows, and nothing in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.stages.tables import ROW_GROUP, connect, create_view, database, fetch, write_rows
from indexer.stages.task import Step

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = {"id": "VARCHAR", "names": "VARCHAR[]", "year": "INTEGER"}


def step(folder: Path, name: str, **inputs: list[Path]) -> Step:
    scratch = folder / f"scratch-{name}"
    scratch.mkdir()
    return Step(inputs, folder / f"{name}.parquet", {}, scratch, 100)


def test_rows_come_back_in_order_and_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    rows = [(f"é\x00'{n}", [f"w{n}"] * (n % 3), None if n % 2 else n) for n in range(2 * ROW_GROUP)]
    steps = [step(tmp_path, name) for name in ("a", "b")]
    for one in steps:
        with database(one) as connection:
            write_rows(one, connection, COLUMNS, rows)
    assert steps[0].output.read_bytes() == steps[1].output.read_bytes()
    reader = step(tmp_path, "reader", lines=[one.output for one in steps])
    with database(reader) as connection:
        assert list(fetch(connection, "SELECT * FROM lines")) == [*rows, *rows]


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    empty = step(tmp_path, "it's empty")
    with database(empty) as connection:
        write_rows(empty, connection, COLUMNS, [], "id")
    with connect() as connection:
        create_view(connection, "result", [empty.output])
        assert list(fetch(connection, "SELECT id, names, year FROM result")) == []


def test_queries_draw_no_bars_and_spill_to_their_scratch_folder(tmp_path: Path) -> None:
    one = step(tmp_path, "a")
    query = (
        "SELECT current_setting('enable_progress_bar'), current_setting('temp_directory'), current_setting('threads')"
    )
    with database(one) as connection:
        assert list(fetch(connection, query)) == [(False, str(one.scratch), 1)]

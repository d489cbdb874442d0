"""Tables in Parquet files, read and written with DuckDB: joins and counts spill to disk when memory is short.

A file has the same bytes whenever it is written from the same rows: one thread, rows in order, fixed settings.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import duckdb
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from indexer.stages.task import Step

#: Rows fetched at a time.
PAGE = 2_000
#: Rows in a group of a Parquet file: what is read at least when some rows are selected by a sorted column.
ROW_GROUP = 8_192
#: Bytes that DuckDB reads of JSON lines at a time, at least; it allocates twice as many.
SHORTEST_BUFFER = 4_000_000


@contextmanager
def connect(memory_mb: int | None = None, spill: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory: one thread, for files with the same bytes, and no bars in the terminal.

    Queries that need more than `memory_mb` spill to the folder `spill`.
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET enable_progress_bar = false")
        if memory_mb and spill:
            connection.execute(f"SET memory_limit = '{memory_mb}MB'")
            connection.execute(f"SET temp_directory = {_quoted(str(spill))}")
        yield connection


@contextmanager
def database(step: Step) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that spills to the scratch folder of a step.

    The Parquet files of each role of inputs are a view of that name.
    """
    with connect(step.memory_mb, step.scratch) as connection:
        for role, paths in step.inputs.items():
            if paths and paths[0].suffix == ".parquet":
                create_view(connection, role, paths)
        yield connection


def create_view(connection: duckdb.DuckDBPyConnection, name: str, paths: Sequence[Path]) -> None:
    """Make some Parquet files a view, in this order."""
    names = ", ".join(_quoted(str(path)) for path in paths)
    connection.execute(f"CREATE VIEW {name} AS FROM read_parquet([{names}])")


def write_query(connection: duckdb.DuckDBPyConnection, query: str, output: Path) -> None:
    """Write the result of a query to a Parquet file; the query orders it."""
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"
    connection.execute(f"COPY ({query}) TO {_quoted(str(output))} ({options})")


def write_lines(path: Path, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> str:
    """Write rows as JSON lines, which DuckDB reads much faster than it takes parameters.

    `columns` are SQL types by name. Returns the SQL expression of a table with these rows.
    """
    names = tuple(columns)
    longest = SHORTEST_BUFFER
    with path.open("wb") as file:
        for row in rows:
            line = orjson.dumps(dict(zip(names, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE)
            longest = max(longest, len(line))
            file.write(line)
    types = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    return (
        f"read_json({_quoted(str(path))}, format = 'newline_delimited', columns = {{{types}}}, "
        f"maximum_object_size = {longest})"
    )


def write_rows(
    step: Step,
    connection: duckdb.DuckDBPyConnection,
    columns: Mapping[str, str],
    rows: Iterable[Sequence[Any]],
    order: str = "",
) -> None:
    """Write rows to the output of a step, ordered by some columns or as they are."""
    lines = step.scratch / "rows.jsonl"
    query = f"SELECT * FROM {write_lines(lines, columns, rows)}"  # noqa: S608 (our own columns)
    write_query(connection, query + (f" ORDER BY {order}" if order else ""), step.output)
    lines.unlink()


def copy_hint(step: Step, connection: duckdb.DuckDBPyConnection, role: str, columns: Mapping[str, str]) -> None:
    """Create the table `copied` of the rows of a hint whose `digest` is in the table `wanted`; empty without a hint.

    `columns` are SQL types by name, `digest` among them. A damaged file is no hint.
    """
    names = ", ".join(columns)
    connection.execute(f"CREATE TABLE copied ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
    for path in step.hints.get(role, ()):
        try:
            connection.execute(
                f"INSERT INTO copied SELECT {names} FROM read_parquet({_quoted(str(path))}) "  # noqa: S608 (our own)
                "WHERE digest IN (SELECT digest FROM wanted)"
            )
        except duckdb.Error:
            continue


def fetch(connection: duckdb.DuckDBPyConnection, query: str, values: Any = None) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a query, some at a time. Only one result of a connection is read at a time."""
    result = connection.execute(query, values) if values is not None else connection.execute(query)
    return chain.from_iterable(iter(lambda: result.fetchmany(PAGE), []))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

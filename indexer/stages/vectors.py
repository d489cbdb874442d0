"""Embeddings in Parquet files: `key`, the id of a work or the digest of a text, and `vector`, bytes of float32[d]."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.stages.tables import connect, create_view, fetch, write_lines, write_query
from indexer.stages.task import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from indexer.stages.folder import StageFolder

#: Decimals of an embedding in the index.
DECIMALS = 5
_LINES = {"key": "VARCHAR", "vector": "VARCHAR"}


def save_vectors(folder: StageFolder, pages: Iterable[Mapping[str, NDArray[np.float32]]]) -> str:
    """Write embeddings by the ids of their works, float32[d] each; return the name of the file."""
    digest = hashlib.sha256()

    def rows() -> Iterator[tuple[str, NDArray[np.float32]]]:
        for page in pages:
            for id_, vector in sorted(page.items()):
                digest.update(f"{id_} ".encode() + vector.tobytes())
                yield id_, vector

    with folder.scratch() as scratch:
        output = scratch / "vectors.parquet"
        write_vectors(output, scratch, rows())
        name = file_name("vectors", digest)
        folder.publish(output, name)
    return name


def write_vectors(output: Path, scratch: Path, rows: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
    """Write embeddings by key, in the order of the rows; `scratch` is an existing folder."""
    lines = scratch / "rows.jsonl"
    table = write_lines(lines, _LINES, ((key, b64encode(vector.tobytes()).decode()) for key, vector in rows))
    with connect() as connection:
        write_query(connection, f"SELECT key, from_base64(vector) AS vector FROM {table}", output)  # noqa: S608
    lines.unlink()


def rounded(vector: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return an embedding with the decimals that the index stores."""
    values: NDArray[np.float64] = vector.astype(np.float64)
    return values.round(DECIMALS)


def as_stored(vector: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return an embedding with the values that are read back from the index."""
    return rounded(vector).astype(np.float32)


def read_vectors(paths: Sequence[Path]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the embeddings in some files by key, float32[d] each."""
    with connect() as connection:
        create_view(connection, "vectors", paths)
        for key, vector in fetch(connection, "SELECT key, vector FROM vectors"):
            yield key, np.frombuffer(vector, np.float32)

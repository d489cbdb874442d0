"""Embeddings of works in Parquet files: `work_id`, and `vector` as the bytes of float32[d]."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING

from indexer.stages.tables import connect, write_lines, write_query
from indexer.stages.task import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from indexer.stages.folder import StageFolder

_LINES = {"work_id": "VARCHAR", "vector": "VARCHAR"}


def save_vectors(folder: StageFolder, pages: Iterable[Mapping[str, NDArray[np.float32]]]) -> str:
    """Write embeddings by the ids of their works, float32[d] each; return the name of the file."""
    digest = hashlib.sha256()

    def rows() -> Iterator[tuple[str, str]]:
        for page in pages:
            for id_, vector in sorted(page.items()):
                text = b64encode(vector.tobytes()).decode()
                digest.update(f"{id_} {text}\n".encode())
                yield id_, text

    with folder.scratch() as scratch:
        lines, output = scratch / "rows.jsonl", scratch / "vectors.parquet"
        table = write_lines(lines, _LINES, rows())
        with connect() as connection:
            query = f"SELECT work_id, from_base64(vector) AS vector FROM {table}"  # noqa: S608
            write_query(connection, query, output)
        name = file_name("vectors", digest)
        folder.publish(output, name)
    return name

"""Embeddings of works for evaluations, computed in this process and kept in a file between runs."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING

import numpy as np

from peerscope.embedding import load, work_text
from peerscope.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from indexer.records import Work
    from peerscope.embedding import Embedder
    from peerscope.settings import Settings

#: Works embedded between two writes to the file.
BATCH = 256


class Embeddings:
    """The embeddings of works by id, float32[d]. The file has one row for each text and model."""

    def __init__(self, settings: Settings, works: Iterable[Work]) -> None:
        """Load the model and open the file. Raises EmbeddingError when the model is not available."""
        self._embedder: Embedder = load(settings)
        self._texts = {work.id: work_text(work.title, work.abstract) for work in works}
        path = settings.home / "evaluation" / "embeddings.sqlite"
        create_private(path)
        self._file = sqlite3.connect(path, timeout=300)
        self._file.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def prepare(self, ids: Iterable[str], on_batch: Callable[[int, int], None]) -> None:
        """Read or compute the embeddings of these works; `on_batch` receives how many are done, and the total."""
        ids = sorted(set(ids) & self._texts.keys())
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            missing = [id_ for id_ in batch if not self._read(id_)]
            if missing:
                vectors = self._embedder.embed_works([self._texts[id_] for id_ in missing])
                self._vectors.update(zip(missing, vectors, strict=True))
                with self._file:
                    self._file.executemany(
                        "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                        ((self._key(id_), self._vectors[id_].tobytes()) for id_ in missing),
                    )
            on_batch(start + len(batch), len(ids))

    def __call__(self, ids: Iterable[str]) -> Mapping[str, NDArray[np.float32]]:
        """Return the prepared embeddings among these works."""
        return {id_: self._vectors[id_] for id_ in ids if id_ in self._vectors}

    def _read(self, id_: str) -> bool:
        row = self._file.execute("SELECT vector FROM vectors WHERE key = ?", (self._key(id_),)).fetchone()
        if row:
            self._vectors[id_] = np.frombuffer(row[0], np.float32)
        return row is not None

    def _key(self, id_: str) -> bytes:
        return hashlib.sha256(f"{self._embedder.model.fingerprint}\n{self._texts[id_]}".encode()).digest()

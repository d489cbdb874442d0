"""Embeds the staged works of a run in tasks of one batch each, executed by this process, others, or a cluster.

A task has the texts among its parameters and writes their embeddings to a file, each under a key that stands for model,
version of the code and text. So a killed run loses the tasks that are being executed: the next one finds the others by
their keys, however works are batched then. Embeddings are the same on all processors of one kind, as the packaged
models embed each text by itself.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from indexer.stages.folder import copies_in_pages
from indexer.stages.task import DIGITS, StageError, Step, code_version, stage
from indexer.stages.vectors import as_stored, read_vectors, write_vectors
from indexer.write.background import prefetch
from indexer.write.bulk import ADVICE
from indexer.write.reads import documents
from peerscope.embedding import EmbeddingError, load, work_text
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray
    from opensearchpy import OpenSearch

    from indexer.stages.runner import Runner
    from indexer.staging.database import StagedWork, StagingDatabase
    from indexer.staging.report import Report
    from indexer.write.target import Target
    from mappings.documents import WorkDocument
    from peerscope.embedding import Embedder, ModelDescription

    #: Embeddings, float32[d], by the ids of their works, or by keys.
    Vectors = dict[str, NDArray[np.float32]]

#: Files of embeddings that are copied and read at a time.
FILES = 100
#: The models that this process has loaded, by fingerprint.
_LOADED: dict[str, Embedder] = {}
_LOADING = threading.Lock()


def use_here(embedder: Embedder) -> None:
    """Let the tasks that this process executes use a model that it has loaded."""
    _LOADED[embedder.model.fingerprint] = embedder


def _embedder(name: str, fingerprint: str) -> Embedder:
    """Return the model of a task, loaded at the first task of this process with the settings of its machine.

    A worker has one thread unless PEERSCOPE_THREADS is set, since there is one worker for each core.
    """
    with _LOADING:
        if fingerprint not in _LOADED:
            settings = Settings.load()
            embedder = load(settings.model_copy(update={"threads": settings.threads or 1}), model=name)
            if embedder.model.fingerprint != fingerprint:
                raise StageError(
                    f"A worker has another embedding model under the name {name!r}; install the same model everywhere."
                )
            _LOADED[fingerprint] = embedder
        return _LOADED[fingerprint]


@stage("embed")
def embed_texts(step: Step) -> None:
    """Write the embeddings of `texts` by their keys, in that order, rounded as they are stored."""
    name, fingerprint, texts = (step.parameters[key] for key in ("model", "fingerprint", "texts"))
    vectors = _embedder(name, fingerprint).embed_works(texts)
    keys = (text_key(fingerprint, text) for text in texts)
    write_vectors(step.output, step.scratch, zip(keys, map(as_stored, vectors), strict=True))


def text_key(fingerprint: str, text: str) -> str:
    """Return the key of an embedding: a digest of the model's fingerprint, the version of the code, and the text."""
    content = f"{fingerprint} {code_version()} {text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:DIGITS]


class _Batch(NamedTuple):
    """Works, those of their embeddings that are saved, and the texts of the others by work."""

    works: list[StagedWork]
    saved: Vectors
    texts: dict[str, str]


class _Embedded(NamedTuple):
    """Embeddings by work, and the number of texts that were embedded."""

    vectors: Vectors
    new: int


@dataclass(frozen=True)
class WorkEmbedding:
    """Embeds batches of staged works and saves their embeddings in the staging database."""

    client: OpenSearch
    target: Target
    model: ModelDescription
    staging: StagingDatabase
    report: Report
    runner: Runner
    concurrent_tasks: Callable[[Runner], int]
    """Returns the number of tasks that are handed in at a time."""

    def add_finished(self) -> None:
        """Add the embeddings that an interrupted run has left to the staging database."""
        folder = self.runner.folder
        for paths in copies_in_pages(folder, folder.names(embed_texts.name), FILES):
            self.staging.add_embedded(read_vectors(paths))

    def embed(self, batches: Iterable[list[StagedWork]]) -> Iterator[tuple[list[StagedWork], Vectors]]:
        """Return batches with the embeddings of all their works, in order; the next ones are embedded meanwhile.

        Raises EmbeddingError or StageError, which end the run: the next one keeps what is finished.
        """
        concurrent = self.concurrent_tasks(self.runner)
        for batch, embedded in prefetch(self._embed, map(self._with_saved, batches), concurrent):
            self.staging.save_vectors(embedded.vectors)
            self.report.counts.embedded += embedded.new
            yield batch.works, batch.saved | embedded.vectors

    def _with_saved(self, works: list[StagedWork]) -> _Batch:
        """Return a batch with its saved embeddings, those of an interrupted run included."""
        saved = self.staging.vectors(staged.id for staged in works)
        texts = {
            staged.id: work_text(staged.work.title, staged.work.abstract)
            for staged in works
            if staged.work and staged.id not in saved
        }
        keys = {id_: text_key(self.model.fingerprint, text) for id_, text in texts.items()}
        finished = self.staging.embedded(keys.values())
        found = {id_: finished[key] for id_, key in keys.items() if key in finished}
        self.staging.save_vectors(found)
        return _Batch(works, saved | found, {id_: text for id_, text in texts.items() if id_ not in found})

    def _embed(self, batch: _Batch) -> _Embedded:
        """Return the embeddings of a batch that are not saved, from the index where the text did not change."""
        indexed = self._indexed_vectors([staged for staged in batch.works if staged.id in batch.texts])
        texts = {id_: text for id_, text in batch.texts.items() if id_ not in indexed}
        if not texts:
            return _Embedded(indexed, 0)
        distinct = sorted(set(texts.values()))
        task = embed_texts.task({}, model=self.model.name, fingerprint=self.model.fingerprint, texts=distinct)
        try:
            output = self.runner.run_one(task)
        except EmbeddingError as error:
            raise EmbeddingError(f"{error}. {ADVICE}") from error
        with self.runner.folder.local_copies([output]) as paths:
            vectors = dict(read_vectors(paths))
        new = {id_: vectors[text_key(self.model.fingerprint, text)] for id_, text in texts.items()}
        return _Embedded(indexed | new, len(texts))

    def _indexed_vectors(self, batch: list[StagedWork]) -> Vectors:
        """Return the embeddings of works whose title and abstract did not change."""
        is_rebuild = self.target.replaced is not None
        # Outside of a rebuild, only works with a date are indexed already.
        candidates = [staged for staged in batch if is_rebuild or staged.added_at]
        if self.target.embedded is None or not candidates:
            return {}
        index, ids = self.target.embedded.works, [staged.id for staged in candidates]
        hits = documents(self.client, index, ids, "title,abstract,embedding")
        stored: dict[str, WorkDocument] = {hit["_id"]: hit["_source"] for hit in hits}
        return {
            staged.id: np.asarray(stored[staged.id]["embedding"], np.float32)
            for staged in candidates
            if staged.work
            and staged.id in stored
            and (stored[staged.id]["title"], stored[staged.id]["abstract"]) == (staged.work.title, staged.work.abstract)
        }

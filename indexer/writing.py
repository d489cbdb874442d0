"""embed -> write: the works of a run, each once and whole: researchers found, topics assigned, embedding computed.

What makes a run safe to kill at any moment: works go in one batch after another under their own ids, and before a
batch is written, every researcher it touches is marked in the index `pending`. Researchers are built from the works
in the index, and only then is their mark taken away. The next run finds the works that are written by their content
hash and passes over them, and finds the marks that are left.

OpenSearch takes one batch in while the next is embedded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from embedding import work_text
from indexer.asking import documents
from indexer.assign import FEW, Labelled, assigned
from indexer.beside import Beside
from indexer.bulk import delete_action, index_action, marks, patiently, write
from indexer.documents import stored_vector, work_document
from indexer.report import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from opensearchpy import OpenSearch

    from embedding import Embedder
    from indexer.report import Report
    from indexer.staged import Staged, StagedWork
    from mappings import Generation

#: Works embedded and written together: about three seconds of work, which is what a kill costs.
BATCH = 256


@dataclass(frozen=True)
class Writer:
    """What writing a run's works takes; `before` is the live generation of a rebuild, whose embeddings may hold."""

    client: OpenSearch
    generation: Generation
    embedder: Embedder
    staged: Staged
    report: Report
    before: Generation | None = None

    def embed_ahead(self, going_on: Callable[[], bool], on_batch: Callable[[int, int], None]) -> None:
        """Embed works, in the order in which they will be written, as long as something else is still going on."""
        done, total = 0, len(self.staged)
        for labelled in (True, False):
            for batch in self.staged.to_write(BATCH, labelled=labelled):
                if not going_on():
                    return
                self._vectors(batch)
                done += len(batch)
                on_batch(done, total)

    def write_all(self, on_batch: Callable[[int, int], None]) -> None:
        """Write every staged work and remove those that are to go; `on_batch` is told how many are done, of how many.

        Works with topics come first, since the others learn theirs from them.
        """
        done, total = 0, len(self.staged)
        with Beside() as beside:
            for batch in self.staged.to_remove():
                beside.do(self._remove, batch)
            for labelled in (True, False):
                teachers = None if labelled else self._teachers(beside)
                for batch in self.staged.to_write(BATCH, labelled=labelled):
                    beside.do(self._write, batch, self._documents(batch, teachers))
                    done += len(batch)
                    on_batch(done, total)

    def _teachers(self, beside: Beside) -> Labelled | None:
        """Give the labelled works to learn from; None where there are none, or too few works would learn from them."""
        if self.staged.count(labelled=False) <= FEW:
            return None
        beside.wait()
        patiently(self.client.indices.refresh, index=self.generation.works)
        return Labelled.of(self.client, self.generation, self.staged)

    def _documents(self, batch: list[StagedWork], teachers: Labelled | None) -> list[dict[str, Any]]:
        vectors = self._vectors(batch)
        topics = teachers.votes(vectors) if teachers else [None] * len(batch)
        self.report.counts.topics_assigned += sum(bool(found) for found in topics)
        documents = [self._document(*one) for one in zip(batch, vectors, topics, strict=True)]
        replaced = self._replaced(batch, "added_at")
        for one, document in zip(batch, documents, strict=True):
            first = one.added_at or replaced.get(one.id, {}).get("added_at")
            document["added_at"] = first or document["indexed_at"]
        return documents

    def _document(
        self, one: StagedWork, vector: NDArray[np.float32], topics: list[dict[str, Any]] | None
    ) -> dict[str, Any]:
        assert one.work is not None  # noqa: S101 (only what is written gets here)
        document = work_document(one.work)
        for entry, id_ in zip(document["researchers"], one.researchers, strict=True):
            entry["id"] = id_
        return {
            **document,
            **({} if topics is None else assigned(topics)),
            "embedding": stored_vector(vector),
            "embedding_model": self.embedder.model.name,
            "content_hash": one.content_hash,
            "indexed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }

    def _vectors(self, batch: list[StagedWork]) -> NDArray[np.float32]:
        """Give the embeddings, float32[n, d], and keep them with the staged works.

        Rounded as they are stored, so that what follows from them is the same from here as from the index.
        """
        kept = self.staged.vectors(one.id for one in batch)
        if len(kept) < len(batch):
            missing = [one for one in batch if one.id not in kept]
            found = self._embedded(missing)
            self.staged.keep_vectors(found)
            kept |= found
        return np.stack([kept[one.id] for one in batch])

    def _embedded(self, batch: list[StagedWork]) -> dict[str, NDArray[np.float32]]:
        at_hand = self._at_hand(batch)
        missing = [one for one in batch if one.id not in at_hand]
        texts = [work_text(one.work.title, one.work.abstract) for one in missing if one.work]
        with Stopwatch(self.report, "embed"):
            embedded = self.embedder.embed_works(texts)
        vectors = at_hand | {one.id: stored_vector(vector) for one, vector in zip(missing, embedded, strict=True)}
        return {id_: np.asarray(vector, dtype=np.float32) for id_, vector in vectors.items()}

    def _at_hand(self, batch: list[StagedWork]) -> dict[str, list[float]]:
        """Give the embeddings that the generation before a rebuild has of the very same records and model."""
        known = self._replaced(batch, "content_hash,embedding")
        return {
            one.id: known[one.id]["embedding"]
            for one in batch
            if one.id in known and known[one.id]["content_hash"] == one.content_hash
        }

    def _replaced(self, batch: list[StagedWork], fields: str) -> dict[str, dict[str, Any]]:
        """Give some fields of these works as the generation before a rebuild has them; nothing in any other run."""
        if self.before is None:
            return {}
        found = documents(self.client, self.before.works, [one.id for one in batch], fields)
        return {one["_id"]: one["_source"] for one in found}

    def _write(self, batch: list[StagedWork], documents: list[dict[str, Any]]) -> None:
        touched = {entry["id"] for document in documents for entry in document["researchers"]}
        self._mark(batch, touched)
        with Stopwatch(self.report, "write"):
            write(
                self.client,
                (index_action(self.generation.works, document["id"], document) for document in documents),
            )

    def _remove(self, batch: list[StagedWork]) -> None:
        self._mark(batch, set())
        write(self.client, (delete_action(self.generation.works, one.id) for one in batch))

    def _mark(self, batch: list[StagedWork], touched: set[str]) -> None:
        former = {author.researcher_id for one in batch for author in one.former}
        write(self.client, marks(self.generation.pending, touched | former))

"""embed -> write: the works of a run, each once and whole: researchers found, topics assigned, embedding computed.

What makes a run safe to kill at any moment: works go in one batch after another under their own ids, and before a
batch is written, every researcher it touches is marked in the index `pending`. Researchers are built from the works
in the index, and only then is their mark taken away. The next run finds the works that are written by their content
hash and passes over them, and finds the marks that are left.

One batch is embedded while the documents of the one before are made, and OpenSearch takes in the one before that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.build.assigned_topics import FEW, Labelled, assigned
from indexer.build.documents import stored_vector, work_document
from indexer.staging.report import Stopwatch
from indexer.write.background import BackgroundTasks, prefetch
from indexer.write.bulk import delete_action, index_action, pending_actions, with_retries, write
from indexer.write.reads import documents
from peerscope.embedding import work_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from opensearchpy import OpenSearch

    from indexer.staging.database import StagedWork, StagingDatabase
    from indexer.staging.report import Report
    from indexer.write.target import Target
    from mappings import Generation
    from peerscope.embedding import Embedder

    #: Embeddings, float32[d], by the ids of their works.
    Vectors = dict[str, NDArray[np.float32]]

#: Works embedded and written together: about three seconds of work, which is what a kill costs.
BATCH = 256


@dataclass(frozen=True)
class Writer:
    """What writing a run's works takes; `target` knows the generations before this one."""

    client: OpenSearch
    generation: Generation
    embedder: Embedder
    staged: StagingDatabase
    report: Report
    target: Target
    _marked: set[str] = field(default_factory=set, init=False, repr=False)

    def embed_ahead(self, going_on: Callable[[], bool], on_batch: Callable[[int, int], None]) -> None:
        """Embed works, in the order in which they will be written, as long as something else is still going on."""
        done, total = 0, len(self.staged)
        for labelled in (True, False):
            for batch in self.staged.to_write(BATCH, labelled=labelled):
                if not going_on():
                    return
                self.staged.save_vectors(self._embedded(self._with_kept(batch)))
                done += len(batch)
                on_batch(done, total)

    def write_all(self, on_batch: Callable[[int, int], None]) -> None:
        """Write every staged work and remove those that are to go; `on_batch` is told how many are done, of how many.

        Works with topics come first, since the others learn theirs from them.
        """
        done, total = 0, len(self.staged)
        with BackgroundTasks() as tasks:
            for batch in self.staged.to_remove():
                tasks.submit(self._remove, batch)
            for labelled in (True, False):
                teachers = None if labelled else self._teachers(tasks)
                batches = map(self._with_kept, self.staged.to_write(BATCH, labelled=labelled))
                for (batch, kept), embedded in prefetch(self._embedded, batches):
                    self.staged.save_vectors(embedded)
                    vectors = np.stack([(kept | embedded)[one.id] for one in batch])
                    tasks.submit(self._write, batch, self._documents(batch, vectors, teachers))
                    done += len(batch)
                    on_batch(done, total)

    def _teachers(self, tasks: BackgroundTasks) -> Labelled | None:
        """Return the labelled works to learn from; None where there are none or few works would use them."""
        if self.staged.count(labelled=False) <= FEW:
            return None
        tasks.wait()
        with_retries(self.client.indices.refresh, index=self.generation.works)
        return Labelled.of(self.client, self.generation, self.staged)

    def _documents(
        self, batch: list[StagedWork], vectors: NDArray[np.float32], teachers: Labelled | None
    ) -> list[dict[str, Any]]:
        topics = teachers.votes(vectors) if teachers else [None] * len(batch)
        self.report.counts.topics_assigned += sum(bool(found) for found in topics)
        documents = [self._document(*one) for one in zip(batch, vectors, topics, strict=True)]
        replaced = self._known(self.target.replaced, batch, "added_at")
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

    def _with_kept(self, batch: list[StagedWork]) -> tuple[list[StagedWork], Vectors]:
        """Return a batch with its embeddings that this run, or an earlier killed one, has already made."""
        return batch, self.staged.vectors(one.id for one in batch)

    def _embedded(self, batch_and_kept: tuple[list[StagedWork], Vectors]) -> Vectors:
        """Return the embeddings that are not kept yet.

        Rounded as they are stored, so that what follows from them is the same from here as from the index.
        """
        batch = [one for one in batch_and_kept[0] if one.id not in batch_and_kept[1]]
        at_hand = self._at_hand(batch)
        missing = [one for one in batch if one.id not in at_hand]
        texts = [work_text(one.work.title, one.work.abstract) for one in missing if one.work]
        with Stopwatch(self.report, "embed"):
            embedded = self.embedder.embed_works(texts)
        self.report.counts.embedded += len(texts)
        vectors = at_hand | {one.id: stored_vector(vector) for one, vector in zip(missing, embedded, strict=True)}
        return {id_: np.asarray(vector, dtype=np.float32) for id_, vector in vectors.items()}

    def _at_hand(self, batch: list[StagedWork]) -> dict[str, list[float]]:
        """Return the embeddings of texts that did not change, whatever else of their records did."""
        rebuilt = self.target.replaced is not None
        # Outside of a rebuild the works with a date are those that were there, and the others need not be looked for.
        there = [one for one in batch if rebuilt or one.added_at]
        known = self._known(self.target.embedded, there, "title,abstract,embedding")
        return {
            one.id: known[one.id]["embedding"]
            for one in there
            if one.work and one.id in known and _text(known[one.id]) == (one.work.title, one.work.abstract)
        }

    def _known(self, generation: Generation | None, batch: list[StagedWork], fields: str) -> dict[str, dict[str, Any]]:
        """Return some fields of these works as another generation has them."""
        if generation is None or not batch:
            return {}
        found = documents(self.client, generation.works, [one.id for one in batch], fields)
        return {one["_id"]: one["_source"] for one in found}

    def _write(self, batch: list[StagedWork], documents: list[dict[str, Any]]) -> None:
        self._mark(batch)
        with Stopwatch(self.report, "write"):
            write(
                self.client,
                (index_action(self.generation.works, document["id"], document) for document in documents),
            )

    def _remove(self, batch: list[StagedWork]) -> None:
        self._mark(batch)
        write(self.client, (delete_action(self.generation.works, one.id) for one in batch))

    def _mark(self, batch: list[StagedWork]) -> None:
        """Mark whoever has these works or had them, once in a run: no mark is taken away before all is written."""
        works = {
            id_: one.id for one in batch for id_ in (*one.researchers, *(author.researcher_id for author in one.former))
        }
        new = works.keys() - self._marked
        write(self.client, pending_actions(self.generation.pending, {id_: works[id_] for id_ in new}))
        self._marked.update(new)


def _text(stored: dict[str, Any]) -> tuple[str, str | None]:
    return stored["title"], stored["abstract"]

"""embed -> write: writes each work of a run once, complete: authors identified, topics assigned, embedded.

A run can be killed at any moment: works are written in batches under their own ids, and before a batch is written, each
researcher that it concerns is marked as pending. Researchers are built from the works in the index, and only then do
they stop being pending. The next run recognises written works by their content hash, and finds the pending researchers.

One batch is embedded while the documents of the batch before are made, and OpenSearch receives the batch before that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from time import sleep
from typing import TYPE_CHECKING

import numpy as np

from indexer.build.assigned_topics import FEW, LabelledWorks, assigned_fields
from indexer.build.documents import KNOWN_NAMES, UNKNOWN_ORIGIN, work_document
from indexer.build.researcher_tasks import facts_of
from indexer.staging.report import Stopwatch
from indexer.write.background import BackgroundTasks
from indexer.write.bulk import delete_action, index_action, pending_actions, with_retries, write
from indexer.write.reads import documents
from mappings.signatures import SIGNED_FIELDS, are_signed_records, is_signed_work, records_signature, work_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from opensearchpy import OpenSearch

    from indexer.build.embedding import WorkEmbedding
    from indexer.institutions import Registry
    from indexer.staging.database import StagedWork, StagingDatabase
    from indexer.staging.report import Report
    from indexer.write.target import Target
    from mappings import Generation
    from mappings.documents import AssignedTopic, WorkDocument
    from peerscope.signing import Signer

#: Works embedded and written together: about three seconds of two cores, which is what a kill costs.
BATCH = 256
#: Works whose stored embeddings are read together.
PAGE = 1_000
#: Seconds between two checks for requests of the process that identifies authors.
POLL = 0.05


@dataclass(frozen=True)
class WorkWriter:
    """Writes the staged works of a run, embedded."""

    client: OpenSearch
    generation: Generation
    embedding: WorkEmbedding
    staging: StagingDatabase
    report: Report
    target: Target
    signer: Signer | None = None
    """Signs the ORCID iDs of works that were read from a source."""
    registry: Registry = KNOWN_NAMES
    is_copy: bool = False
    """Whether the works were read from the replaced generation: then only what was signed there is signed again."""
    writers: int = 1
    """Bulk requests that are sent at a time."""
    _marked: set[str] = field(default_factory=set, init=False, repr=False)

    def embed_while(self, is_running: Callable[[], bool], on_batch: Callable[[int, int], None]) -> None:
        """Embed works as long as authors are being identified: requested works first, others in the order of writing.

        Everything that is requested has been delivered when this returns.
        """
        done, total = 0, len(self.staging)
        batches = chain.from_iterable(self.staging.to_write(BATCH, labelled=labelled) for labelled in (True, False))
        while is_running():
            for batch, _ in self.embedding.embed(self._unless_requested(batches, is_running)):
                done += len(batch)
                on_batch(done, total)
            if self.staging.is_requested:
                self._deliver_vectors(is_running)
            else:
                sleep(POLL)

    def _unless_requested(
        self, batches: Iterator[list[StagedWork]], is_running: Callable[[], bool]
    ) -> Iterator[list[StagedWork]]:
        """Return batches until embeddings are requested or authors are identified; the others stay in `batches`."""
        while is_running() and not self.staging.is_requested and (batch := next(batches, None)):
            yield batch

    def _deliver_vectors(self, is_running: Callable[[], bool]) -> None:
        """Save the embeddings that are evidence on authors: of works of this run, and of works in the index."""
        for _ in self.embedding.embed(self.staging.wanted(BATCH)):
            if not is_running():
                return
        known = self.staging.wanted_known()
        for start in range(0, len(known), PAGE):
            hits = documents(self.client, self.generation.works, known[start : start + PAGE], "embedding")
            vectors = {hit["_id"]: np.asarray(hit["_source"]["embedding"], dtype=np.float32) for hit in hits}
            self.staging.save_known_vectors(vectors)
        self.staging.deliver_vectors()

    def write_all(self, on_batch: Callable[[int, int], None]) -> None:
        """Write every staged work and delete those to remove; `on_batch` receives how many are done, and the total.

        Works with topics come first, since the topics of the others are suggested by them. Raises EmbeddingError.
        """
        done, total = 0, len(self.staging)
        with BackgroundTasks(self.writers) as tasks:
            labelled_works = None
            for labelled, last in ((True, False), (False, False), (None, True)):
                if labelled is False:
                    labelled_works = self._labelled_works(tasks)
                batches = self.staging.to_write(BATCH, labelled=labelled, last=last)
                for batch, embedded in self.embedding.embed(batches):
                    vectors = np.stack([embedded[staged.id] for staged in batch])
                    documents = self._documents(batch, vectors, labelled_works)
                    self.staging.save_facts((document["id"], facts_of(document)) for document in documents)
                    tasks.submit(self._write, batch, documents)
                    done += len(batch)
                    on_batch(done, total)
                tasks.wait()
            # Only now: the records of a work that was merged are in the index twice rather than not at all.
            for batch in self.staging.to_remove():
                tasks.submit(self._remove, batch)

    def _labelled_works(self, tasks: BackgroundTasks) -> LabelledWorks | None:
        """Return the works that suggest topics; None when none has topics, or few works lack them."""
        if self.staging.count(labelled=False) <= FEW:
            return None
        tasks.wait()
        with_retries(self.client.indices.refresh, index=self.generation.works)
        return LabelledWorks.read(self.client, self.generation, self.staging)

    def _documents(
        self, batch: list[StagedWork], vectors: NDArray[np.float32], labelled_works: LabelledWorks | None
    ) -> list[WorkDocument]:
        topics = _suggested(labelled_works, batch, vectors)
        self.report.counts.topics_assigned += sum(bool(assigned) for assigned in topics)
        documents = [self._document(*parts) for parts in zip(batch, vectors, topics, strict=True)]
        replaced = self._stored(
            self.target.replaced, batch, ",".join(["added_at", "records", "records_signature", *SIGNED_FIELDS])
        )
        for staged, document in zip(batch, documents, strict=True):
            if staged.added_at:
                document["added_at"] = staged.added_at
            elif staged.id in replaced:
                document["added_at"] = replaced[staged.id].get("added_at", document["added_at"])
            document["orcid_signature"] = self._signature(document, replaced.get(staged.id))
            document["records_signature"] = self._records_signature(document, replaced.get(staged.id))
        return documents

    def _signature(self, document: WorkDocument, replaced: WorkDocument | None) -> str | None:
        if self.signer is None or (self.is_copy and not _has_signed_orcids(self.signer, document, replaced)):
            return None
        return work_signature(self.signer, document)

    def _records_signature(self, document: WorkDocument, replaced: WorkDocument | None) -> str | None:
        if self.signer is None or (self.is_copy and not (replaced and are_signed_records(self.signer, replaced))):
            return None
        return records_signature(self.signer, document["id"], document["records"])

    def _document(
        self, staged: StagedWork, vector: NDArray[np.float32], topics: list[AssignedTopic] | None
    ) -> WorkDocument:
        assert staged.work is not None  # noqa: S101 (only works to write get here)
        document = work_document(
            staged.work,
            staged.researchers,
            vector=vector,
            model=self.embedding.model.name,
            digest=staged.content_hash,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            registry=self.registry,
            provenance=staged.provenance or UNKNOWN_ORIGIN,
        )
        return document if topics is None else {**document, **assigned_fields(topics)}

    def _stored(self, generation: Generation | None, batch: list[StagedWork], fields: str) -> dict[str, WorkDocument]:
        """Return some fields of these works by id, as another generation has them."""
        if generation is None or not batch:
            return {}
        hits = documents(self.client, generation.works, [staged.id for staged in batch], fields)
        return {hit["_id"]: hit["_source"] for hit in hits}

    def _write(self, batch: list[StagedWork], documents: list[WorkDocument]) -> None:
        self._mark_pending(batch)
        with Stopwatch(self.report, "write"):
            write(
                self.client,
                (index_action(self.generation.works, document["id"], document) for document in documents),
            )

    def _remove(self, batch: list[StagedWork]) -> None:
        self._mark_pending(batch)
        write(self.client, (delete_action(self.generation.works, staged.id) for staged in batch))

    def _mark_pending(self, batch: list[StagedWork]) -> None:
        """Mark the present and former researchers of these works as pending, once in a run.

        Once is enough: none stops being pending before all works are written. Two writers may mark one twice.
        """
        works = {
            researcher_id: staged.id
            for staged in batch
            for researcher_id in (*staged.researchers, *(author.researcher_id for author in staged.former))
        }
        new = {id_: work_id for id_, work_id in works.items() if id_ not in self._marked}
        write(self.client, pending_actions(self.generation.pending, new))
        self._marked.update(new)


def _suggested(
    labelled_works: LabelledWorks | None, batch: list[StagedWork], vectors: NDArray[np.float32]
) -> list[list[AssignedTopic] | None]:
    """Return the topics to assign to each work; None where they are not looked for, as for a work with topics."""
    missing = [number for number, staged in enumerate(batch) if staged.work and not staged.work.topics]
    topics: list[list[AssignedTopic] | None] = [None] * len(batch)
    if labelled_works and missing:
        for number, assigned in zip(missing, labelled_works.suggest(vectors[missing]), strict=True):
            topics[number] = assigned
    return topics


def _has_signed_orcids(signer: Signer, document: WorkDocument, replaced: WorkDocument | None) -> bool:
    """Return whether the ORCID iDs of a document are those that are signed in the document that it replaces."""
    if replaced is None or not is_signed_work(signer, replaced):
        return False
    before, after = ([entry["orcid"] for entry in work["researchers"]] for work in (replaced, document))
    return before == after

"""researcher-documents: the stage that builds documents of researchers from their works, and the files of its tasks.

A task reads a file of JSON lines: the researchers, each with the reasons why their works are one person's, then every
work that one of them has. It writes one line for each researcher, in the same order.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import orjson

from indexer.build.documents import IndexedWork, researcher_summary
from indexer.stages.task import Step, file_name, stage
from indexer.staging.database import MergeReasons
from peerscope.private_files import open_private

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from indexer.stages.folder import StageFolder
    from mappings.documents import WorkDocument

#: The fields of works from which researchers are built, besides embeddings.
WORK_FIELDS = ("id", "title", "year", "topics", "assigned_topics", "researchers", "institutions", "embedding_model")
#: The line of a researcher without works.
NO_WORKS = b"null\n"


class PendingResearcher(NamedTuple):
    """A researcher to build, and why their works are one person's: sentences and groups as JSON, None without joins."""

    id: str
    sentences: str | None
    identity: str | None


class ResearcherWork(NamedTuple):
    """A work of researchers: its `facts_of`, and its embedding, float32[d]."""

    facts: bytes
    vector: NDArray[np.float32]


def facts_of(work: WorkDocument) -> bytes:
    """Return the fields of a work from which researchers are built, as JSON."""
    return orjson.dumps({field: work[field] for field in WORK_FIELDS if field in work})  # type: ignore[literal-required]


def write_works(folder: StageFolder, researchers: Iterable[PendingResearcher], works: Iterable[ResearcherWork]) -> str:
    """Write the input of a task; return the name of the file."""
    digest = hashlib.sha256()
    with folder.scratch() as scratch:
        path = scratch / "works.jsonl"
        with open_private(path, "wb") as file:
            for line in _lines(researchers, works):
                digest.update(line)
                file.write(line)
        name = file_name("researcher-works", digest, "jsonl")
        folder.publish(path, name)
    return name


def _lines(researchers: Iterable[PendingResearcher], works: Iterable[ResearcherWork]) -> Iterable[bytes]:
    yield orjson.dumps([list(researcher) for researcher in researchers]) + b"\n"
    for work in works:
        entry = {"work": orjson.Fragment(work.facts), "vector": b64encode(work.vector.tobytes()).decode()}
        yield orjson.dumps(entry) + b"\n"


@stage("researcher-documents", "jsonl")
def build_documents(step: Step) -> None:
    """Write the summary of each researcher in `works`, a file of `write_works`; null for one without works."""
    with step.file("works").open("rb") as lines, open_private(step.output, "wb") as output:
        researchers = [PendingResearcher(*row) for row in orjson.loads(next(lines))]
        requested = {researcher.id for researcher in researchers}
        works: dict[str, list[IndexedWork]] = defaultdict(list)
        vectors: dict[str, Any] = {}
        for line in lines:
            entry = orjson.loads(line)
            work = IndexedWork(cast("WorkDocument", entry["work"]))
            vectors[work.id] = np.frombuffer(b64decode(entry["vector"]), np.float32)
            for id_ in requested & work.authorships.keys():
                works[id_].append(work)
        for researcher in researchers:
            own = works.get(researcher.id)
            output.write(_summary(researcher, own, vectors) if own else NO_WORKS)


def _summary(researcher: PendingResearcher, works: list[IndexedWork], vectors: dict[str, Any]) -> bytes:
    reasons = None
    if researcher.sentences and researcher.identity:
        sentences, identity = orjson.loads(researcher.sentences), orjson.loads(researcher.identity)
        reasons = MergeReasons(researcher.id, sentences, identity)
    summary = researcher_summary(researcher.id, works, vectors, reasons)
    return orjson.dumps(summary, option=orjson.OPT_APPEND_NEWLINE)

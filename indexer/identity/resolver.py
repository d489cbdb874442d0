"""Resolve all authors in a separate process, while the main process embeds the works.

It needs one core and the memory of all authors: next to embedding it takes half the time of doing one after the other,
and its memory is released at the end. Input and output are in the staging database.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from sys import intern
from time import sleep
from typing import TYPE_CHECKING

from indexer.identity.context import Context
from indexer.identity.corpus import blocks_of, frequent_works, resolve
from indexer.identity.groups import identity_of, supporting
from indexer.identity.ids import assign_ids
from indexer.identity.keys import identity_key, researcher_id, without_shared_ids
from indexer.identity.mentions import MentionKey, mentions_of
from indexer.identity.weights import Weights
from indexer.staging.database import MergeReasons, StagingDatabase
from peerscope.errors import PeerscopeError
from peerscope.memory import peak_mb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from indexer.identity.clusters import Cluster, Link
    from indexer.identity.mentions import Mention
    from indexer.identity.overrides import Overrides
    from indexer.records import Work
    from indexer.staging.changes import FormerAuthor
    from indexer.staging.database import ProbableDuplicate


#: Seconds between two checks for delivered embeddings.
POLL = 0.1


class ResolverError(PeerscopeError):
    """The process that resolves authors failed."""


class ResolverProcess:
    """The process that resolves all authors of a staging database; it ends when its parent ends, even if killed."""

    def __init__(self, path: Path, overrides: Overrides) -> None:
        """Start the process."""
        # Not forked: a process that has loaded a model and runs threads cannot be copied safely. Not with
        # `multiprocessing`: that would run the caller's main module a second time.
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", __name__, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(part or os.getcwd() for part in sys.path)},
        )
        assert self._process.stdin is not None  # noqa: S101 (it is a pipe)
        with suppress(BrokenPipeError):  # the process has ended; `wait` raises
            pickle.dump(overrides, self._process.stdin)
            self._process.stdin.flush()

    @property
    def is_running(self) -> bool:
        """Whether there is no result yet."""
        return self._process.poll() is None

    def wait(self) -> float:
        """Wait for the result; return the peak memory of the process in MB.

        Raises ResolverError when the process failed; it has printed the reason.
        """
        if code := self._process.wait():
            raise ResolverError(
                f"Identifying the authors failed (exit code {code}; -9 means that the process was killed, perhaps "
                "because memory was short). Nothing is lost: run the same command again."
            )
        assert self._process.stdout is not None  # noqa: S101 (it is a pipe)
        return float(self._process.stdout.read())

    def stop(self) -> None:
        """End the process, whether it has finished or not."""
        self._process.terminate()
        with self._process:
            pass


def main() -> None:
    """Run in the process: the path of the database is the argument, the overrides come through standard input."""
    overrides = pickle.load(sys.stdin.buffer)  # noqa: S301 (from our parent)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with StagingDatabase(Path(sys.argv[1]), join=True) as staged:
        resolve_all(staged, overrides, requests_vectors=True)
    sys.stdout.write(f"{peak_mb():.0f}\n")


def _end_with_parent() -> None:
    """Wait for the end of the pipe, which closes when the parent ends, even if killed; then exit."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


@dataclass
class Authors:
    """All authors: their mentions, the current researcher id of each, and the counts against which they are weighed."""

    mentions: list[Mention] = field(default_factory=list)
    researcher_ids: dict[MentionKey, str] = field(default_factory=dict)
    context: Context = field(default_factory=Context)

    def add(self, work: Work, ids: Iterable[str]) -> None:
        """Add the authors of a work, with the current researcher id of each."""
        mentions = mentions_of(work)
        self.context.add(mentions)
        self.mentions += mentions
        self.researcher_ids.update(zip((mention.key for mention in mentions), ids, strict=True))


def resolve_all(staged: StagingDatabase, overrides: Overrides, *, requests_vectors: bool = False) -> None:
    """Resolve the authors of all works, known and staged; store their researcher ids and the reasons of merges.

    With `requests_vectors`, another process delivers the embeddings of works of frequent names (`deliver_vectors`).
    """
    authors = read_authors(staged)
    redirects = staged.redirects(new=False)
    blocks = blocks_of(authors.mentions)
    if requests_vectors:
        wanted = frequent_works(blocks, authors.context)
        staged.request_vectors(wanted)
        authors.context.vectors = DeliveredVectors(staged) if wanted else None
    resolution = resolve(blocks, Weights(), authors.context)
    clusters = overrides.apply(resolution.clusters, authors.researcher_ids, redirects)
    # An id that has redirected to another researcher is never used again.
    assignment = assign_ids(clusters, authors.researcher_ids, taken=redirects.keys())
    staged.add_redirects(assignment.redirects, new=True)
    staged.save_researchers(_by_work(authors.mentions, assignment.ids))
    duplicates = _probable_duplicates(resolution.probable_duplicates, assignment.ids)
    staged.save_merge_reasons(_merge_reasons(clusters, assignment.ids), duplicates)


class DeliveredVectors:
    """The requested embeddings of works. The first use waits until they are delivered."""

    def __init__(self, staged: StagingDatabase) -> None:
        """Store the database."""
        self._staged = staged
        self._is_ready = False

    def __call__(self, ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the embeddings of these works, float32[d] each."""
        while not self._is_ready:
            self._is_ready = self._staged.is_delivered
            if not self._is_ready:
                sleep(POLL)
        return self._staged.all_vectors(ids)


def read_authors(staged: StagingDatabase) -> Authors:
    """Return the authors of all works, ordered by work id, so that the order never depends on earlier runs."""
    authors = Authors()
    for entry in staged.authored_works():
        ids = provisional_ids(entry.work, entry.former) if entry.before is None else map(intern, entry.before)
        authors.add(entry.work, ids)
    return authors


def provisional_ids(work: Work, former: Sequence[FormerAuthor]) -> list[str]:
    """Return the initial ids of a work's authors: that of the same name on its stored version, else a new one.

    A corrected title therefore keeps all ids. The id of a name that is merged in the same run becomes a redirect like
    any other: a smaller collection, indexed before, may have used it.
    """
    ids = {(author.position, author.name): author.researcher_id for author in former}
    return [
        ids.get((position, author.name)) or intern(researcher_id(identity_key(author)))
        for position, author in enumerate(without_shared_ids(work.authors), 1)
    ]


def _by_work(mentions: Iterable[Mention], ids: Mapping[MentionKey, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each work's id with its researcher ids; `mentions` are grouped by work, in the order of the authors."""
    for work_id, group in groupby(mentions, key=lambda mention: mention.work.id):
        yield work_id, [ids[mention.key] for mention in group]


def _merge_reasons(clusters: Iterable[Cluster], ids: Mapping[MentionKey, str]) -> Iterator[MergeReasons]:
    for cluster in clusters:
        if cluster.links:
            yield MergeReasons(ids[cluster.key], cluster.describe(), identity_of(cluster))


def _probable_duplicates(links: Iterable[Link], ids: Mapping[MentionKey, str]) -> Iterator[ProbableDuplicate]:
    """Yield the pairs that were nearly joined, the most likely first; not those that a decision joined since."""
    for link in sorted(links, key=lambda link: (-link.score, link.left.key, link.right.key)):
        left, right = ids[link.left.key], ids[link.right.key]
        if left != right:
            yield {
                "left": {"id": left, "name": link.left.name, "works": link.left.size},
                "right": {"id": right, "name": link.right.name, "works": link.right.size},
                "score": link.score,
                "evidence": supporting(link),
                "sentence": link.describe("may be the same person as"),
            }


if __name__ == "__main__":
    main()

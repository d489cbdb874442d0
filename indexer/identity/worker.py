"""Who is behind each name, found in a process of its own while the works are embedded.

It needs one core and the memory of all authors, and neither belongs to embedding: beside each other they take half the
time that they take in turn, and the memory is given back at the end. What goes in and what comes out stands in the
file of staged works.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING

from indexer.identity.context import Context
from indexer.identity.corpus import blocks_of, resolve
from indexer.identity.ids import assign_ids
from indexer.identity.keys import identity_key, researcher_id
from indexer.identity.mentions import MentionKey, mentions_of
from indexer.identity.weights import Weights
from indexer.staging.database import StagingDatabase
from peerscope.memory import peak_mb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from indexer.identity.clusters import Cluster
    from indexer.identity.mentions import Mention
    from indexer.identity.overrides import Overrides
    from indexer.records import Work
    from indexer.staging.changes import FormerAuthor


class ResolvingError(Exception):
    """The process did not come to its end; the message says how it ended."""


class Resolving:
    """The process that resolves all authors of a file of staged works; it ends when this one does, however that is."""

    def __init__(self, path: Path, overrides: Overrides) -> None:
        """Start it."""
        # Not forked: a process that has a model loaded and threads running cannot be copied safely. Not by
        # `multiprocessing`: that would run the caller's main module a second time.
        self._process = subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-m", __name__, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(part or os.getcwd() for part in sys.path)},
        )
        assert self._process.stdin is not None  # noqa: S101 (it is a pipe)
        with suppress(BrokenPipeError):  # then it has ended, and `wait` says so
            pickle.dump(overrides, self._process.stdin)
            self._process.stdin.flush()

    @property
    def is_running(self) -> bool:
        """Whether there is no answer yet."""
        return self._process.poll() is None

    def wait(self) -> float:
        """Wait for the answer; give the most memory that it took, in MB.

        Raises ResolvingError when there will be none; why, the process has printed.
        """
        if code := self._process.wait():
            raise ResolvingError(
                f"Finding out who the authors are broke off (exit code {code}; -9: it was killed, perhaps for want of "
                "memory). Nothing is lost: run the same command again."
            )
        assert self._process.stdout is not None  # noqa: S101 (it is a pipe)
        return float(self._process.stdout.read())

    def stop(self) -> None:
        """End it, answer or not."""
        self._process.terminate()
        with self._process:
            pass


def main() -> None:
    """Do what `Resolving` has started: the file is named on the command line, the overrides come through the pipe."""
    overrides = pickle.load(sys.stdin.buffer)  # noqa: S301 (from our parent)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with StagingDatabase(Path(sys.argv[1]), join=True) as staged:
        resolve_all(staged, overrides)
    # By itself: what the system says of children begins with the memory of the parent that started them.
    sys.stdout.write(f"{peak_mb():.0f}\n")


def _end_with_parent() -> None:
    """Wait for the end of the pipe, which comes when the parent is gone, even killed."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


@dataclass
class Authors:
    """All authors: their mentions, the researcher each has now, and the counts to weigh them by."""

    mentions: list[Mention] = field(default_factory=list)
    stored: dict[MentionKey, str] = field(default_factory=dict)
    context: Context = field(default_factory=Context)

    def add(self, work: Work, ids: Iterable[str]) -> None:
        """Take in the authors of a work, with the researcher that each has."""
        mentions = mentions_of(work)
        self.context.add(mentions)
        self.mentions += mentions
        self.stored.update(zip((mention.key for mention in mentions), ids, strict=True))


def resolve_all(staged: StagingDatabase, overrides: Overrides) -> None:
    """Resolve the authors of all works, known and staged, and put into the file who they are, and why."""
    authors = read_authors(staged)
    aliases = staged.redirects(new=False)
    resolution = resolve(blocks_of(authors.mentions), Weights(), authors.context)
    clusters = overrides.apply(resolution.clusters, authors.stored, aliases)
    # An id that led to somebody else once is not given to anyone again.
    assignment = assign_ids(clusters, authors.stored, taken=aliases.keys())
    staged.add_redirects(assignment.aliases, new=True)
    staged.save_researchers(_by_work(authors.mentions, assignment.ids))
    near = (link.describe("may be the same person as") for link in resolution.probable_duplicates)
    staged.save_merge_reasons(_because(clusters, assignment.ids), near)


def read_authors(staged: StagingDatabase) -> Authors:
    """Read the authors of all works, in the order of the works' ids: however many runs brought them in, it is one."""
    authors = Authors()
    for one in staged.authored_works():
        ids = provisional_ids(one.work, one.former) if one.before is None else map(intern, one.before)
        authors.add(one.work, ids)
    return authors


def provisional_ids(work: Work, former: Sequence[FormerAuthor]) -> list[str]:
    """Return the ids that a work's authors begin with: that of its stored version for the same name, else a new one.

    So a corrected title does not take anybody's id away. The id of a name that is merged at once becomes an alias as
    any other does: a smaller collection, indexed before, may have had it.
    """
    ids = {(author.position, author.name): author.researcher_id for author in former}
    return [
        ids.get((position, author.name)) or intern(researcher_id(identity_key(author)))
        for position, author in enumerate(work.authors, 1)
    ]


def _by_work(mentions: Iterable[Mention], ids: Mapping[MentionKey, str]) -> Iterator[tuple[str, list[str]]]:
    """Return each work's id with its researchers; mentions come work by work, in the order of the authors."""
    found: list[str] = []
    last: str | None = None
    for mention in mentions:
        if last is not None and mention.work.id != last:
            yield last, found
            found = []
        last = mention.work.id
        found.append(ids[mention.key])
    if last is not None:
        yield last, found


def _because(clusters: Iterable[Cluster], ids: Mapping[MentionKey, str]) -> dict[str, list[str]]:
    return {ids[cluster.key]: cluster.describe() for cluster in clusters if cluster.links}


if __name__ == "__main__":
    main()

"""Time and memory of identifying authors in stages: `python -m benchmarks.scaling --works 97000 --more 1000`.

More works than the corpora have are made of them: every copy has other people (each word of a name is replaced by
another one of the same corpus, the same in the whole copy), other words in titles, and other ids. Embeddings are
stand-ins, so that only identity is measured. Nothing is indexed: between runs, a file keeps the records and the ids of
researchers. With `--more`, a second run adds works, and a third one changes one record.
"""

from __future__ import annotations

import gzip
import resource
import sqlite3
import tempfile
import time
import zlib
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np
import orjson
from rich.console import Console

from benchmarks.targets import data_folder
from indexer.identity.epochs import history, kept_files
from indexer.identity.overrides import Overrides
from indexer.identity.resolver import Resolver
from indexer.records import parse_work
from indexer.run.progress import stage_table
from indexer.stages.execution import Execution
from indexer.staging.changes import Change, FormerAuthor
from indexer.staging.database import StagingDatabase
from peerscope.memory import peak_mb
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from indexer.identity.epochs import Epoch
    from indexer.stages.runner import StageSummary

CORPORA = ("corpora/acl-sample.jsonl.gz", "corpora/arxiv-2007-2017.jsonl.gz")
DIMENSIONS = 384
#: Embeddings saved at a time.
PAGE = 1_000
#: Stands for the UUID of an index.
INDEX = "benchmark"


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a file."""
    with gzip.open(path, "rb") as lines:
        yield from map(orjson.loads, lines)


class Multiplier:
    """Makes copies of a corpus with other people and texts; people keep their co-authors."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read the words of names and titles."""
        self._paths = paths
        given: dict[str, None] = {}
        family: dict[str, None] = {}
        title: dict[str, None] = {}
        for path in paths:
            for record in read(path):
                title.update(dict.fromkeys(record["title"].split()))
                for author in record.get("authors", ()):
                    *first, last = author["name"].split() or [""]
                    given.update(dict.fromkeys(first))
                    family[last] = None
        self._given, self._family, self._title = map(list, (given, family, title))

    def works(self) -> Iterator[dict[str, Any]]:
        """Yield the corpus as it is, then copies of it without end."""
        for copy in count():
            for path in self._paths:
                for record in read(path):
                    yield self._varied(record, copy) if copy else record

    def _varied(self, record: dict[str, Any], copy: int) -> dict[str, Any]:
        return {
            "id": f"{record['id']}-{copy}",
            "title": " ".join(_other(word, self._title, copy) for word in record["title"].split()),
            "authors": [self._author(author, copy) for author in record.get("authors", ())],
            "year": record.get("year"),
            "venue": record.get("venue"),
            "topics": record.get("topics", ()),
            "references": [f"{id_}-{copy}" for id_ in record.get("references", ())],
        }

    def _author(self, author: dict[str, Any], copy: int) -> dict[str, Any]:
        *first, last = author["name"].split() or [""]
        name = " ".join([*(_other(word, self._given, copy) for word in first), _other(last, self._family, copy)])
        varied = {"name": name, "affiliation": author.get("affiliation")}
        if id_ := author.get("id"):
            varied["id"] = f"{id_}-{copy}"
        return varied


def _other(word: str, pool: Sequence[str], copy: int) -> str:
    """Return the word of the pool that replaces a word in a copy; initials stay."""
    if len(word.strip(".")) < 2:
        return word
    return pool[zlib.crc32(f"{copy} {word}".encode()) % len(pool)]


class Collection:
    """Works that were identified, with the researcher ids of their authors, in a file instead of an index."""

    def __init__(self, home: Path, workers: int) -> None:
        """Start without works; `home` contains the files of runs."""
        self.home, self.execution = home, Execution(str(home / "stages"), workers)
        self.redirects: dict[str, str] = {}
        self._works = sqlite3.connect(home / "works.sqlite")
        self._works.execute("CREATE TABLE works (id TEXT PRIMARY KEY, record TEXT, researchers TEXT) WITHOUT ROWID")
        self._generation = 0

    def run(self, records: Iterable[dict[str, Any]]) -> Measurement:
        """Identify the authors of all works after these were added or changed."""
        with StagingDatabase(self.home / "staged.sqlite") as staged:
            staged.add(self._changes(records))
            staged.add_known(work for work in self._all() if work[0] not in staged)
            staged.add_redirects(self.redirects, new=False)
            measurement = self._measure(staged)
            for batch in staged.to_write():
                self._save_researchers((work.id, work.researchers) for work in batch)
            for reassigned in staged.reassigned():
                self._save_researchers((work.id, work.after) for work in reassigned)
            self.redirects |= staged.redirects(new=True)
        return measurement

    def first(self) -> dict[str, Any]:
        """Return the record of the first work by id."""
        return next(self._all())[1]

    def _all(self) -> Iterator[tuple[str, dict[str, Any], list[str]]]:
        for id_, record, researchers in self._works.execute("SELECT * FROM works ORDER BY id"):
            yield id_, orjson.loads(record), orjson.loads(researchers)

    def _save_researchers(self, researchers: Iterable[tuple[str, Sequence[str]]]) -> None:
        with self._works:
            self._works.executemany(
                "UPDATE works SET researchers = ? WHERE id = ?", [(orjson.dumps(ids), id_) for id_, ids in researchers]
            )

    def _changes(self, records: Iterable[dict[str, Any]]) -> Iterator[Change]:
        """Yield each record as a change, and save it."""
        with self._works:
            for record in records:
                work = parse_work(record)
                kept = {key: value for key, value in record.items() if key != "abstract"}
                row = self._works.execute("SELECT researchers FROM works WHERE id = ?", (work.id,)).fetchone()
                researchers = orjson.loads(row[0]) if row else []
                self._works.execute(
                    "INSERT OR REPLACE INTO works VALUES (?, ?, ?)",
                    (work.id, orjson.dumps(kept), orjson.dumps(researchers)),
                )
                former = [
                    FormerAuthor(position, author.name, id_)
                    for position, (author, id_) in enumerate(zip(work.authors, researchers, strict=False), 1)
                ]
                yield Change(work.id, work, kept, "", former)

    def _measure(self, staged: StagingDatabase) -> Measurement:
        before, started = _processor_seconds(), time.perf_counter()
        live = (self._generation, INDEX) if self._generation else None
        with self.execution.runner() as runner:
            past = history(runner.folder, str(self._generation + 1), live, rebuild=False, requested=False)
            resolver = Resolver(staged.path, Overrides(), runner, past)
            while resolver.is_running:
                if staged.is_requested:
                    deliver_stand_ins(staged)
                time.sleep(0.1)
            outcome = resolver.wait()
        seconds = time.perf_counter() - started
        self._generation += 1
        outcome.manifest(INDEX).save(runner.folder, self._generation)
        runner.folder.keep_only(runner.used | kept_files(runner.folder, [self._generation]))
        # The workers have ended, so their processor time is known.
        processor = _processor_seconds() - before
        return Measurement(runner.summary(), seconds, processor, peak_mb(), outcome.epoch)


class Measurement(NamedTuple):
    """What a run took: stages, wall time, processor time of all processes, peak memory of this one; and its epoch."""

    stages: Sequence[StageSummary]
    seconds: float
    processor: float
    memory_mb: float
    epoch: Epoch


def deliver_stand_ins(staged: StagingDatabase) -> None:
    """Save a random unit vector for each work whose embedding is requested; the same for the same work."""
    for batch in staged.wanted():
        staged.save_vectors({work.id: _stand_in(work.id) for work in batch})
    known = iter(staged.wanted_known())
    while page := list(islice(known, PAGE)):
        staged.save_known_vectors({id_: _stand_in(id_) for id_ in page})
    staged.deliver_vectors()


def _stand_in(id_: str) -> NDArray[np.float32]:
    vector = np.random.default_rng(zlib.crc32(id_.encode())).normal(size=DIMENSIONS).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def _processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--works", default=97_000, show_default=True, type=click.IntRange(1), help="Number of works.")
@click.option("--more", default=0, type=click.IntRange(0), help="Works that a second run adds.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Worker processes.")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder of large temporary files.")
def main(paths: tuple[Path, ...], works: int, more: int, workers: int, folder: Path | None) -> None:
    """Print what each stage takes for a number of works made of PATHS, by default acl-sample and arxiv-2007-2017."""
    data = data_folder(Settings.load())
    corpora = paths or tuple(data / corpus for corpus in CORPORA)
    if missing := [path for path in corpora if not path.is_file()]:
        raise click.ClickException(
            f"NOTHING MEASURED: {missing[0]} does not exist; name a corpus, or set PEERSCOPE_DATA"
        )
    console = Console()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        collection = Collection(Path(name), workers)
        records = Multiplier(corpora).works()
        first = collection.run(islice(records, works))
        _print(console, first, f"{works:,} works, {workers} workers", works)
        size = sum(file.stat().st_size for file in (Path(name) / "stages").iterdir() if file.is_file())
        console.print(f"{size / 1e6:,.0f} MB of files, {first.memory_mb:,.0f} MB in the main process")
        if more:
            _print_increment(console, first, collection.run(islice(records, more)), f"{more:,} more works")
            changed = collection.first()
            again = collection.run([{**changed, "title": f"{changed['title']} (revised)"}])
            _print_increment(console, first, again, "one changed record")


def _print(console: Console, run: Measurement, name: str, works: int) -> None:
    console.print(stage_table(run.stages))
    console.print(
        f"{name}: {run.seconds:,.0f} s, {run.processor:,.1f} s of processor time "
        f"({1000 * run.processor / works:.2f} ms per work)"
    )


def _print_increment(console: Console, first: Measurement, run: Measurement, name: str) -> None:
    console.print(stage_table(run.stages))
    tasks = sum(stage["tasks"] for stage in run.stages)
    reused = sum(stage["reused"] for stage in run.stages)
    same = "the same epoch" if run.epoch == first.epoch else f"a new epoch, because {run.epoch.reason}"
    console.print(
        f"{name}: {run.seconds:,.0f} s, {run.processor:,.1f} s of processor time, "
        f"{run.processor / first.processor:.0%} of the first run's; {tasks} tasks run, {reused} reused; {same}"
    )


if __name__ == "__main__":
    main()

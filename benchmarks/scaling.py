"""Time and memory of identifying authors in stages: `python -m benchmarks.scaling --works 97000`.

More works than the corpora have are made of them: every copy has other people (each word of a name is replaced by
another one of the same corpus, the same in the whole copy), other words in titles, and other ids. Embeddings are
stand-ins, so that only identity is measured. Nothing is indexed.
"""

from __future__ import annotations

import gzip
import resource
import tempfile
import time
import zlib
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import orjson
from rich.console import Console

from benchmarks.targets import data_folder
from indexer.identity.overrides import Overrides
from indexer.identity.resolver import Resolver
from indexer.records import parse_work
from indexer.run.progress import stage_table
from indexer.stages.execution import Execution
from indexer.staging.changes import Change
from indexer.staging.database import StagingDatabase
from peerscope.memory import peak_mb
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CORPORA = ("corpora/acl-sample.jsonl.gz", "corpora/arxiv-2007-2017.jsonl.gz")
DIMENSIONS = 384


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


def _changes(works: Iterator[dict[str, Any]], number: int) -> Iterator[Change]:
    for record in islice(works, number):
        work = parse_work(record)
        kept = {key: value for key, value in record.items() if key != "abstract"}
        yield Change(work.id, work, kept, "", [])


def deliver_stand_ins(staged: StagingDatabase) -> None:
    """Save a random unit vector for each work whose embedding is requested; the same for the same work."""
    for batch in staged.wanted():
        vectors = {}
        for work in batch:
            vector = np.random.default_rng(zlib.crc32(work.id.encode())).normal(size=DIMENSIONS).astype(np.float32)
            vectors[work.id] = vector / np.linalg.norm(vector)
        staged.save_vectors(vectors)
    staged.deliver_vectors()


def measure(staged: StagingDatabase, execution: Execution) -> tuple[list[dict[str, Any]], float, float]:
    """Resolve all authors; return what each stage took, the wall time, and the processor time of all processes."""
    before, started = _processor_seconds(), time.perf_counter()
    with execution.runner() as runner:
        resolver = Resolver(staged.path, Overrides(), runner)
        while resolver.is_running:
            if staged.is_requested:
                deliver_stand_ins(staged)
            time.sleep(0.1)
        resolver.wait()
    # The workers have ended, so their processor time is known.
    return [dict(stage) for stage in runner.summary()], time.perf_counter() - started, _processor_seconds() - before


def _processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--works", default=97_000, show_default=True, type=click.IntRange(1), help="Number of works.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Worker processes.")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder of large temporary files.")
def main(paths: tuple[Path, ...], works: int, workers: int, folder: Path | None) -> None:
    """Print what each stage takes for a number of works made of PATHS, by default acl-sample and arxiv-2007-2017."""
    data = data_folder(Settings.load())
    corpora = paths or tuple(data / corpus for corpus in CORPORA)
    if missing := [path for path in corpora if not path.is_file()]:
        raise click.ClickException(
            f"NOTHING MEASURED: {missing[0]} does not exist; name a corpus, or set PEERSCOPE_DATA"
        )
    console = Console()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        home = Path(name)
        with StagingDatabase(home / "staged.sqlite") as staged:
            staged.add(_changes(Multiplier(corpora).works(), works))
            summary, seconds, processor = measure(staged, Execution(str(home / "stages"), workers))
            size = sum(file.stat().st_size for file in (home / "stages").iterdir())
            console.print(stage_table(summary))
            console.print(
                f"{works:,} works, {workers} workers: {seconds:,.0f} s, {processor:,.0f} s of processor time "
                f"({1000 * processor / works:.2f} ms per work), {size / 1e6:,.0f} MB of files, "
                f"{peak_mb():,.0f} MB in the main process"
            )


if __name__ == "__main__":
    main()

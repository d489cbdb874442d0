"""Growth of time and memory of author identity, with a quarter, half, and all of the works of the given files.

    python -m benchmarks.identity [WORKS.jsonl.gz...]

Each size runs in a separate process, for its peak memory. Author ids are used as in the files.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from pathlib import Path
from typing import NamedTuple

import click

from benchmarks.targets import data_folder
from indexer.identity.context import context_of
from indexer.identity.corpus import blocks_of, resolve
from indexer.identity.mentions import mentions_of
from indexer.identity.weights import Weights
from peerscope.evaluation.identity.trial import read_works
from peerscope.memory import peak_mb
from peerscope.settings import Settings

CORPORA = ("corpora/acl-sample.jsonl.gz", "corpora/arxiv-2007-2017.jsonl.gz")
SHARES = (4, 2, 1)


class Cost(NamedTuple):
    """Cost of one size: seconds of reading and counting, then of resolving, and peak memory."""

    works: int
    mentions: int
    blocks: int
    largest_block: int
    researchers: int
    reading: float
    resolving: float
    peak_mb: float


def measure(paths: tuple[str, ...], share: int) -> Cost:
    """Resolve one in `share` works and return the cost."""
    start = time.process_time()
    works = [
        mentions_of(work) for path in paths for number, work in enumerate(read_works(Path(path))) if number % share == 0
    ]
    context = context_of(works)
    blocks = blocks_of(mention for mentions in works for mention in mentions)
    reading = time.process_time() - start
    resolution = resolve(blocks, Weights(), context)
    resolving = time.process_time() - start - reading
    largest = max(map(len, blocks.values()))
    mentions = sum(map(len, works))
    return Cost(len(works), mentions, len(blocks), largest, len(resolution.clusters), reading, resolving, peak_mb())


@click.command()
@click.argument("paths", nargs=-1)
def main(paths: tuple[str, ...]) -> None:
    """Print one line for each size of PATHS, by default acl-sample and arxiv-2007-2017.

    Seconds are of processor time.
    """
    data = data_folder(Settings.load())
    paths = paths or tuple(str(data / corpus) for corpus in CORPORA)
    if missing := [path for path in paths if not Path(path).is_file()]:
        raise click.ClickException(
            f"NOTHING MEASURED: {missing[0]} does not exist; name a corpus, or set PEERSCOPE_DATA"
        )
    click.echo("   works  mentions   blocks  largest  researchers  reading  resolving  ms/mention  peak MB")
    for share in SHARES:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            cost = pool.apply(measure, (paths, share))
        each = 1000 * cost.resolving / cost.mentions
        click.echo(
            f"{cost.works:8,} {cost.mentions:9,} {cost.blocks:8,} {cost.largest_block:8,} {cost.researchers:12,} "
            f"{cost.reading:7.1f}s {cost.resolving:9.1f}s {each:11.2f} {cost.peak_mb:8,.0f}"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()

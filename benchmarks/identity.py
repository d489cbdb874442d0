"""Cost of author identity, and how it treats people to whom a source assigned several ids.

    python -m benchmarks.identity [WORKS.jsonl.gz...]
    python -m benchmarks.identity --splits [WORKS.jsonl.gz]

The first prints the growth of time and memory, with a quarter, half, and all of the works of the given files. Each size
runs in a separate process, for its peak memory. The second counts names with several source ids. Author ids are used as
in the files.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from benchmarks.targets import data_folder
from indexer.identity.context import context_of
from indexer.identity.corpus import blocks_of, resolve
from indexer.identity.keys import fold_name
from indexer.identity.mentions import mentions_of
from indexer.identity.weights import Weights
from peerscope.evaluation.identity.trial import read_works
from peerscope.memory import peak_mb
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.identity.clusters import Resolution
    from indexer.identity.mentions import Mention, MentionKey

CORPORA = ("corpora/acl-sample.jsonl.gz", "corpora/arxiv-2007-2017.jsonl.gz")
SHARES = (4, 2, 1)
#: Works whose authors OpenAlex identified.
SPLIT_CORPUS = "citations/openalex-synergy/works.jsonl.gz"


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


class Splits(NamedTuple):
    """Names (folded) with several source ids, and pairs of ids of one name.

    Names are joined if all their ids are one researcher's. Pairs that are not joined are listed as probable duplicates,
    or not.
    """

    names: int
    several: int
    joined: int
    partly: int
    pairs: int
    pairs_joined: int
    pairs_listed: int
    ids: int
    #: Ids that more than one researcher has.
    scattered: int


def count_splits(works: Iterable[Sequence[Mention]], resolution: Resolution) -> Splits:
    """Count how the ids of each name were resolved."""
    cluster = {mention.key: cluster.key for cluster in resolution.clusters for mention in cluster.mentions}
    ids: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, set[MentionKey]] = defaultdict(set)
    for mention in (mention for mentions in works for mention in mentions):
        if mention.source_id:
            ids[fold_name(mention.name)].add(mention.source_id)
            owners[mention.source_id].add(cluster[mention.key])
    several = [sorted(found) for found in ids.values() if len(found) > 1]
    people = [len(set().union(*(owners[id_] for id_ in found))) for found in several]
    listed = {frozenset((cluster[link.left.key], cluster[link.right.key])) for link in resolution.probable_duplicates}
    pairs = [(owners[one], owners[other]) for found in several for one, other in combinations(found, 2)]
    apart = [(one, other) for one, other in pairs if one.isdisjoint(other)]
    return Splits(
        names=len(ids),
        several=len(several),
        joined=people.count(1),
        partly=sum(1 < count < len(found) for count, found in zip(people, several, strict=True)),
        pairs=len(pairs),
        pairs_joined=len(pairs) - len(apart),
        pairs_listed=sum(any(frozenset((a, b)) in listed for a in one for b in other) for one, other in apart),
        ids=len(owners),
        scattered=sum(len(found) > 1 for found in owners.values()),
    )


def print_splits(path: Path) -> None:
    """Resolve the works of a file and print how names with several ids were resolved."""
    works = [mentions_of(work) for work in read_works(path)]
    blocks = blocks_of(mention for mentions in works for mention in mentions)
    result = count_splits(works, resolve(blocks, Weights(), context_of(works)))
    click.echo(f"{result.names:,} names, {result.several:,} with several ids of the source:")
    rest = result.several - result.joined - result.partly
    click.echo(f"  {result.joined:,} joined, {result.partly:,} partly, {rest:,} not")
    listed, apart = result.pairs_listed, result.pairs - result.pairs_joined - result.pairs_listed
    click.echo(f"{result.pairs:,} pairs of ids with one name: {result.pairs_joined:,} joined,")
    click.echo(f"  {listed:,} listed as probable duplicates, {apart:,} apart")
    click.echo(f"{result.ids:,} ids, {result.scattered:,} of several researchers")


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--splits", is_flag=True, help="Count names with several source ids instead.")
def main(paths: tuple[str, ...], splits: bool) -> None:
    """Print one line for each size of PATHS, by default acl-sample and arxiv-2007-2017.

    Seconds are of processor time.
    """
    data = data_folder(Settings.load())
    paths = paths or tuple(str(data / corpus) for corpus in ((SPLIT_CORPUS,) if splits else CORPORA))
    if missing := [path for path in paths if not Path(path).is_file()]:
        raise click.ClickException(
            f"NOTHING MEASURED: {missing[0]} does not exist; name a corpus, or set PEERSCOPE_DATA"
        )
    if splits:
        for path in paths:
            print_splits(Path(path))
        return
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

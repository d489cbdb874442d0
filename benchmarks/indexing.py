"""What indexing costs beside embedding, and what comes of it: `python -m benchmarks.indexing`.

Each run is a `peerscope index` of its own, into indices that are removed afterwards: first everything, then the same
again, then with one record changed. The yardstick is the time that embedding the same works takes when nothing else
goes on; it is taken of a sample right before and after the first run, since a shared machine is faster at one time than
at another.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from rich.console import Console

from benchmarks.targets import Target, data_folder, targets_table
from indexer.build.works import BATCH
from indexer.staging.report import PARTS
from mappings import IndexNames, drop
from peerscope import embedding, engine

CORPORA = ("corpora/acl-sample.jsonl.gz", "corpora/arxiv-2007-2017.jsonl.gz")


def take(files: list[Path], count: int, target: Path) -> int:
    """Write the first `count` records of files, taken in turn, to `target` as JSON lines; give how many there were.

    When one file is at its end the others go on, so that a `count` of all is all.
    """
    with ExitStack() as stack, target.open("w", encoding="utf-8") as output:
        streams = [stack.enter_context(gzip.open(file, "rt", encoding="utf-8")) for file in files]
        turns = filter(None, chain.from_iterable(zip_longest(*streams)))
        return sum(bool(output.write(line)) for line in islice(turns, count))


def change_one(file: Path) -> None:
    """Return the first record another title."""
    first, *rest = file.read_text(encoding="utf-8").splitlines(keepends=True)
    record = json.loads(first)
    record["title"] += " (revised)"
    file.write_text(json.dumps(record) + "\n" + "".join(rest), encoding="utf-8")


def embedding_alone(file: Path, most: int = 1_000) -> float:
    """Return the seconds a work that embedding takes by itself, of up to `most` works spread evenly over the file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines[:: max(1, len(lines) // most)]]
    texts = [embedding.work_text(record["title"], record["abstract"]) for record in records]
    embedder = embedding.load()
    embedder.embed_works(texts[:32])
    began = time.perf_counter()
    for start in range(0, len(texts), BATCH):
        embedder.embed_works(texts[start : start + BATCH])
    return (time.perf_counter() - began) / len(texts)


def run(file: Path, prefix: str) -> dict[str, Any]:
    """Index a file in a process of its own, and give the report with the wall time of its parts in all."""
    environment = {**os.environ, "PEERSCOPE_INDEX_PREFIX": prefix}
    command = [sys.executable, "-m", "peerscope", "index", str(file), "--json"]
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 (ourselves)
    report: dict[str, Any] = json.loads(answer.stdout)
    report["wall"] = sum(report["seconds"].get(part, 0.0) for part in PARTS)
    return report


def bytes_of(names: IndexNames) -> int:
    """Return the bytes on disk of all live indices."""
    client = engine.connect()
    answer = client.indices.stats(index=f"{names.works},{names.researchers}", metric="store")
    size: int = answer["_all"]["primaries"]["store"]["size_in_bytes"]
    return size


def rows(first: dict[str, Any], again: dict[str, Any], changed: dict[str, Any], alone: float) -> list[Target]:
    """Hold three reports against the targets for indexing; `alone` is what embedding takes by itself, in seconds."""
    wall = first["wall"]
    beside, repeated = wall / alone, 100 * again["wall"] / wall
    written_again = again["new"] + again["changed"]
    return [
        Target("wall time / embedding alone", beside, "<= 1.15", beside <= 1.15),
        Target("again, nothing changed: % of the first", repeated, "<= 5", repeated <= 5),
        Target("again: works written", written_again, "0", written_again == 0),
        Target("one record changed: works written", changed["changed"], "1", changed["changed"] == 1),
        Target("memory of the process, MB", first["peak_memory_mb"], "<= 1000", first["peak_memory_mb"] <= 1000),
    ]


@click.command()
@click.option("--works", default=1_000, show_default=True, type=click.IntRange(10), help="Works to index.")
@click.option("--keep", metavar="PREFIX", help="Index under this prefix, and leave it for other benchmarks.")
@click.option("--json", "as_json", is_flag=True, help="Print the three reports, for programs.")
def main(works: int, keep: str | None, as_json: bool) -> None:
    """Measure indexing on the first works of acl-sample and arxiv-2007-2017, in turn."""
    files = [data_folder() / corpus for corpus in CORPORA]
    if missing := [file for file in files if not file.exists()]:
        raise click.ClickException(f"NOTHING MEASURED: {missing[0]} is missing; set PEERSCOPE_DATA to the data folder.")
    names = IndexNames(keep or f"bench-{uuid4().hex[:8]}-")
    client = engine.connect()
    if client.indices.exists_alias(name=names.works):
        raise click.ClickException(f"NOTHING MEASURED: there are works under {names.prefix} already; take another.")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "works.jsonl"
            count = take(files, works, file)
            before = embedding_alone(file)
            first = run(file, names.prefix)
            alone = count * (before + embedding_alone(file)) / 2
            again = run(file, names.prefix)
            size = bytes_of(names)
            change_one(file)
            changed = run(file, names.prefix)
    finally:
        if not keep:
            drop(client, names)
    if as_json:
        click.echo(
            json.dumps({"first": first, "again": again, "changed": changed, "alone": alone, "bytes": size}, indent=2)
        )
        return
    console = Console()
    parts = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in first["seconds"].items())
    console.print(f"{count:,} works, {first['researchers_written']:,} researchers: {parts}")
    console.print(
        f"{count / alone:.0f} works/s when only embedding ({alone:.1f} s), {count / first['wall']:.0f} works/s in all "
        f"({first['wall']:.1f} s)"
    )
    console.print(f"{size / 1e6:.1f} MB on disk, {size / count:,.0f} bytes a work (researchers included)")
    console.print(targets_table(rows(first, again, changed, alone), "Targets of indexing"))


if __name__ == "__main__":
    main()

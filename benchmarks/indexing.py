"""Cost of indexing compared with embedding alone: `python -m benchmarks.indexing`.

Each run is a separate `peerscope index`, into indices that are removed afterwards: first all works, then the same
again, then with one record changed. The reference is the time of embedding the same works alone; it is measured on a
sample directly before and after the first run, because the speed of a shared machine varies.
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
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click
from rich.console import Console

from benchmarks.targets import Target, data_folder, targets_table
from indexer.build.works import BATCH
from indexer.staging.report import PARTS
from mappings import IndexNames, drop
from peerscope import embedding, engine
from peerscope.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

CORPORA = ("corpora/acl-sample.jsonl.gz", "corpora/arxiv-2007-2017.jsonl.gz")


def take(files: list[Path], count: int, target: Path) -> int:
    """Write the first `count` records of the files, alternating, to `target` as JSON lines; return their number.

    When a file ends, the others continue, so `count` may cover all records.
    """
    with ExitStack() as stack, target.open("w", encoding="utf-8") as output:
        streams = [stack.enter_context(gzip.open(file, "rt", encoding="utf-8")) for file in files]
        turns = filter(None, chain.from_iterable(zip_longest(*streams)))
        return sum(bool(output.write(line)) for line in islice(turns, count))


def change_one(file: Path) -> None:
    """Change the title of the first record."""
    first, *rest = file.read_text(encoding="utf-8").splitlines(keepends=True)
    record = json.loads(first)
    record["title"] += " (revised)"
    file.write_text(json.dumps(record) + "\n" + "".join(rest), encoding="utf-8")


def embedding_alone(settings: Settings, file: Path, most: int = 1_000) -> float:
    """Return the seconds per work of embedding alone, for up to `most` works spread evenly over the file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines[:: max(1, len(lines) // most)]]
    texts = [embedding.work_text(record["title"], record["abstract"]) for record in records]
    embedder = embedding.load(settings)
    embedder.embed_works(texts[:32])
    began = time.perf_counter()
    for start in range(0, len(texts), BATCH):
        embedder.embed_works(texts[start : start + BATCH])
    return (time.perf_counter() - began) / len(texts)


def run(file: Path, prefix: str) -> dict[str, Any]:
    """Index a file in a separate process, and return its report with the total wall time of its parts."""
    environment = {**os.environ, "PEERSCOPE_INDEX_PREFIX": prefix}
    command = [sys.executable, "-m", "peerscope", "index", str(file), "--json"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)  # noqa: S603 (ourselves)
    report: dict[str, Any] = json.loads(done.stdout)
    report["wall"] = sum(report["seconds"].get(part, 0.0) for part in PARTS)
    return report


def bytes_of(client: OpenSearch, names: IndexNames) -> int:
    """Return the bytes on disk of the live indices of works and researchers."""
    stats = client.indices.stats(index=f"{names.works},{names.researchers}", metric="store")
    size: int = stats["_all"]["primaries"]["store"]["size_in_bytes"]
    return size


def rows(first: dict[str, Any], again: dict[str, Any], changed: dict[str, Any], alone: float) -> list[Target]:
    """Compare three reports with the targets; `alone` is the time of embedding alone, in seconds."""
    wall = first["wall"]
    ratio, repeated = wall / alone, 100 * again["wall"] / wall
    written_again = again["new"] + again["changed"]
    return [
        Target("wall time / embedding alone", ratio, "<= 1.15", ratio <= 1.15),
        Target("again, nothing changed: % of the first", repeated, "<= 5", repeated <= 5),
        Target("again: works written", written_again, "0", written_again == 0),
        Target("one record changed: works written", changed["changed"], "1", changed["changed"] == 1),
        Target("memory of the process, MB", first["peak_memory_mb"], "<= 1000", first["peak_memory_mb"] <= 1000),
    ]


@click.command()
@click.option("--works", default=1_000, show_default=True, type=click.IntRange(10), help="Works to index.")
@click.option("--keep", metavar="PREFIX", help="Index under this prefix, and keep it for other benchmarks.")
@click.option("--json", "as_json", is_flag=True, help="Print the three reports as JSON.")
def main(works: int, keep: str | None, as_json: bool) -> None:
    """Measure indexing on the first works of acl-sample and arxiv-2007-2017, alternating."""
    settings = Settings.load()
    files = [data_folder(settings) / corpus for corpus in CORPORA]
    if missing := [file for file in files if not file.exists()]:
        raise click.ClickException(f"NOTHING MEASURED: {missing[0]} is missing; set PEERSCOPE_DATA to the data folder.")
    names = IndexNames(keep or f"bench-{uuid4().hex[:8]}-")
    client = engine.connect(settings)
    if client.indices.exists_alias(name=names.works):
        raise click.ClickException(f"NOTHING MEASURED: the prefix {names.prefix} is already in use; choose another.")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "works.jsonl"
            count = take(files, works, file)
            before = embedding_alone(settings, file)
            first = run(file, names.prefix)
            alone = count * (before + embedding_alone(settings, file)) / 2
            again = run(file, names.prefix)
            size = bytes_of(client, names)
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

"""How response times grow with the collection: `python -m benchmarks.growth --copies 10`.

It multiplies the live works and researchers into indices with the prefix `growth-`. Each copy has other ids, other
words in place of some, and other vectors near the original ones, so its works are as diverse as the originals. The
same queries then run against both collections, one after the other.
"""

from __future__ import annotations

import tempfile
import time
import zlib
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import numpy as np
from opensearchpy.helpers import scan
from rich.console import Console
from rich.table import Table

from benchmarks.serving import add_parts, one_client, questions, served
from benchmarks.targets import Target, targets_table
from indexer.write.bulk import index_action, write
from mappings import IndexNames, Scale, begin, discard, list_generations, live, publish, stored_model
from peerscope import engine
from peerscope.settings import Settings

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from benchmarks.serving import Times
    from mappings import Generation

Document = dict[str, Any]

PREFIX = "growth-"
BATCH = 500
#: Words of this many letters or more may be replaced; one in REPLACED is, by a word of the copy.
LETTERS, REPLACED = 5, 8
#: Length of the random vector that is added to an embedding of unit length: the cosine to the original becomes .86,
#: that of works on the same subject.
NOISE = 0.6
#: Requests that search researchers.
ABOUT_PEOPLE = ("similar researchers", "who works on", "autocomplete")
#: How much longer a hybrid query may take over ten times as many works.
MOST = 3.0


def varied_text(text: str | None, copy: int) -> str | None:
    """Return a text in which a copy replaces some words by its own; the same words in every work."""
    if text is None:
        return None
    words = text.split(" ")
    return " ".join(f"{word}{_letters(copy)}" if _is_replaced(word, copy) else word for word in words)


def _is_replaced(word: str, copy: int) -> bool:
    return len(word) >= LETTERS and word.isalpha() and zlib.crc32(f"{copy} {word.lower()}".encode()) % REPLACED == 0


def _letters(copy: int) -> str:
    """Return the number of a copy in letters, since digits would be terms of their own."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(copy))


def varied_vector(vector: list[float], generator: np.random.Generator) -> list[float]:
    """Return a vector of unit length at a cosine of about .86 to the given one, float[d]."""
    noise = generator.standard_normal(len(vector))
    moved = np.array(vector) + NOISE * noise / np.linalg.norm(noise)
    return [round(value, 6) for value in (moved / np.linalg.norm(moved)).tolist()]


def varied(document: Document, kind: str, copy: int) -> Document:
    """Return the copy of a stored work or researcher; copy 0 is the original."""
    if not copy:
        return document
    generator = np.random.default_rng(zlib.crc32(f"{copy} {document['id']}".encode()))
    changed: Document = {"id": f"{document['id']}~{copy}", "embedding": varied_vector(document["embedding"], generator)}
    if kind == "works":
        changed |= {name: varied_text(document[name], copy) for name in ("title", "abstract")}
        changed["ids"] = [f"{id_}~{copy}" for id_ in document["ids"]]
    people = "researchers" if kind == "works" else "collaborators"
    changed[people] = [person | {"id": f"{person['id']}~{copy}"} for person in document[people]]
    return document | changed


def multiply(
    client: OpenSearch, source: Generation, target: Generation, copies: dict[str, int], console: Console
) -> None:
    """Write as many copies of works and researchers to the target generation, and topics and institutions once."""
    for kind in ("topics", "institutions", "researchers", "works"):
        stored = scan(client, index=source.name(kind), size=BATCH, _source_excludes=["references"])
        count = copies.get(kind, 1)
        began, written = time.monotonic(), 0
        copied = chain.from_iterable((varied(hit["_source"], kind, copy) for copy in range(count)) for hit in stored)
        while batch := list(islice(copied, BATCH)):
            write(
                client, [index_action(target.name(kind), document["id"], cast("Any", document)) for document in batch]
            )
            written += len(batch)
            if written % (40 * BATCH) == 0:
                console.print(f"{kind}: {written:,}, {written / (time.monotonic() - began):.0f} per second")


def measure(settings: Settings, prefix: str, queries: int) -> tuple[int, dict[str, Times]]:
    """Return the number of works of a collection and the times of one client by kind of request, after a warm-up."""
    names, client = IndexNames(prefix), engine.connect(settings)
    texts, works, people = questions(client, names, 2 * queries)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with served(log, PEERSCOPE_INDEX_PREFIX=prefix) as base:
            one_client(base, texts[:queries], works[:queries], people[:queries])
            times = one_client(base, texts[queries:], works[queries:], people[queries:])
        add_parts(log, times)
    return client.count(index=names.works)["count"], times


def comparison(before: tuple[int, dict[str, Times]], after: tuple[int, dict[str, Times]], *, people: bool) -> Table:
    """Return the times over both collections as a table, one kind of request per row, if wanted about people too."""
    table = Table("p50 / p95 ms", title="One client")
    for works, _ in (before, after):
        table.add_column(f"{works:,} works", justify="right")
    table.add_column("ratio of p50", justify="right")
    for kind, times in before[1].items():
        if kind in ABOUT_PEOPLE and not people:
            continue
        grown = after[1][kind]
        cells = [f"{one.at(50):.1f} / {one.at(95):.1f}" for one in (times, grown)]
        table.add_row(kind, *cells, f"{grown.at(50) / times.at(50):.2f}")
    return table


@click.command()
@click.option("--copies", default=10, show_default=True, type=click.IntRange(2, 100), help="Size, as a multiple.")
@click.option("--queries", default=40, show_default=True, type=click.IntRange(5, 500), help="Requests of each kind.")
@click.option("--works-only", is_flag=True, help="Multiply works alone, in half the time; compare no people.")
@click.option("--keep", is_flag=True, help="Keep the multiplied collection, and use one that was kept.")
def main(copies: int, queries: int, works_only: bool, keep: bool) -> None:
    """Multiply the indexed collection, and compare the response times of both."""
    settings, console = Settings.load(), Console()
    client = engine.connect(settings)
    source = live(client, IndexNames(settings.index_prefix))
    if source is None:
        raise click.ClickException("NOTHING MEASURED: nothing is indexed; run `peerscope index` first.")
    grown = IndexNames(PREFIX)
    if live(client, grown) is None:
        began = time.monotonic()
        target = begin(client, grown, stored_model(client, source), scale=Scale.from_settings(settings))
        multiply(client, source, target, {"works": copies, "researchers": 1 if works_only else copies}, console)
        console.print(f"written in {time.monotonic() - began:.0f} s")
        publish(client, target)
        console.print(f"merged and published after {time.monotonic() - began:.0f} s")
    before, after = (measure(settings, prefix, queries) for prefix in (settings.index_prefix, PREFIX))
    console.print(comparison(before, after, people=not works_only))
    ratio = after[1]["hybrid"].at(50) / before[1]["hybrid"].at(50)
    rows = [Target(f"hybrid: p50, {after[0]:,} works to {before[0]:,}", ratio, f"<= {MOST:g}", ratio <= MOST)]
    console.print(targets_table(rows, "Growth"))
    if not keep:
        for generation in list_generations(client, grown):
            discard(client, generation)


if __name__ == "__main__":
    main()

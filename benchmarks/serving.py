"""Response times of the API over the live index, with one client and with many: `python -m benchmarks.serving`.

It starts a server and sends requests over HTTP. Queries are the first words of indexed abstracts, each sent once per
kind of request, so no response comes from a cache; others are sent before to warm OpenSearch up. The server's log has
the times of embedding, OpenSearch and serialization of each request.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
import numpy as np
import requests
from rich.console import Console
from rich.table import Table

from benchmarks.targets import Target, targets_table
from mappings import IndexNames
from peerscope import engine
from peerscope.demo_check import NoAnswerError, wait_until_ready
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opensearchpy import OpenSearch

FACETS = "topic,year,venue,researcher,institution,type"
#: Words of an abstract taken as a query, as long as a typical description.
WORDS = 8
CLIENTS = 16
SEED = 1
#: Seconds of other queries before the measured ones, and how many are drawn. The JVM compiles what runs often: the
#: first 100 hybrid queries had a p50 of 90 ms, the next ones 59.
WARM_UP = 20.0
OTHERS = 300


@dataclass
class Times:
    """Milliseconds of the requests of one kind, in all and by part, and the number of failures."""

    wall: list[float] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    failed: int = 0
    parts: dict[str, list[float]] = field(default_factory=dict)

    def at(self, percent: float) -> float:
        """Return a percentile of the total times."""
        return float(np.percentile(self.wall, percent)) if self.wall else float("nan")

    def part(self, name: str) -> float:
        """Return the median of one part; 0 if no request had it."""
        return float(np.median(self.parts[name])) if self.parts.get(name) else 0.0


def questions(client: OpenSearch, names: IndexNames, count: int) -> tuple[list[str], list[str], list[str]]:
    """Return a fixed random sample of the index: queries, ids of works, and ids of researchers."""

    def drawn(index: str, fields: list[str], only: dict[str, Any]) -> list[dict[str, Any]]:
        chance = {"function_score": {"query": only, "random_score": {"seed": SEED, "field": "id"}}}
        body = {"size": count, "query": chance, "_source": fields}
        return [hit["_source"] for hit in client.search(index=index, body=body)["hits"]["hits"]]

    works = drawn(names.works, ["id", "abstract"], {"term": {"has_abstract": True}})
    people = drawn(names.researchers, ["id"], {"range": {"works_count": {"gte": 3}}})
    texts = [" ".join(work["abstract"].split()[:WORDS]) for work in works]
    return texts, [work["id"] for work in works], [person["id"] for person in people]


@contextmanager
def served(log: Path, **settings: str) -> Iterator[str]:
    """Run a server with these environment variables, and yield its address once it is ready. Raises `NoAnswerError`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "PEERSCOPE_LOG": "json", "PEERSCOPE_RATE_LIMIT": "off", **settings}
    with log.open("wb") as output:
        command = [sys.executable, "-m", "peerscope", "serve", "--port", str(port)]
        server = subprocess.Popen(command, stdout=output, stderr=output, env=environment)  # noqa: S603 (ourselves)
    try:
        wait_until_ready(base, alive=lambda: server.poll() is None)
        yield base
    finally:
        server.terminate()
        server.wait(timeout=30)


def ask(session: requests.Session, base: str, path: str, times: Times, **params: Any) -> None:
    """Send a request and record its time."""
    name = f"{threading.get_ident()}-{time.perf_counter_ns()}"
    began = time.perf_counter()
    response = session.get(f"{base}/api/v1{path}", params=params, headers={"X-Request-ID": name}, timeout=60)
    times.wall.append((time.perf_counter() - began) * 1_000)
    times.ids.append(name)
    times.failed += not response.ok


def one_client(base: str, texts: Sequence[str], works: Sequence[str], people: Sequence[str]) -> dict[str, Times]:
    """Send one request of every kind for each query; kinds alternate, so that all have the same conditions."""
    kinds = ("hybrid", "with facets", "keyword", "semantic", "similar works", "similar researchers", "who works on")
    times = {kind: Times() for kind in (*kinds, "autocomplete")}
    session = requests.Session()
    for text, work, person in zip(texts, works, people, strict=False):
        # The reversed words are a query that no cache contains.
        reversed_text = " ".join(reversed(text.split()))
        ask(session, base, "/works", times["hybrid"], q=text)
        ask(session, base, "/works", times["with facets"], q=reversed_text, facets=FACETS)
        ask(session, base, "/works", times["keyword"], q=text, mode="keyword")
        ask(session, base, "/works", times["semantic"], q=text, mode="semantic")
        ask(session, base, f"/works/{quote(work)}/similar", times["similar works"])
        ask(session, base, f"/researchers/{quote(person)}/similar", times["similar researchers"])
        ask(session, base, "/researchers", times["who works on"], about=text)
        ask(session, base, "/autocomplete", times["autocomplete"], q=text[:9])
    return times


def warm_up(base: str, texts: Sequence[str], works: Sequence[str], people: Sequence[str]) -> None:
    """Send requests of all kinds, with other queries than the measured ones, for `WARM_UP` seconds."""
    deadline = time.monotonic() + WARM_UP
    for drawn in zip(texts, works, people, strict=False):
        if time.monotonic() > deadline:
            return
        one_client(base, *([item] for item in drawn))


def many_clients(base: str, texts: Sequence[str], seconds: float) -> Times:
    """Let CLIENTS send hybrid queries with facets for `seconds`."""
    together, deadline = Times(), time.monotonic() + seconds

    def client(number: int) -> None:
        session, turn = requests.Session(), number
        while time.monotonic() < deadline:
            # Shuffled words are a query that was not sent before; rotated ones are repeated after some seconds.
            words = np.random.default_rng(turn).permutation(texts[turn % len(texts)].split())
            ask(session, base, "/works", together, q=" ".join(words), facets="topic,year")
            turn += CLIENTS

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return together


def add_parts(log: Path, kinds: dict[str, Times]) -> None:
    """Add the times of the parts of each request from the server's log."""
    lines = (line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{"))
    logged = {line["request_id"]: line for line in map(json.loads, lines) if "parts" in line}
    for times in kinds.values():
        for name in times.ids:
            for part, value in logged.get(name, {}).get("parts", {}).items():
                times.parts.setdefault(part, []).append(value)


#: Milliseconds at the median and at the 95th percentile over 97,000 works, on a machine that embeds 75 works/s.
TARGETS = {
    "hybrid": (16, 25),
    "with facets": (28, 45),
    "keyword": (8, 15),
    "semantic": (8, 12),
    "similar works": (18, 30),
    "similar researchers": (30, 50),
    "who works on": (40, 70),
    "autocomplete": (8, 15),
}
#: Milliseconds on top of OpenSearch and embedding, answers per second with many clients, and their p95 as a multiple
#: of the p50 of one.
MAX_OWN, MIN_RATE, MAX_LOAD = 4, 120, 8


def rows(kinds: dict[str, Times], crowd: Times, seconds: float) -> list[Target]:
    """Compare the times with the targets."""
    targets = []
    for kind, most in TARGETS.items():
        for percent, limit in zip((50, 95), most, strict=True):
            value = kinds[kind].at(percent)
            targets.append(Target(f"{kind}: p{percent}, ms", value, f"<= {limit}", value <= limit))
    hybrid = kinds["hybrid"]
    own = hybrid.at(50) - hybrid.part("search") - hybrid.part("embed")
    rate, load = len(crowd.wall) / seconds, crowd.at(95) / kinds["with facets"].at(50)
    return [
        *targets,
        Target("hybrid: p50 beyond OpenSearch and embedding, ms", own, f"<= {MAX_OWN}", own <= MAX_OWN),
        Target(f"{CLIENTS} clients: failed", crowd.failed, "0", crowd.failed == 0),
        Target(f"{CLIENTS} clients: answers/s", rate, f">= {MIN_RATE}", rate >= MIN_RATE),
        Target(f"{CLIENTS} clients: p95 / p50 of one", load, f"<= {MAX_LOAD}", load <= MAX_LOAD),
    ]


def times_table(kinds: dict[str, Times], title: str) -> Table:
    """Return the times by part as a table, one kind per row."""
    table = Table("one client", title=title)
    for name in ("p50 ms", "p95 ms", "OpenSearch", "embedding", "serialization", "failed"):
        table.add_column(name, justify="right")
    for kind, times in kinds.items():
        parts = [f"{times.part(part):.1f}" for part in ("search", "embed", "dump")]
        table.add_row(kind, f"{times.at(50):.1f}", f"{times.at(95):.1f}", *parts, str(times.failed))
    return table


@click.command()
@click.option("--queries", default=60, show_default=True, type=click.IntRange(5, 1_000), help="Requests of each kind.")
@click.option("--seconds", default=60.0, show_default=True, help=f"Duration of the test with {CLIENTS} clients.")
def main(queries: int, seconds: float) -> None:
    """Measure the API over the index with the prefix PEERSCOPE_INDEX_PREFIX."""
    settings = Settings.load()
    names, client = IndexNames(settings.index_prefix), engine.connect(settings)
    if not client.indices.exists(index=names.works):
        raise click.ClickException("NOTHING MEASURED: nothing is indexed; run `peerscope index` first.")
    works = client.count(index=names.works)["count"]
    people = client.count(index=names.researchers)["count"]
    drawn = questions(client, names, queries + OTHERS)
    measured, others = [items[:queries] for items in drawn], [items[queries:] for items in drawn]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        try:
            with served(log) as base:
                warm_up(base, *others)
                kinds = one_client(base, *measured)
                crowd = many_clients(base, measured[0], seconds)
        except NoAnswerError as error:
            raise click.ClickException(f"NOTHING MEASURED: {error}\n{log.read_text(encoding='utf-8')}") from error
        add_parts(log, kinds)
    console = Console()
    console.print(times_table(kinds, f"Searching {works:,} works and {people:,} researchers"))
    rate = len(crowd.wall) / seconds
    console.print(
        f"{CLIENTS} clients for {seconds:g} s: {len(crowd.wall):,} answers, {rate:.1f} a second, "
        f"p50 {crowd.at(50):.0f} ms, p95 {crowd.at(95):.0f} ms, {crowd.failed} failed"
    )
    console.print(targets_table(rows(kinds, crowd, seconds), "Targets of searching"))


if __name__ == "__main__":
    main()

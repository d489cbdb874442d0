"""Failures of the service under load: `python -m benchmarks.resilience`.

Clients send searches in a quiet phase and in a disturbed one, in which slow clients hold connections, a worker is
killed every few seconds, and OpenSearch is killed twice. Every response is counted by kind and by whether OpenSearch
answered at that time. Allowed are 503 with Retry-After while OpenSearch is down, and lost connections of a worker that
was killed, if the request succeeds when it is repeated. Any other failure is a violation, and the exit status 1.
"""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import click
import numpy as np
import psutil
import requests
from rich.console import Console
from rich.table import Table

from benchmarks.serving import questions, served
from benchmarks.slow_clients import slow_clients
from mappings import IndexNames
from peerscope import engine
from peerscope.demo_check import NoAnswerError
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Seconds after OpenSearch answers again for which the service may still answer 503: the pause of the circuit breaker,
#: and the time in which a node that has just started assigns its shards.
RECOVERY = 10.0
#: Seconds between two checks whether OpenSearch answers, and after which a request is given up.
PROBE, TIMEOUT = 0.25, 30.0
#: How often a request is sent whose connection is lost. Workers are killed, and a second one may be while the first
#: is being replaced.
ATTEMPTS = 3
#: A response that takes long and is not read by slow clients.
EXPORT = "/api/v1/works?format=csv"
PATHS = ("/works?q={}", "/works?q={}&mode=keyword", "/researchers?about={}", "/autocomplete?q={}")


@dataclass
class Phase:
    """What the clients of one phase received: seconds of the good responses, and the number of others by kind."""

    name: str
    took: list[float] = field(default_factory=list)
    allowed: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)

    @property
    def p95(self) -> float:
        """95th percentile of the good responses in ms."""
        return float(np.percentile(self.took, 95)) * 1_000 if self.took else float("nan")


class Outages:
    """Knows when OpenSearch was down, by asking it from a thread."""

    def __init__(self, settings: Settings) -> None:
        self._node = engine.Node(settings)
        self._down_at = float("-inf")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopped.wait(PROBE):
            if not self.is_healthy():
                self._down_at = time.monotonic()

    def is_healthy(self) -> bool:
        """Return whether the node answers with all of its shards."""
        status = self._node.status()
        if status.state != "running" or not status.node:
            return False
        try:
            health = requests.get(f"{status.node.url}/_cluster/health", timeout=2).json()
        except requests.RequestException:
            return False
        return health.get("status") in {"yellow", "green"}

    def overlaps(self, began: float) -> bool:
        """Return whether OpenSearch was down, or recovering, at some time since `began`."""
        return self._down_at + RECOVERY >= began

    def kill(self) -> None:
        """Kill OpenSearch."""
        if node := self._node.status().node:
            self._down_at = time.monotonic()
            os.kill(node.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop asking."""
        self._stopped.set()
        self._thread.join()


class Disturber:
    """Kills a worker every `every` seconds and OpenSearch at a third and at two thirds of a phase."""

    def __init__(self, server: psutil.Process, outages: Outages, seconds: float, every: float) -> None:
        self.killed = Counter[str]()
        self._server, self._outages, self._seconds, self._every = server, outages, seconds, every
        self._random = random.Random(1)  # noqa: S311 (which worker is killed)

    def run(self) -> None:
        """Kill until the phase ends."""
        began = time.monotonic()
        engine_at = [began + self._seconds / 3, began + self._seconds * 2 / 3]
        while (now := time.monotonic()) < began + self._seconds:
            if engine_at and now >= engine_at[0]:
                engine_at.pop(0)
                self._outages.kill()
                self.killed["OpenSearch"] += 1
            self._kill_worker()
            time.sleep(min(self._every, began + self._seconds - now))

    def _kill_worker(self) -> None:
        with suppress(psutil.Error, IndexError):
            workers = [child for child in self._server.children() if "peerscope" in " ".join(child.cmdline())]
            self._random.choice(workers).kill()
            self.killed["workers"] += 1


def ask(base: str, path: str, phase: Phase, outages: Outages) -> None:
    """Send a request, again if its connection is lost, and count the response."""
    began = time.monotonic()
    for _ in range(ATTEMPTS):
        try:
            response = requests.get(f"{base}/api/v1{path}", timeout=TIMEOUT)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            phase.allowed["connection lost, request repeated"] += 1
        except requests.RequestException as error:
            phase.violations[type(error).__name__] += 1
            return
        else:
            _count(response, began, phase, outages)
            return
    phase.violations[f"connection lost {ATTEMPTS} times"] += 1


def _count(response: requests.Response, began: float, phase: Phase, outages: Outages) -> None:
    if response.status_code == HTTPStatus.OK:
        phase.took.append(time.monotonic() - began)
    elif response.status_code == HTTPStatus.SERVICE_UNAVAILABLE and response.headers.get("Retry-After"):
        if outages.overlaps(began):
            phase.allowed["503 while OpenSearch is down"] += 1
        else:
            phase.violations[f"503 while OpenSearch is up: {response.json().get('detail')}"] += 1
        time.sleep(0.5)
    else:
        phase.violations[f"status {response.status_code}"] += 1


def run_phase(name: str, base: str, texts: Sequence[str], outages: Outages, clients: int, seconds: float) -> Phase:
    """Let `clients` send requests for `seconds`; return what they received."""
    phase, deadline = Phase(name), time.monotonic() + seconds

    def client(number: int) -> None:
        turn = number
        while time.monotonic() < deadline:
            path = PATHS[turn % len(PATHS)].format(quote(texts[turn % len(texts)]))
            ask(base, path, phase, outages)
            turn += clients + 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return phase


def _server() -> psutil.Process:
    """Return the master process of the service that this process has started."""
    return next(child for child in psutil.Process().children() if "serve" in child.cmdline())


def table(phases: Sequence[Phase]) -> Table:
    """Return the counts of each phase."""
    shown = Table("phase", title="Responses by kind")
    for name in ("answered", "p95 ms", "allowed", "violations"):
        shown.add_column(name, justify="right" if name in {"answered", "p95 ms"} else "left")
    for phase in phases:
        kinds = (
            "\n".join(f"{count} {kind}" for kind, count in kinds.items()) for kinds in (phase.allowed, phase.violations)
        )
        shown.add_row(phase.name, f"{len(phase.took):,}", f"{phase.p95:,.0f}", *kinds)
    return shown


@click.command()
@click.option("--clients", default=32, show_default=True, type=click.IntRange(1, 500), help="Clients.")
@click.option("--seconds", default=60.0, show_default=True, help="Length of each phase.")
@click.option("--slow", default=200, show_default=True, help="Slow connections of each kind.")
@click.option("--every", default=5.0, show_default=True, help="Seconds between two kills of a worker.")
@click.option("--log", "log_file", type=click.Path(path_type=Path), help="Keep the log of the service in this file.")
def main(clients: int, seconds: float, slow: int, every: float, log_file: Path | None) -> None:
    """Measure failures over the index with the prefix PEERSCOPE_INDEX_PREFIX in the embedded OpenSearch."""
    settings = Settings.load()
    if settings.opensearch_url:
        raise click.ClickException("This kills the embedded OpenSearch: unset PEERSCOPE_OPENSEARCH_URL.")
    names, client = IndexNames(settings.index_prefix), engine.connect(settings)
    if not client.indices.exists(index=names.works):
        raise click.ClickException("NOTHING MEASURED: nothing is indexed; run `peerscope index` first.")
    texts, _, _ = questions(client, names, 200)
    outages = Outages(settings)
    with tempfile.TemporaryDirectory() as folder:
        log = log_file or Path(folder) / "log"
        try:
            with served(log) as base:
                server, port = _server(), urlsplit(base).port or 0
                phases = [run_phase("quiet", base, texts, outages, clients, seconds)]
                disturber = Disturber(server, outages, seconds, every)
                thread = threading.Thread(target=disturber.run)
                with slow_clients(port, slow, EXPORT) as held:
                    thread.start()
                    phases.append(run_phase("disturbed", base, texts, outages, clients, seconds))
                    thread.join()
                while outages.overlaps(time.monotonic()):
                    time.sleep(PROBE)
                phases.append(run_phase("afterwards", base, texts, outages, clients, seconds / 4))
        except NoAnswerError as error:
            raise click.ClickException(f"NOTHING MEASURED: {error}\n{log.read_text(encoding='utf-8')}") from error
        outages.stop()
    console = Console()
    console.print(table(phases))
    console.print(f"Killed: {json.dumps(disturber.killed)}; slow connections opened: {json.dumps(held.opened)}")
    if violations := sum((phase.violations for phase in phases), Counter[str]()):
        raise click.ClickException(f"{violations.total()} responses violate the rules.")


if __name__ == "__main__":
    main()

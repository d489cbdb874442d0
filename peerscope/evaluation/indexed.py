"""A collection in indices of its own, for as long as it is asked: the indexer fills them, the API answers from them."""

from __future__ import annotations

import json
import signal
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from indexer.run import run
from indexer.run.progress import NoProgress
from indexer.sources import open_sources
from mappings import IndexNames, Scale, drop
from peerscope import engine
from peerscope.errors import PeerscopeError
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import FrameType

    from flask import Flask
    from flask.testing import FlaskClient

    from indexer.staging.report import Report

#: Seconds for one answer: an evaluation waits where a person would not.
TIMEOUT = 30.0


class AskingError(PeerscopeError):
    """The API answered an evaluation with an error."""


@dataclass(frozen=True)
class Indexed:
    """Works that can be searched: the app over them, how many there are, and the seconds that indexing took in all."""

    app: Flask
    services: Services
    works: int
    rejected: int
    seconds: float
    embedding_seconds: float

    def client(self) -> FlaskClient:
        """Return a client of the API, in this process."""
        return self.app.test_client()

    def researchers(self, scheme: str, fields: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
        """Return `id` and `fields` of the stored researchers with a source id in `scheme`, by that id's rest.

        Up to 10,000 of them.
        """
        body = {"size": 10_000, "query": {"prefix": {"ids": scheme}}, "_source": ["id", "ids", *fields]}
        hits = self.services.search(self.services.names.researchers, body)["hits"]["hits"]
        return {
            id_.removeprefix(scheme): hit["_source"]
            for hit in hits
            for id_ in hit["_source"]["ids"]
            if id_.startswith(scheme)
        }


def ask(client: FlaskClient, path: str, **params: Any) -> tuple[dict[str, Any], float]:
    """Return the API's answer and the ms it took. Raises AskingError when it is an error or only part of an answer."""
    start = time.perf_counter()
    response = client.get(f"/api/v1/{path}", query_string=params)
    took = 1000 * (time.perf_counter() - start)
    answer: dict[str, Any] = response.get_json(force=True)
    if response.status_code != 200:
        raise AskingError(f"{path} {params}: {response.status_code} {answer.get('detail')}")
    if degraded := answer["meta"].get("degraded"):
        raise AskingError(f"{path} {params}: without {', '.join(degraded)}, which has to be measured")
    return answer, took


@contextmanager
def indexed(records: Iterable[Mapping[str, Any]], *, keep: bool = False) -> Iterator[Indexed]:
    """Index records under a prefix of their own, give the app over them, and remove the indices at the end.

    That end may also be an error, Ctrl-C or a SIGTERM; `keep=True` leaves them. Raises what the indexer raises.
    """
    names = IndexNames(f"peerscope-evaluate-{uuid4().hex[:8]}-")
    client = engine.connect(timeout=TIMEOUT)
    services = Services(client, names)
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        report, seconds = _fill(services, records)
        yield Indexed(
            app=create_app(services=services),
            services=services,
            works=report.counts.new,
            rejected=report.counts.rejected,
            seconds=seconds,
            embedding_seconds=report.seconds.get("embed", 0.0),
        )
    finally:
        if not keep:
            drop(client, names)
        signal.signal(signal.SIGTERM, before)


def _fill(services: Services, records: Iterable[Mapping[str, Any]]) -> tuple[Report, float]:
    """Run the indexer over the records, with a home of its own for its lock and its report."""
    embedder = services.embedder()
    with tempfile.TemporaryDirectory(prefix="peerscope-evaluate-") as folder:
        file = Path(folder, "works.jsonl")
        file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        start = time.perf_counter()
        report = run.index(
            services.client,
            services.names,
            embedder,
            open_sources([str(file)]),
            Path(folder),
            NoProgress(),
            scale=Scale.from_settings(Settings.load()),
        )
        return report, time.perf_counter() - start


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature is the system's)
    raise SystemExit(128 + number)

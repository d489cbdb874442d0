"""A collection indexed under a temporary prefix by the indexer, and queried through the API."""

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
from search_api.app import create_app
from search_api.http.services import Services
from search_api.retrieval.vectors import VectorStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import FrameType

    from flask import Flask
    from flask.testing import FlaskClient

    from indexer.staging.report import Report
    from peerscope.settings import Settings

#: Seconds per request to OpenSearch; an evaluation waits longer than a user would.
TIMEOUT = 30.0


class QueryError(PeerscopeError):
    """The API returned an error or a degraded response to a query of an evaluation."""


@dataclass(frozen=True)
class Indexed:
    """Indexed works: the app over them, their number, and the seconds of indexing, in all and of embedding alone."""

    app: Flask
    services: Services
    works: int
    rejected: int
    seconds: float
    embedding_seconds: float

    def client(self) -> FlaskClient:
        """Return a client of the API within this process."""
        return self.app.test_client()

    def researchers(self, scheme: str, fields: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
        """Return the stored `id` and `fields` of researchers by their source id in `scheme`, without the scheme.

        At most 10,000 researchers are returned.
        """
        body = {"size": 10_000, "query": {"prefix": {"ids": scheme}}, "_source": ["id", "ids", *fields]}
        hits = self.services.search(self.services.names.researchers, body)["hits"]["hits"]
        return {
            id_.removeprefix(scheme): hit["_source"]
            for hit in hits
            for id_ in hit["_source"]["ids"]
            if id_.startswith(scheme)
        }


def query_api(client: FlaskClient, path: str, **params: Any) -> tuple[dict[str, Any], float]:
    """Return the API's response and its time in ms. Raises `QueryError` for an error or a degraded response."""
    start = time.perf_counter()
    response = client.get(f"/api/v1/{path}", query_string=params)
    milliseconds = 1000 * (time.perf_counter() - start)
    body: dict[str, Any] = response.get_json(force=True)
    if response.status_code != 200:
        raise QueryError(f"{path} {params}: {response.status_code} {body.get('detail')}")
    if degraded := body["meta"].get("degraded"):
        raise QueryError(f"{path} {params}: the response is degraded, without {', '.join(degraded)} search")
    return body, milliseconds


@contextmanager
def indexed(settings: Settings, records: Iterable[Mapping[str, Any]], *, keep: bool = False) -> Iterator[Indexed]:
    """Index records under a temporary prefix, yield the app over them, and remove the indices at the end.

    They are also removed after an error, Ctrl-C or SIGTERM; `keep=True` keeps them. Raises the errors of the indexer.
    """
    names = IndexNames(f"peerscope-evaluate-{uuid4().hex[:8]}-")
    client = engine.connect(settings, timeout=TIMEOUT)
    services = Services(client, names, settings=settings)
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        report, seconds = _fill(services, records)
        services.shared(VectorStore).load(services)  # as a server does
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
    """Index the records, with a temporary home for the lock and the report of the run; return report and seconds."""
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
            scale=Scale.from_settings(services.settings),
        )
        return report, time.perf_counter() - start


def _stop(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)

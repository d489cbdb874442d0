"""Every request behind one page of results, with its milliseconds: `python -m benchmarks.breakdown`.

It runs the app in this process over the live index and records what it sends to OpenSearch. Queries are those of
`benchmarks.serving`, each sent once per kind, so nothing but names and languages comes from a cache.
"""

from __future__ import annotations

import cProfile
import logging
import os
import pstats
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click
import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.serving import FACETS, questions
from mappings import IndexNames
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.request_log import log
from search_api.http.server import prepare_process
from search_api.http.services import KEY
from search_api.retrieval.vectors import VectorStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

    from search_api.http.services import Services

#: A path and its parameters.
Request = tuple[str, dict[str, Any]]

#: Queries sent before the measured ones.
WARM_UP = 5
#: Parts of a request's body, and what a request with it reads; the first that is there names the request.
PURPOSES = {
    '"suggest":': "spelling",
    '"more_like_this":': "significant terms",
    '"knn":': "neighbours",
    '"script_fields":': "vectors",
    '"aggs":': "counts",
    '"_none_"': "ids",
    '"size":0': "total",
}


@dataclass
class Sent:
    """One request to OpenSearch: what for, milliseconds until its response, and milliseconds in OpenSearch."""

    name: str
    wall: float
    took: float


@dataclass
class Recorder:
    """Records the requests of a client."""

    client: OpenSearch
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put it between the client and its transport."""
        transport: Any = self.client.transport
        self._perform = transport.perform_request
        transport.perform_request = self._record

    def _record(self, method: str, url: str, params: Any = None, body: Any = None, **others: Any) -> Any:
        began = time.perf_counter()
        response = self._perform(method, url, params=params, body=body, **others)
        wall = 1_000 * (time.perf_counter() - began)
        took = response.get("took", 0) if isinstance(response, dict) else 0
        self.sent.append(Sent(name_of(url, body), wall, took))
        return response


def name_of(url: str, body: Any) -> str:
    """Return what a request reads: `works: ids + works: neighbours` for two searches sent together."""
    index, *path = url.strip("/").split("/")
    if index == "_mget":
        return f"{', '.join(dict.fromkeys(_kind(document['_index']) for document in body['docs']))}: documents by id"
    if not path:  # _msearch names an index before each body
        lines = [orjson.loads(line) for line in body.splitlines() if line.strip()]
        pairs = zip(lines[::2], lines[1::2], strict=True)
        names = Counter(f"{_kind(header['index'])}: {purpose(query)}" for header, query in pairs)
        return " + ".join(f"{count} x {name}" if count > 1 else name for name, count in names.items())
    return f"{_kind(index)}: {purpose(body) if path[-1] == '_search' else path[0].strip('_')}"


def _kind(index: str) -> str:
    return index.rsplit("-", 1)[-1]


def purpose(body: Any) -> str:
    """Return what a search reads."""
    text = orjson.dumps(body).decode()
    return next((name for part, name in PURPOSES.items() if part in text), "documents")


@dataclass
class Page:
    """Milliseconds of one kind of response: in all, of embedding, and of each request to OpenSearch by its place."""

    wall: list[float] = field(default_factory=list)
    embedding: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    by_name: dict[str, list[Sent]] = field(default_factory=lambda: defaultdict(list))

    def add(self, wall: float, embedding: float, sent: Sequence[Sent]) -> None:
        """Add one response."""
        self.wall.append(wall)
        self.embedding.append(embedding)
        self.requests.append(sum(request.wall for request in sent))
        for place, request in enumerate(sent, 1):
            self.by_name[f"{place}. {request.name}"].append(request)

    @property
    def own(self) -> float:
        """The median of what is neither OpenSearch nor embedding."""
        return float(np.median(np.subtract(np.subtract(self.wall, self.requests), self.embedding)))


def paths(text: str, work: str, person: str) -> dict[str, Request]:
    """Return the request of each kind: path and parameters."""
    rotated = " ".join(reversed(text.split()))
    shifted = " ".join([*text.split()[1:], *text.split()[:1]])
    return {
        "hybrid": ("/api/v1/works", {"q": text}),
        "with six facets": ("/api/v1/works", {"q": rotated, "facets": FACETS}),
        "keyword": ("/api/v1/works", {"q": text, "mode": "keyword"}),
        "semantic": ("/api/v1/works", {"q": text, "mode": "semantic"}),
        "page of hybrid search": ("/search", {"q": shifted}),
        "similar works": (f"/api/v1/works/{quote(work)}/similar", {}),
        "researchers like one": (f"/api/v1/researchers/{quote(person)}/similar", {}),
        "who works on a text": ("/api/v1/researchers", {"about": text}),
        "autocomplete": ("/api/v1/autocomplete", {"q": text[:9]}),
    }


def run(
    client: FlaskClient, recorder: Recorder, embedder: TimedEmbedder, asked: Sequence[Mapping[str, Request]]
) -> dict[str, Page]:
    """Send all requests, kinds alternating, and return the milliseconds by kind."""
    pages: dict[str, Page] = defaultdict(Page)
    for kinds in asked:
        for kind, (path, params) in kinds.items():
            recorder.sent.clear()
            embedder.milliseconds = 0.0
            began = time.perf_counter()
            response = client.get(path, query_string=params)
            wall = 1_000 * (time.perf_counter() - began)
            if response.status_code != HTTPStatus.OK:
                raise click.ClickException(f"NOTHING MEASURED: {path} {params}: {response.status}")
            pages[kind].add(wall, embedder.milliseconds, recorder.sent)
    return pages


class TimedEmbedder:
    """Measures the time of embedding queries."""

    def __init__(self, services: Services) -> None:
        """Measure the model of these services."""
        self.milliseconds = 0.0
        embedder = services.embedder()
        embed = embedder.embed_query

        def timed(text: str) -> Any:
            began = time.perf_counter()
            try:
                return embed(text)
            finally:
                self.milliseconds += 1_000 * (time.perf_counter() - began)

        embedder.embed_query = timed  # type: ignore[method-assign]


def table(kind: str, page: Page) -> Table:
    """Return the requests of one kind as a table; `share` is the share of responses that send the request."""
    p50, p95 = np.percentile(page.wall, [50, 95])
    rows = Table(f"{kind}: p50 {p50:.1f} ms, p95 {p95:.1f}", "ms", "in OpenSearch", "share")
    for name, sent in sorted(page.by_name.items(), key=lambda item: (int(item[0].split(".")[0]), -len(item[1]))):
        wall, took = np.median([request.wall for request in sent]), np.median([request.took for request in sent])
        rows.add_row(name, f"{wall:.1f}", f"{took:.0f}", f"{len(sent) / len(page.wall):.0%}")
    rows.add_row("embedding", f"{np.median(page.embedding):.1f}", "", "")
    rows.add_row("the rest: our code and Flask", f"{page.own:.1f}", "", "")
    return rows


@click.command()
@click.option("--queries", default=60, show_default=True, type=click.IntRange(5, 1_000), help="Requests of each kind.")
@click.option("--profile", metavar="KIND", help="Print the functions that take the most CPU time of one kind.")
def main(queries: int, profile: str | None) -> None:
    """List the requests behind each kind of response, over the index with the prefix PEERSCOPE_INDEX_PREFIX."""
    settings = Settings.load()
    log.setLevel(logging.WARNING)
    app = create_app({"RATE_LIMIT": "off"}, settings=settings)
    services, names = app.extensions[KEY], IndexNames(settings.index_prefix)
    services.shared(VectorStore).load(services)
    prepare_process()  # both as in a worker of the server
    asked = [paths(*drawn) for drawn in zip(*questions(services.client, names, queries + WARM_UP), strict=False)]
    if not asked:
        raise click.ClickException("NOTHING MEASURED: nothing is indexed; run `peerscope index` first.")
    observed = app.test_client(), Recorder(services.client), TimedEmbedder(services)
    run(*observed, asked[:WARM_UP])
    if profile:
        if profile not in asked[0]:
            raise click.BadParameter(f"The kinds are {', '.join(asked[0])}.", param_hint="--profile")
        profiler = cProfile.Profile(time.thread_time)
        profiler.runcall(run, *observed, [{profile: kinds[profile]} for kinds in asked[WARM_UP:]])
        pstats.Stats(profiler).sort_stats("tottime").print_stats(40)
        return
    pages = run(*observed, asked[WARM_UP:])
    console = Console()
    for kind, page in pages.items():
        console.print(table(kind, page))
    works = services.client.count(index=names.works)["count"]
    console.print(f"{works:,} works, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; medians of {queries}")


if __name__ == "__main__":
    main()

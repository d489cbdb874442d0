"""Times of the pages compared with the API responses that contain the same: `python -m benchmarks.pages`.

Both are requested from one app in this process over the live index, alternately and for the same items; each is first
for every second item, so that OpenSearch's caches help both equally. Most pages have one twin in the API. A page that
shows several responses, such as a profile with its works, graph and similar researchers, is compared with all of
them, requested one after the other; the slowest of them is also shown.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.serving import questions
from benchmarks.targets import Target, targets_table
from mappings import IndexNames
from peerscope import engine
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.researchers.fields import FACETS as RESEARCHER_FACETS
from search_api.works.fields import FACETS as WORK_FACETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

#: Allowed ratio of a page's median time to that of its twins.
MOST = 2.0
#: Sets of items not measured: the first requests open connections and compile templates.
WARM_UP = 3
API = "/api/v1"


class Query(NamedTuple):
    """A path, and a JSON body to post there."""

    path: str
    json: dict[str, Any] | None = None


class Pair(NamedTuple):
    """A page, and the API requests whose responses it shows."""

    name: str
    page: Query
    twins: tuple[Query, ...]


@dataclass
class Times:
    """Milliseconds of a page and of each of its twins, for each set of items."""

    page: list[float] = field(default_factory=list)
    twins: list[list[float]] = field(default_factory=list)

    @property
    def page_ms(self) -> float:
        """Median of the page."""
        return float(np.median(self.page))

    @property
    def twins_ms(self) -> float:
        """Median of the sum of all twins."""
        return float(np.median([sum(times) for times in self.twins]))

    @property
    def slowest_ms(self) -> float:
        """Highest median of a twin."""
        return float(np.median(np.array(self.twins), axis=0).max())

    @property
    def ratio(self) -> float:
        """Ratio of the medians of the page and its twins."""
        return self.page_ms / self.twins_ms


def pairs(text: str, work: str, person: str, topic: str, place: str, name: str) -> list[Pair]:
    """Return every public page about these items with its twins."""

    def api(path: str, **params: Any) -> Query:
        return Query(f"{API}{path}?{urlencode(params)}" if params else f"{API}{path}")

    def page(path: str, **params: Any) -> Query:
        return Query(f"{path}?{urlencode(params)}" if params else path)

    facets, people = ",".join(WORK_FACETS), ",".join(RESEARCHER_FACETS)
    start = (
        api("/topics", per_page=12),
        api("/works", per_page=1, facets="year"),
        api("/researchers", per_page=6),
        api("/institutions", per_page=1),
        api(f"/researchers/{person}/graph", limit=24),
    )
    profile = (
        api(f"/researchers/{person}"),
        api(f"/researchers/{person}/works", facets="topic,year"),
        api(f"/researchers/{person}/similar", per_page=6, exclude="collaborators"),
        api(f"/researchers/{person}/graph", limit=30),
    )
    one_work = (
        api(f"/works/{work}"),
        api(f"/works/{work}/similar", per_page=6),
        Query(f"{API}/researchers/rank?per_page=6", json={"work": work}),
    )
    near = (api("/researchers", about=text, per_page=10), api("/works", q=text, per_page=10))
    newest = {"sort": "newest", "per_page": 5}
    return [
        Pair("home", page("/"), start),
        Pair("search", page("/search", q=text), (api("/works", q=text, facets=facets, highlight="true"),)),
        Pair("search, filtered", page("/search", topic=topic), (api("/works", topic=topic, facets=facets),)),
        Pair("researchers by name", page("/researchers", q=name), (api("/researchers", q=name, facets=people),)),
        Pair("who works on", page("/researchers", about=text), (api("/researchers", about=text, facets=people),)),
        Pair("profile", page(f"/researchers/{person}"), profile),
        Pair("work", page(f"/works/{work}"), one_work),
        Pair("topics", page("/topics"), (api("/topics"),)),
        Pair("topic", page(f"/topics/{topic}"), (api(f"/topics/{topic}"), api("/works", topic=topic, **newest))),
        Pair("institutions", page("/institutions"), (api("/institutions"),)),
        Pair(
            "institution",
            page(f"/institutions/{place}"),
            (api(f"/institutions/{place}"), api("/works", institution=place, **newest)),
        ),
        Pair("graph", page("/graph", researcher=person), (api("/graph", researcher=person),)),
        Pair(
            "graph, 200 nodes",
            page("/graph", topic=topic, limit=200),
            (api("/graph", topic=topic, limit=200),),
        ),
        Pair("related", page("/related", text=text), near),
        Pair(
            "related experts",
            page("/related", text=text, show="experts"),
            (api("/researchers", about=text, facets=people),),
        ),
        Pair("related works", page("/related", text=text, show="works"), (api("/works", q=text, facets=facets),)),
    ]


def things(client: OpenSearch, names: IndexNames, count: int) -> Iterator[list[Pair]]:
    """Yield the pairs for a fixed random sample of `count` sets of items of the index."""
    texts, works, people = questions(client, names, count)

    def largest(index: str, fields: Sequence[str]) -> list[dict[str, Any]]:
        body = {"size": count, "sort": [{"works_count": "desc"}, {"id": "asc"}], "_source": list(fields)}
        return [hit["_source"] for hit in client.search(index=index, body=body)["hits"]["hits"]]

    topics, places = largest(names.topics, ["id"]), largest(names.institutions, ["id"])
    documents = client.mget(index=names.researchers, body={"ids": people}, params={"_source_includes": "name"})["docs"]
    person_names = [document["_source"]["name"] for document in documents]
    for number, row in enumerate(zip(texts, works, people, strict=True)):
        topic, place = topics[number % len(topics)], places[number % len(places)]
        yield pairs(*row, topic["id"], place["id"], person_names[number])


def ask(client: FlaskClient, query: Query) -> float:
    """Send a request and return its time in ms. Raises ClickException for an error response."""
    method = "GET" if query.json is None else "POST"
    began = time.perf_counter()
    response = client.open(query.path, method=method, json=query.json, follow_redirects=True)
    milliseconds = (time.perf_counter() - began) * 1_000
    if response.status_code != 200:
        raise click.ClickException(f"{query.path} returned {response.status}")
    return milliseconds


def measured(send: Callable[[Query], float], rows: Sequence[Sequence[Pair]]) -> dict[str, Times]:
    """Request every page and its twins, the page first for every second set of items."""
    results: dict[str, Times] = defaultdict(Times)
    for number, row in enumerate(rows):
        for pair in row:
            times = results[pair.name]
            if number % 2:
                times.page.append(send(pair.page))
            times.twins.append([send(twin) for twin in pair.twins])
            if not number % 2:
                times.page.append(send(pair.page))
    return results


def targets(results: dict[str, Times]) -> list[Target]:
    """Compare each page with its twins."""
    return [
        Target(f"{name}: p50 / its twin's", times.ratio, f"<= {MOST:g}", times.ratio <= MOST)
        for name, times in results.items()
    ]


def times_table(results: dict[str, Times], title: str) -> Table:
    """Return the medians as a table, one page per row."""
    table = Table("page", title=title)
    for name in ("page, ms", "API, ms", "requests", "slowest, ms"):
        table.add_column(name, justify="right")
    for name, times in results.items():
        figures = (times.page_ms, times.twins_ms)
        table.add_row(
            name, *(f"{figure:.1f}" for figure in figures), str(len(times.twins[0])), f"{times.slowest_ms:.1f}"
        )
    return table


@click.command()
@click.option("--things", "count", default=21, show_default=True, type=click.IntRange(1, 1_000), help="Sets of items.")
def main(count: int) -> None:
    """Measure the pages over the index with the prefix PEERSCOPE_INDEX_PREFIX."""
    settings = Settings.load()
    names, client = IndexNames(settings.index_prefix), engine.connect(settings)
    if not client.indices.exists(index=names.works):
        raise click.ClickException("NOTHING MEASURED: nothing is indexed; run `peerscope index` first.")
    browser = create_app(settings=settings).test_client()
    rows = list(things(client, names, count + WARM_UP))
    measured(lambda query: ask(browser, query), rows[:WARM_UP])
    results = measured(lambda query: ask(browser, query), rows[WARM_UP:])
    works, people = (client.count(index=index)["count"] for index in (names.works, names.researchers))
    console = Console()
    console.print(times_table(results, f"Pages over {works:,} works and {people:,} researchers, medians"))
    console.print(targets_table(targets(results), "Targets of pages"))


if __name__ == "__main__":
    main()

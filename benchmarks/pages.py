"""How much longer a page takes than the API's answers that say the same: `python -m benchmarks.pages`.

Both are asked of one app in this process over the live index, in turn and about the same thing, each first for every
second thing, so that what OpenSearch keeps of the one helps the other as often as not. Many pages have one twin. A page
that shows what several answers hold, such as a profile with its works, its graph and researchers like this one, is held
against all of those, asked one after the other; the slowest of them alone stands beside it.
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

#: How much longer than its twin a page may take, at the median.
MOST = 2.0
#: Things asked about that are not counted: the first answers make connections and compile templates.
WARM_UP = 3
API = "/api/v1"


class Question(NamedTuple):
    """An address, and what is posted there; `data` is a form, `json` a body."""

    path: str
    data: dict[str, str] | None = None
    json: dict[str, Any] | None = None


class Pair(NamedTuple):
    """A page, and the answers of the API that say what it shows."""

    name: str
    page: Question
    twins: tuple[Question, ...]


@dataclass
class Times:
    """Milliseconds of a page, and of each of its twins, thing by thing."""

    page: list[float] = field(default_factory=list)
    twins: list[list[float]] = field(default_factory=list)

    @property
    def page_ms(self) -> float:
        """The page's median."""
        return float(np.median(self.page))

    @property
    def twins_ms(self) -> float:
        """The median of all twins together."""
        return float(np.median([sum(times) for times in self.twins]))

    @property
    def slowest_ms(self) -> float:
        """The median of the twin that has the highest one."""
        return float(np.median(np.array(self.twins), axis=0).max())

    @property
    def ratio(self) -> float:
        """How many times as long as its twins the page takes."""
        return self.page_ms / self.twins_ms


def pairs(text: str, work: str, person: str, topic: str, place: str, name: str) -> list[Pair]:
    """Return every public page about these things with its twins."""

    def api(path: str, **params: Any) -> Question:
        return Question(f"{API}{path}?{urlencode(params)}" if params else f"{API}{path}")

    def page(path: str, **params: Any) -> Question:
        return Question(f"{path}?{urlencode(params)}" if params else path)

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
        Question(f"{API}/researchers/rank?per_page=6", json={"work": work}),
    )
    ranked = Question(f"{API}/researchers/rank?per_page=10", json={"text": text})
    near = (ranked, api("/works", q=text, per_page=10))
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
        Pair("related", Question("/related", data={"text": text}), near),
    ]


def things(client: OpenSearch, names: IndexNames, count: int) -> Iterator[list[Pair]]:
    """Return the pairs for `count` sets of things drawn from the index, the same ones each time."""
    texts, works, people = questions(client, names, count)

    def largest(index: str, fields: Sequence[str]) -> list[dict[str, Any]]:
        body = {"size": count, "sort": [{"works_count": "desc"}, {"id": "asc"}], "_source": list(fields)}
        return [hit["_source"] for hit in client.search(index=index, body=body)["hits"]["hits"]]

    topics, places = largest(names.topics, ["id"]), largest(names.institutions, ["id"])
    found = client.mget(index=names.researchers, body={"ids": people}, params={"_source_includes": "name"})["docs"]
    called = [one["_source"]["name"] for one in found]
    for number, row in enumerate(zip(texts, works, people, strict=True)):
        topic, place = topics[number % len(topics)], places[number % len(places)]
        yield pairs(*row, topic["id"], place["id"], called[number])


def ask(client: FlaskClient, question: Question) -> float:
    """Ask once; give the milliseconds. Raises ClickException for what is no answer."""
    posted = question.data is not None or question.json is not None
    began = time.perf_counter()
    answer = client.open(
        question.path, method="POST" if posted else "GET", data=question.data, json=question.json, follow_redirects=True
    )
    took = (time.perf_counter() - began) * 1_000
    if answer.status_code != 200:
        raise click.ClickException(f"{question.path} answered {answer.status}")
    return took


def measured(asked: Callable[[Question], float], rows: Sequence[Sequence[Pair]]) -> dict[str, Times]:
    """Ask every page and its twins, the page first for every second thing."""
    found: dict[str, Times] = defaultdict(Times)
    for number, row in enumerate(rows):
        for pair in row:
            times = found[pair.name]
            if number % 2:
                times.page.append(asked(pair.page))
            times.twins.append([asked(twin) for twin in pair.twins])
            if not number % 2:
                times.page.append(asked(pair.page))
    return found


def targets(found: dict[str, Times]) -> list[Target]:
    """Hold each page against its twins."""
    return [
        Target(f"{name}: p50 / its twin's", times.ratio, f"<= {MOST:g}", times.ratio <= MOST)
        for name, times in found.items()
    ]


def times_table(found: dict[str, Times], title: str) -> Table:
    """Lay the medians out, one page a row."""
    table = Table("page", title=title)
    for name in ("page, ms", "API, ms", "questions", "slowest of them, ms"):
        table.add_column(name, justify="right")
    for name, times in found.items():
        figures = (times.page_ms, times.twins_ms)
        table.add_row(name, *(f"{one:.1f}" for one in figures), str(len(times.twins[0])), f"{times.slowest_ms:.1f}")
    return table


@click.command()
@click.option("--things", "count", default=21, show_default=True, type=click.IntRange(1, 1_000), help="Of each page.")
def main(count: int) -> None:
    """Measure the pages over what is indexed under PEERSCOPE_INDEX_PREFIX."""
    settings = Settings.load()
    names, client = IndexNames(settings.index_prefix), engine.connect(settings)
    if not client.indices.exists(index=names.works):
        raise click.ClickException("NOTHING MEASURED: nothing is indexed; run `peerscope index` first.")
    browser = create_app().test_client()
    rows = list(things(client, names, count + WARM_UP))
    measured(lambda question: ask(browser, question), rows[:WARM_UP])
    found = measured(lambda question: ask(browser, question), rows[WARM_UP:])
    works, people = (client.count(index=index)["count"] for index in (names.works, names.researchers))
    console = Console()
    console.print(times_table(found, f"Pages over {works:,} works and {people:,} researchers, medians"))
    console.print(targets_table(targets(found), "Targets of pages"))


if __name__ == "__main__":
    main()

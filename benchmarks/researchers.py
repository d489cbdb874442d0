"""How well researchers like one are found, on samples of real works: `python -m benchmarks.researchers`.

*Split halves*: the works of a researcher are dealt into two researchers at random; is the other half found first? MRR.
*Future co-authors*: works up to 2014 are indexed; of those who first wrote together in 2015 to 2017, how many are among
the first 50 that are no collaborators yet? recall@50. The plain centroid, the cosine of mean embeddings, is the floor.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.targets import Target, data_folder, targets_table
from peerscope.evaluation.indexed import ask, indexed
from peerscope.evaluation.metrics import Mean, bootstrap, per_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from peerscope.evaluation.collection import Qrels

CORPUS = Path("corpora", "arxiv-2007-2017.jsonl.gz")
#: A name with more works than this in the corpus is mostly several people.
MOST_WORKS = 60
#: The last year that is indexed for future co-authors.
LAST_YEAR = 2014
SEED = 1
#: Begins the source id of everyone in a sample; behind it stands the id that is judged by.
SOURCE_ID = "sampled:"

Works = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Sample:
    """Records to index, the researchers to ask about, and who should be found: both by the id of the sample."""

    records: list[dict[str, Any]]
    wanted: Qrels


@dataclass(frozen=True)
class Outcome:
    """One measure of one sample: the API's answer and the plain centroid, and how large the sample is."""

    what: str
    asked: int
    works: int
    researchers: int
    api: Mean
    centroid: Mean
    gain: Mean


def read(corpus: Path) -> list[dict[str, Any]]:
    """Read a corpus in the import format."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def by_author(works: Iterable[dict[str, Any]]) -> Works:
    """Return the works of each author id."""
    found: Works = defaultdict(list)
    for work in works:
        for id_ in {author["id"] for author in work["authors"] if author.get("id")}:
            found[id_].append(work)
    return found


def record(work: Mapping[str, Any], authors: Iterable[str]) -> dict[str, Any]:
    """Make a record of a work that is by these of the sample alone, under their ids."""
    kept = {key: work.get(key) for key in ("id", "title", "abstract", "year", "topics")}
    return {**kept, "authors": [{"name": name, "id": SOURCE_ID + name} for name in sorted(authors)]}


def split_halves(works: list[dict[str, Any]], count: int, least: int = 10) -> Sample:
    """Deal the works of `count` researchers, drawn from those with at least `least`, into two researchers each."""
    draw = random.Random(SEED)  # noqa: S311 (a sample, no secret)
    known = {id_: mine for id_, mine in by_author(works).items() if least <= len(mine) <= MOST_WORKS}
    authors: dict[str, set[str]] = defaultdict(set)
    kept: dict[str, dict[str, Any]] = {}
    wanted: Qrels = {}
    for number, id_ in enumerate(draw.sample(sorted(known), min(count, len(known)))):
        mine = draw.sample(known[id_], len(known[id_]))
        for place, work in enumerate(mine):
            kept[work["id"]] = work
            authors[work["id"]].add(f"{number}-{'ab'[place % 2]}")
        wanted[f"{number}-a"] = {f"{number}-b": 1}
    return Sample([record(kept[id_], names) for id_, names in authors.items()], wanted)


def future_coauthors(works: list[dict[str, Any]], count: int, others: int, least: int = 5, most: int = 8) -> Sample:
    """Draw `count` researchers who will write with somebody new, those people, and `others` beside them.

    All have `least` works or more up to LAST_YEAR, and the newest `most` of them are indexed.
    """
    draw = random.Random(SEED)  # noqa: S311 (a sample, no secret)
    past = by_author(work for work in works if work["year"] <= LAST_YEAR)
    known = {id_: mine for id_, mine in past.items() if least <= len(mine) <= MOST_WORKS}
    before, after = pairs(works, known, until=LAST_YEAR), pairs(works, known, since=LAST_YEAR + 1)
    new = {id_: after[id_] - before[id_] for id_ in sorted(after) if after[id_] - before[id_]}
    asked = draw.sample(sorted(new), min(count, len(new)))
    pool = sorted({*asked, *(id_ for one in asked for id_ in new[one])})
    rest = sorted(known.keys() - set(pool))
    pool += draw.sample(rest, min(others, len(rest)))
    authors: dict[str, set[str]] = defaultdict(set)
    kept: dict[str, dict[str, Any]] = {}
    for id_ in pool:
        for work in sorted(known[id_], key=lambda work: (-work["year"], work["id"]))[:most]:
            kept[work["id"]] = work
            authors[work["id"]].add(id_)
    # Whoever of the pool is on a work that is indexed is on it, so that collaborators are known as such.
    for id_, work in kept.items():
        authors[id_] |= {author["id"] for author in work["authors"]} & set(pool)
    return Sample(
        [record(kept[id_], names) for id_, names in authors.items()],
        {id_: dict.fromkeys(sorted(new[id_]), 1) for id_ in asked},
    )


def pairs(
    works: Iterable[dict[str, Any]], known: Mapping[str, Any], since: int = 0, until: int = 9999
) -> dict[str, set[str]]:
    """Return whom each known author wrote with in these years."""
    found: dict[str, set[str]] = defaultdict(set)
    for work in works:
        if since <= work["year"] <= until:
            together = {author.get("id") for author in work["authors"]} & known.keys()
            for id_ in together:
                found[id_] |= together - {id_}
    return found


def measure(what: str, measure_name: str, sample: Sample, *, exclude: bool) -> Outcome:
    """Index a sample, ask for researchers like each that is wanted, and hold the lists against the plain centroid's."""
    with indexed(sample.records) as works:
        people = works.researchers(SOURCE_ID, ["embedding", "collaborators.id"])
        given = {person["id"]: name for name, person in people.items()}
        api, centroid = {}, {}
        client = works.client()
        for name in sample.wanted:
            params = {"exclude": "collaborators"} if exclude else {}
            path = f"researchers/{people[name]['id']}/similar"
            answer, _ = ask(client, path, per_page=100, select="id", **params)
            api[name] = [given[one["id"]] for one in answer["results"] if one["id"] in given]
            centroid[name] = by_centroid(people, name, exclude=exclude)
    values = [per_query(sample.wanted, lists, [measure_name])[measure_name] for lists in (api, centroid)]
    return Outcome(
        f"{what}, {measure_name}",
        len(sample.wanted),
        len(sample.records),
        len(people),
        bootstrap(values[0]),
        bootstrap(values[1]),
        bootstrap(values[0] - values[1]),
    )


def by_centroid(people: Mapping[str, dict[str, Any]], name: str, *, exclude: bool) -> list[str]:
    """Return all others by the cosine of their mean embedding to this one's."""
    me = people[name]
    together = {one["id"] for one in me.get("collaborators") or ()} if exclude else set()
    others = [other for other, person in people.items() if other != name and person["id"] not in together]
    matrix = np.array([people[other]["embedding"] for other in others], np.float32)
    return [others[place] for place in np.argsort(-(matrix @ np.array(me["embedding"], np.float32)), kind="stable")]


def table(outcomes: Iterable[Outcome]) -> Table:
    """Lay out what was measured, one sample a row."""
    laid = Table("", "asked", "works", "researchers", "API", "centroid", "gain", title="Researchers like this")
    for one in outcomes:
        sizes = (f"{one.asked:,}", f"{one.works:,}", f"{one.researchers:,}")
        gain = f"{one.gain.mean:+.3f} ({one.gain.low:+.3f} to {one.gain.high:+.3f})"
        laid.add_row(one.what, *sizes, str(one.api), str(one.centroid), gain)
    return laid


@click.command()
@click.option("--corpus", type=click.Path(path_type=Path), help="A .jsonl.gz of works. [default: arxiv-2007-2017]")
@click.option("--halves", default=100, show_default=True, help="Researchers whose works are split.")
@click.option("--coauthors", default=80, show_default=True, help="Researchers whose future co-authors are looked for.")
@click.option("--others", default=200, show_default=True, help="Researchers beside those, to tell them from.")
def main(corpus: Path | None, halves: int, coauthors: int, others: int) -> None:
    """Measure researchers like this: split halves, and future co-authors."""
    corpus = corpus or data_folder() / CORPUS
    if not corpus.is_file():
        raise click.ClickException(f"NOTHING MEASURED: there is no {corpus}; name a corpus, or set PEERSCOPE_DATA")
    works = read(corpus)
    outcomes = [
        measure("split halves", "MRR", split_halves(works, halves), exclude=False),
        measure("future co-authors", "recall@50", future_coauthors(works, coauthors, others), exclude=True),
    ]
    targets = [
        Target(one.what, one.api.mean, f"above {one.centroid.mean:.3f}", one.api.mean > one.centroid.mean)
        for one in outcomes
    ]
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table(outcomes), targets_table(targets, "Targets of researchers like this"))


if __name__ == "__main__":
    main()

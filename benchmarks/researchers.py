"""Quality of similar researchers on samples of real works: `python -m benchmarks.researchers`.

*Split halves* (MRR): the works of a researcher are split at random into two researchers; each should find the other.
*Future co-authors* (recall@50): works up to 2014 are indexed; researchers who first wrote together in 2015 to 2017
should be among the first 50 who are not collaborators yet. *Graded* (nDCG@5, nDCG@10): pairs of researchers graded by
reading, in `graded_researchers.json` (docs/ranking.md). *Topic agreement*: the mean cosine between the topics of these
researchers and of the first ten found. The baseline is the centroid, the cosine of mean embeddings.
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
from peerscope.evaluation.indexed import indexed, query_api
from peerscope.evaluation.metrics import Mean, bootstrap, per_query
from peerscope.settings import Settings
from search_api.retrieval.ranking import sparse_cosine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from peerscope.evaluation.collection import Qrels

CORPUS = Path("corpora", "arxiv-2007-2017.jsonl.gz")
#: Names with more works than this in the corpus are mostly several people.
MOST_WORKS = 60
GRADED_METRICS = ("nDCG@5", "nDCG@10")
#: Researchers with grades of others, by id of `CORPUS`.
GRADED = Path(__file__).with_name("graded_researchers.json")
#: Results whose topics are compared.
FIRST = 10
#: Last indexed year for future co-authors.
LAST_YEAR = 2014
SEED = 1
#: Scheme of the source ids of a sample; the rest is the id of the judgements.
SOURCE_ID = "sampled:"

Works = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Sample:
    """Records to index, and the judgements by the ids of the sample."""

    records: list[dict[str, Any]]
    wanted: Qrels


def graded(works: list[dict[str, Any]]) -> Sample:
    """Return the works of everyone who was graded, and the grades, 0 to 2."""
    judged: dict[str, dict[str, Any]] = json.loads(GRADED.read_text(encoding="utf-8"))
    grades = {id_: entry["grades"] for id_, entry in judged.items()}
    people = grades.keys() | {other for others in grades.values() for other in others}
    authors = {work["id"]: {author.get("id") for author in work["authors"]} & people for work in works}
    kept = [record(work, authors[work["id"]]) for work in works if authors[work["id"]]]
    return Sample(kept, grades)


@dataclass(frozen=True)
class Outcome:
    """One measure of one sample, for the API and for the centroid, with the sizes of the sample."""

    name: str
    queries: int
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
    works_by_author: Works = defaultdict(list)
    for work in works:
        for id_ in {author["id"] for author in work["authors"] if author.get("id")}:
            works_by_author[id_].append(work)
    return works_by_author


def record(work: Mapping[str, Any], authors: Iterable[str]) -> dict[str, Any]:
    """Return a work as a record whose authors are those of the sample, under their ids."""
    kept = {key: work.get(key) for key in ("id", "title", "abstract", "year", "topics")}
    return {**kept, "authors": [{"name": name, "id": SOURCE_ID + name} for name in sorted(authors)]}


def split_halves(works: list[dict[str, Any]], count: int, least: int = 10) -> Sample:
    """Split the works of `count` researchers with at least `least` works into two researchers each."""
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
    """Sample `count` researchers with new co-authors after LAST_YEAR, these co-authors, and `others` in addition.

    All have at least `least` works up to LAST_YEAR, of which the newest `most` are indexed.
    """
    draw = random.Random(SEED)  # noqa: S311 (a sample, no secret)
    past = by_author(work for work in works if work["year"] <= LAST_YEAR)
    known = {id_: mine for id_, mine in past.items() if least <= len(mine) <= MOST_WORKS}
    before, after = pairs(works, known, until=LAST_YEAR), pairs(works, known, since=LAST_YEAR + 1)
    new = {id_: after[id_] - before[id_] for id_ in sorted(after) if after[id_] - before[id_]}
    asked = draw.sample(sorted(new), min(count, len(new)))
    pool = sorted({*asked, *(coauthor for id_ in asked for coauthor in new[id_])})
    rest = sorted(known.keys() - set(pool))
    pool += draw.sample(rest, min(others, len(rest)))
    authors: dict[str, set[str]] = defaultdict(set)
    kept: dict[str, dict[str, Any]] = {}
    for id_ in pool:
        for work in sorted(known[id_], key=lambda work: (-work["year"], work["id"]))[:most]:
            kept[work["id"]] = work
            authors[work["id"]].add(id_)
    # Add all researchers of the pool to their indexed works, so that collaborators are known as such.
    for id_, work in kept.items():
        authors[id_] |= {author["id"] for author in work["authors"]} & set(pool)
    return Sample(
        [record(kept[id_], names) for id_, names in authors.items()],
        {id_: dict.fromkeys(sorted(new[id_]), 1) for id_ in asked},
    )


def pairs(
    works: Iterable[dict[str, Any]], known: Mapping[str, Any], since: int = 0, until: int = 9999
) -> dict[str, set[str]]:
    """Return the co-authors of each known author in these years."""
    coauthors: dict[str, set[str]] = defaultdict(set)
    for work in works:
        if since <= work["year"] <= until:
            together = {author.get("id") for author in work["authors"]} & known.keys()
            for id_ in together:
                coauthors[id_] |= together - {id_}
    return coauthors


def measure(settings: Settings, name: str, metric: str, sample: Sample, *, exclude: bool) -> Outcome:
    """Index a sample, request similar researchers for each query, and compare the lists with the centroid's."""
    with indexed(settings, sample.records) as works:
        people = works.researchers(SOURCE_ID, ["embedding", "collaborators.id"])
        sample_ids = {person["id"]: id_ for id_, person in people.items()}
        api, centroid = {}, {}
        client = works.client()
        for id_ in sample.wanted:
            params = {"exclude": "collaborators"} if exclude else {}
            path = f"researchers/{people[id_]['id']}/similar"
            response, _ = query_api(client, path, per_page=100, select="id", **params)
            api[id_] = [sample_ids[hit["id"]] for hit in response["results"] if hit["id"] in sample_ids]
            centroid[id_] = by_centroid(people, id_, exclude=exclude)
    values = [per_query(sample.wanted, lists, [metric])[metric] for lists in (api, centroid)]
    return Outcome(
        f"{name}, {metric}",
        len(sample.wanted),
        len(sample.records),
        len(people),
        bootstrap(values[0]),
        bootstrap(values[1]),
        bootstrap(values[0] - values[1]),
    )


def measure_graded(settings: Settings, sample: Sample) -> list[Outcome]:
    """Measure the order of graded researchers, and the topics of the first ones found."""
    with indexed(settings, sample.records) as works:
        people = works.researchers(SOURCE_ID, ["embedding", "topics"])
        sample_ids = {person["id"]: id_ for id_, person in people.items()}
        api, centroid = {}, {}
        for id_ in sample.wanted:
            path = f"researchers/{people[id_]['id']}/similar"
            response, _ = query_api(works.client(), path, per_page=100, select="id")
            api[id_] = [sample_ids[hit["id"]] for hit in response["results"] if hit["id"] in sample_ids]
            centroid[id_] = by_centroid(people, id_, exclude=False)
    values: dict[str, list[NDArray[np.float64]]] = {
        "topic agreement": [topic_agreement(people, api), topic_agreement(people, centroid)]
    }
    for metric in GRADED_METRICS:
        judged = [only_judged(sample.wanted, lists) for lists in (api, centroid)]
        values[f"graded, {metric}"] = [per_query(sample.wanted, lists, [metric])[metric] for lists in judged]
    sizes = (len(sample.wanted), len(sample.records), len(people))
    return [
        Outcome(name, *sizes, bootstrap(by_api), bootstrap(by_mean), bootstrap(by_api - by_mean))
        for name, (by_api, by_mean) in values.items()
    ]


def only_judged(wanted: Qrels, lists: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return lists without researchers who were not graded, whose fit is unknown (condensed lists, Sakai 2007)."""
    return {id_: [other for other in found if other in wanted[id_]] for id_, found in lists.items()}


def topic_agreement(people: Mapping[str, dict[str, Any]], lists: Mapping[str, Sequence[str]]) -> NDArray[np.float64]:
    """Return for each list the mean cosine between the topic counts of the researcher and of the first results."""
    counts = {id_: {topic["id"]: topic["count"] for topic in person["topics"]} for id_, person in people.items()}
    return np.array(
        [
            np.mean([sparse_cosine(counts[id_], counts[other]) for other in found[:FIRST]])
            for id_, found in lists.items()
        ]
    )


def by_centroid(people: Mapping[str, dict[str, Any]], name: str, *, exclude: bool) -> list[str]:
    """Return all others, ordered by the cosine of their mean embedding to this researcher's."""
    researcher = people[name]
    together = {person["id"] for person in researcher.get("collaborators") or ()} if exclude else set()
    others = [other for other, person in people.items() if other != name and person["id"] not in together]
    matrix = np.array([people[other]["embedding"] for other in others], np.float32)
    return [
        others[place] for place in np.argsort(-(matrix @ np.array(researcher["embedding"], np.float32)), kind="stable")
    ]


def table(outcomes: Iterable[Outcome]) -> Table:
    """Return the outcomes as a table, one sample per row."""
    rows = Table("", "queries", "works", "researchers", "API", "centroid", "gain", title="Similar researchers")
    for outcome in outcomes:
        sizes = (f"{outcome.queries:,}", f"{outcome.works:,}", f"{outcome.researchers:,}")
        gain = f"{outcome.gain.mean:+.3f} ({outcome.gain.low:+.3f} to {outcome.gain.high:+.3f})"
        rows.add_row(outcome.name, *sizes, str(outcome.api), str(outcome.centroid), gain)
    return rows


@click.command()
@click.option("--corpus", type=click.Path(path_type=Path), help="A .jsonl.gz of works. [default: arxiv-2007-2017]")
@click.option("--halves", default=100, show_default=True, help="Researchers whose works are split.")
@click.option("--coauthors", default=80, show_default=True, help="Researchers with future co-authors.")
@click.option("--others", default=200, show_default=True, help="Further researchers, as distractors.")
def main(corpus: Path | None, halves: int, coauthors: int, others: int) -> None:
    """Measure similar researchers by split halves and by future co-authors."""
    settings = Settings.load()
    corpus = corpus or data_folder(settings) / CORPUS
    if not corpus.is_file():
        raise click.ClickException(f"NOTHING MEASURED: {corpus} does not exist; name a corpus, or set PEERSCOPE_DATA")
    works = read(corpus)
    outcomes = [
        measure(settings, "split halves", "MRR", split_halves(works, halves), exclude=False),
        measure(settings, "future co-authors", "recall@50", future_coauthors(works, coauthors, others), exclude=True),
        *measure_graded(settings, graded(works)),
    ]
    targets = [
        Target(row.name, row.api.mean, f"above {row.centroid.mean:.3f}", row.api.mean > row.centroid.mean)
        for row in outcomes
    ]
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table(outcomes), targets_table(targets, "Targets of similar researchers"))


if __name__ == "__main__":
    main()

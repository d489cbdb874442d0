"""`peerscope evaluate identity`: the measurements of docs/identity.md."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from indexer.identity.corpus import blocks_of, frequent_works
from indexer.identity.weights import Weights
from indexer.records import RecordError
from peerscope.commands import pass_settings
from peerscope.embedding import EmbeddingError
from peerscope.evaluation.collection import data_folder
from peerscope.evaluation.identity.evaluation import evaluate as measure
from peerscope.evaluation.identity.fitting import FOLDS, LEARNED, curve, fit, pairs_of, table
from peerscope.evaluation.identity.tables import show_curve, show_truth
from peerscope.evaluation.identity.trial import read_works
from peerscope.evaluation.identity.truth import Sample, clusters_of, evaluate_truth, read_truth
from peerscope.evaluation.identity.tuning import tune
from peerscope.evaluation.identity.vectors import Embeddings
from peerscope.terminal import Console, echo, echo_json

if TYPE_CHECKING:
    from indexer.records import Work
    from peerscope.evaluation.identity.bcubed import Scores
    from peerscope.evaluation.identity.evaluation import Evaluation, Row
    from peerscope.settings import Settings

CORPUS = "corpora/acl-sample.jsonl.gz"
#: Thresholds of the curve that --fit prints.
THRESHOLDS = (0.0, 0.75, 1.25, 2.0, 3.0)


@click.command()
@click.argument("works", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--truth",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Tab-separated file with columns work_id, author_position (from 0), the person's, and perhaps flag.",
)
@click.option("--person", metavar="COLUMN", help="Column of --truth that names the person. [default: orcid]")
@click.option("--no-embeddings", is_flag=True, help="With --truth, do not use embeddings of frequent names.")
@click.option("--fit", "is_fitting", is_flag=True, help="With --truth, learn the weights and measure them out of fold.")
@click.option(
    "--corpus", type=click.Path(path_type=Path), help=f"Works with author ids. [default: {CORPUS} in PEERSCOPE_DATA]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--tune", "is_tuning", is_flag=True, help="Search for better weights on the tuning half instead.")
@pass_settings
def identity(
    settings: Settings,
    works: Path | None,
    truth: Path | None,
    person: str | None,
    no_embeddings: bool,
    is_fitting: bool,
    corpus: Path | None,
    as_json: bool,
    is_tuning: bool,
) -> None:
    """Measure author identity: author ids are removed from works, and the resolved researchers compared with them.

    With --truth, the people of the file are compared with the researchers of WORKS: B-cubed precision, recall and F1
    over all names, over ambiguous names (one name, several people), by number of namesakes and by frequency of the
    name. Embeddings of frequent names are computed on first use.

    Without, prints the same on one half of the family names of a corpus, and of taking each printed name as a person
    for comparison. The weights were chosen on the other half.
    """
    if truth and works:
        _measure_truth(settings, truth, works, person, no_embeddings, is_fitting, as_json)
        return
    if truth or works or person or is_fitting or no_embeddings:
        raise click.UsageError("--truth FILE and WORKS belong together; --person, --fit and --no-embeddings need them.")
    path = corpus or data_folder(settings) / CORPUS
    records = _read(path)
    try:
        if is_tuning:
            _tune(records)
            return
        result = measure(records, Weights())
    except ValueError as error:
        raise click.ClickException(f"{path}: {error}") from error
    if as_json:
        echo_json({"corpus": path.name, "works": len(records), **result.to_dict()})
    else:
        _show(result, len(records))


def _read(path: Path) -> list[Work]:
    try:
        return list(read_works(path))
    except (OSError, EOFError, RecordError, ValueError) as error:
        raise click.ClickException(f"{path}: {error}") from error


def _measure_truth(
    settings: Settings,
    truth_path: Path,
    path: Path,
    person: str | None,
    no_embeddings: bool,
    is_fitting: bool,
    as_json: bool,
) -> None:
    truth, works = read_truth(truth_path, person), _read(path)
    sample = Sample.of(works, truth)
    ids = {mention.work.id for mention in sample.mentions.values()}
    ids = ids if is_fitting else frequent_works(blocks_of(sample.mentions.values()), sample.context)
    vectors = None if no_embeddings else _embeddings(settings, works, ids)
    if is_fitting:
        sample.context.vectors = vectors
        _fit(sample, as_json)
        return
    start = time.process_time()
    resolution = sample.resolve(Weights(), vectors)
    seconds = time.process_time() - start
    result = evaluate_truth(sample, clusters_of(resolution), truth.flagged)
    if as_json:
        facts = {"works": len(works), "truth": truth_path.name, "embeddings": vectors is not None}
        echo_json({**facts, **result.to_dict(), "cpu_seconds": round(seconds, 1)})
    else:
        show_truth(result, len(works), seconds)


def _embeddings(settings: Settings, works: list[Work], ids: set[str]) -> Embeddings | None:
    """Return the embeddings of some works; None, with a warning, when the model is not available."""
    console = Console(stderr=True)
    try:
        embeddings = Embeddings(settings, works)
        with console.status("") as status:
            embeddings.prepare(ids, lambda done, total: status.update(f"embedding works: {done:,} of {total:,}"))
    except EmbeddingError as error:
        console.print(f"[yellow]Measured without embeddings: {error}[/]", highlight=False)
        return None
    return embeddings


def _fit(sample: Sample, as_json: bool) -> None:
    """Learn the weights, print their table, and measure each family name with weights learned from the others."""
    pairs = pairs_of(sample)
    learned = fit(pairs, Weights())
    folds = [fit(pairs, Weights(), without=fold) for fold in range(FOLDS)]
    rows = []
    for threshold, clusters in curve(sample, folds, THRESHOLDS):
        result = evaluate_truth(sample, clusters)
        rows.append((threshold, result))
    if as_json:
        values = {name: getattr(learned, name) for name in LEARNED}
        points = [{"threshold": threshold, **result.to_dict()} for threshold, result in rows]
        echo_json({"weights": values, "curve": points})
        return
    echo(f"Learned from {pairs.is_same.sum():,} pairs of one person, {(~pairs.is_same).sum():,} of two:")
    for line in table(learned):
        echo(line)
    show_curve(rows)


def _tune(works: list[Work]) -> None:
    for step in tune(works, Weights()):
        scores = "   ".join(_triple(scores) for scores in step.scores)
        echo(f"{step.goal:.4f} {'*' if step.is_best else ' '} {step.move:24} {scores}")


def _triple(scores: Scores) -> str:
    return f"{scores.precision:.4f} {scores.recall:.4f} {scores.f1:.4f}"


def _show(result: Evaluation, works: int) -> None:
    table = Table("trial", "method", "researchers", "precision", "recall", "F1", "95 % of F1", box=None)
    for row in result.rows:
        table.add_row(*_cells(row))
    console = Console(width=100, highlight=False)
    console.print(table)
    console.print(f"{works:,} works; both trials resolved in {result.seconds:.0f} s; peak {result.peak_mb:,.0f} MB.")


def _cells(row: Row) -> tuple[str, ...]:
    scores = (f"{row.scores.precision:.3f}", f"{row.scores.recall:.3f}", f"{row.scores.f1:.3f}")
    return (row.trial, row.method, f"{row.researchers:,}", *scores, f"{row.low.f1:.3f} to {row.high.f1:.3f}")

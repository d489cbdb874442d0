"""`peerscope evaluate identity`: the measurements of docs/identity.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from indexer.identity.weights import Weights
from indexer.records import RecordError
from peerscope.commands import pass_settings
from peerscope.evaluation.collection import data_folder
from peerscope.evaluation.identity.evaluation import evaluate as measure
from peerscope.evaluation.identity.trial import read_works
from peerscope.evaluation.identity.tuning import tune

if TYPE_CHECKING:
    from indexer.records import Work
    from peerscope.evaluation.identity.bcubed import Scores
    from peerscope.evaluation.identity.evaluation import Evaluation, Row
    from peerscope.settings import Settings

CORPUS = "corpora/acl-sample.jsonl.gz"


@click.command()
@click.option(
    "--corpus", type=click.Path(path_type=Path), help=f"Works with author ids. [default: {CORPUS} in PEERSCOPE_DATA]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--tune", "is_tuning", is_flag=True, help="Search for better weights on the tuning half instead.")
@pass_settings
def identity(settings: Settings, corpus: Path | None, as_json: bool, is_tuning: bool) -> None:
    """Measure author identity: author ids are removed from works, and the resolved researchers compared with them.

    Prints B-cubed precision, recall and F1 on one half of the family names, and of taking each printed name as a person
    for comparison. The weights were chosen on the other half.
    """
    path = corpus or data_folder(settings) / CORPUS
    try:
        works = list(read_works(path))
        if is_tuning:
            _tune(works)
            return
        result = measure(works, Weights())
    except (OSError, RecordError, ValueError) as error:
        raise click.ClickException(f"{path}: {error}") from error
    if as_json:
        click.echo(json.dumps({"corpus": path.name, "works": len(works), **result.to_dict()}, indent=2))
    else:
        _show(result, len(works))


def _tune(works: list[Work]) -> None:
    for step in tune(works, Weights()):
        scores = "   ".join(_triple(scores) for scores in step.scores)
        click.echo(f"{step.goal:.4f} {'*' if step.is_best else ' '} {step.move:24} {scores}")


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

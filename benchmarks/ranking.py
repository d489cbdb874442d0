"""Ranking quality on all collections, compared with its targets: `python -m benchmarks.ranking`.

The floor of each collection is the quality reached outside OpenSearch, with exact search and equal weights of both
scores; the goal is 5 % above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.console import Console

from benchmarks.targets import Target, data_folder, targets_table
from peerscope.evaluation.collection import Collection, load
from peerscope.evaluation.commands import show
from peerscope.evaluation.indexed import Indexed, indexed
from peerscope.evaluation.metrics import MetricsMissingError, require_pytrec_eval
from peerscope.evaluation.search import evaluate_experts, evaluate_search
from peerscope.evaluation.similar import evaluate_similar
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from peerscope.evaluation.search import Result


@dataclass(frozen=True)
class Trial:
    """One table: a collection, its judgements, the evaluation, and the floor of hybrid search."""

    folder: str
    evaluate: Callable[[Collection, Indexed], Result]
    qrels: str | None = None
    corpus: str = "corpus"
    by_work: bool = False
    floor: float = 0.0

    @property
    def name(self) -> str:
        """Name of the collection, and of its judgements if it has several."""
        return f"{self.folder} {self.qrels}" if self.qrels else self.folder

    def collection(self, data: Path) -> Collection:
        """Read the collection from the data folder."""
        folder = data / "collections" / self.folder
        qrels = folder / "qrels" / f"{self.qrels}.tsv.gz" if self.qrels else None
        return load(folder, qrels, by_work=self.by_work, corpus=self.corpus)


TRIALS = (
    Trial("cranfield", evaluate_search, floor=0.406),
    Trial("cacm", evaluate_search, floor=0.560),
    Trial("scitldr", evaluate_search, qrels="dev"),
    Trial("cacm", evaluate_similar, qrels="similar-cocitation", by_work=True),
    Trial("cacm", evaluate_similar, qrels="similar-direct-citation", by_work=True),
    Trial("dblp-experts", evaluate_experts, corpus="works"),
)
#: Ratio of the goal of hybrid search to its floor.
GOAL = 1.05


def targets(name: str, result: Result, floor: float) -> list[Target]:
    """Compare hybrid search with each of its parts, and with the floor and the goal if there is a floor."""
    best = result.mean("hybrid")
    measure = next(iter(result.rows[0].means))
    rows = [
        Target(f"{name}: {measure}, hybrid", best, f"above {part} {result.mean(part):.3f}", best > result.mean(part))
        for part in result.gains
    ]
    for bound, least in (("at least", floor), ("goal", floor * GOAL)) if floor else ():
        rows.append(Target(f"{name}: {measure}, hybrid", best, f"{bound} {least:.3f}", best >= least))
    return rows


@click.command()
def main() -> None:
    """Measure ranking quality on all collections, and compare it with the targets."""
    try:
        require_pytrec_eval()
    except MetricsMissingError as error:
        raise click.ClickException(f"NOTHING MEASURED: {error}") from error
    settings = Settings.load()
    data = data_folder(settings)
    rows = []
    for trial in TRIALS:
        if not (data / "collections" / trial.folder).is_dir():
            raise click.ClickException(f"NOTHING MEASURED: there is no {trial.folder} in {data}; set PEERSCOPE_DATA")
        collection = trial.collection(data)
        with indexed(settings, collection.records) as works:
            result = trial.evaluate(collection, works)
        show(result)
        rows += targets(trial.name, result, trial.floor)
    Console().print(targets_table(rows, "Targets of ranking"))


if __name__ == "__main__":
    main()

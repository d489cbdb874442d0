"""Every table of ranking quality, held against its targets: `python -m benchmarks.ranking`.

What each collection came to outside of OpenSearch, with exact search and both scores counting half, is the least that
a hybrid search has to reach; the goal is 5 % above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.console import Console

from benchmarks.targets import Target, data_folder, targets_table
from peerscope.evaluation import experts, search, similar
from peerscope.evaluation.collection import Collection, load
from peerscope.evaluation.commands import show
from peerscope.evaluation.indexed import Indexed, indexed
from peerscope.evaluation.metrics import MetricsMissingError, require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from peerscope.evaluation.search import Result


@dataclass(frozen=True)
class Trial:
    """One table: a collection, its judgements, how it is asked, and the least that hybrid has to reach."""

    folder: str
    evaluate: Callable[[Collection, Indexed], Result]
    qrels: str | None = None
    corpus: str = "corpus"
    by_work: bool = False
    floor: float = 0.0

    @property
    def name(self) -> str:
        """Name of the collection, and of its judgements where it has several."""
        return f"{self.folder} {self.qrels}" if self.qrels else self.folder

    def collection(self, data: Path) -> Collection:
        """Read it."""
        folder = data / "collections" / self.folder
        qrels = folder / "qrels" / f"{self.qrels}.tsv.gz" if self.qrels else None
        return load(folder, qrels, by_work=self.by_work, corpus=self.corpus)


TRIALS = (
    Trial("cranfield", search.evaluate, floor=0.406),
    Trial("cacm", search.evaluate, floor=0.560),
    Trial("scitldr", search.evaluate, qrels="dev"),
    Trial("cacm", similar.evaluate, qrels="similar-cocitation", by_work=True),
    Trial("cacm", similar.evaluate, qrels="similar-direct-citation", by_work=True),
    Trial("dblp-experts", experts.evaluate, corpus="works"),
)
#: How far above its floor hybrid should come.
GOAL = 1.05


def targets(name: str, result: Result, floor: float) -> list[Target]:
    """Hold hybrid against each of its parts, and against the floor and the goal where there are some."""
    best = result.mean("hybrid")
    measure = next(iter(result.rows[0].means))
    rows = [
        Target(f"{name}: {measure}, hybrid", best, f"above {part} {result.mean(part):.3f}", best > result.mean(part))
        for part in result.gains
    ]
    for what, least in (("at least", floor), ("goal", floor * GOAL)) if floor else ():
        rows.append(Target(f"{name}: {measure}, hybrid", best, f"{what} {least:.3f}", best >= least))
    return rows


@click.command()
def main() -> None:
    """Measure ranking quality on all collections, and hold it against the targets."""
    try:
        require()
    except MetricsMissingError as error:
        raise click.ClickException(f"NOTHING MEASURED: {error}") from error
    data = data_folder()
    rows = []
    for trial in TRIALS:
        if not (data / "collections" / trial.folder).is_dir():
            raise click.ClickException(f"NOTHING MEASURED: there is no {trial.folder} in {data}; set PEERSCOPE_DATA")
        collection = trial.collection(data)
        with indexed(collection.records) as works:
            result = trial.evaluate(collection, works)
        show(result)
        rows += targets(trial.name, result, trial.floor)
    Console().print(targets_table(rows, "Targets of ranking"))


if __name__ == "__main__":
    main()

"""Cosines of judged and of random pairs, to calibrate an embedding model: `python -m benchmarks.similarity`.

For each judged collection it embeds a sample of queries, the works judged relevant to them, and as many works drawn at
random, and prints cosines of judged pairs, of random pairs, and of the nearest work to made-up words. Run it with
PEERSCOPE_MODEL set to another model to calibrate that one (`Similarity` in `peerscope/embedding/models.py`).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.targets import data_folder
from peerscope import embedding
from peerscope.embedding import work_text
from peerscope.evaluation.collection import default_qrels, load
from peerscope.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from peerscope.embedding import Embedder
    from peerscope.evaluation.collection import Collection

#: Collections, and the judgements of those that have several.
COLLECTIONS = {"cranfield": None, "cacm": None, "med": None, "scitldr": "dev", "scifact": None, "synergy": None}
#: Made-up queries, for which no work is relevant.
MADE_UP = ("zxqwv blorptang", "qqqq wwww eeee", "florbin quazzle drimp", "asdfghjkl", "vrumble snotwick parzle")
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
SEED = 1


def pairs(collection: Collection, embedder: Embedder, count: int) -> dict[str, NDArray[np.float32]]:
    """Return the cosines of judged pairs, of random pairs, and of the nearest embedded work to made-up words."""
    chance = random.Random(SEED)  # noqa: S311 (a sample)
    texts = {
        collection.original_ids[record["id"]]: work_text(record["title"], record["abstract"])
        for record in collection.records
    }
    judged = [
        (query, work)
        for query, grades in collection.qrels.items()
        for work, grade in grades.items()
        if grade > 0 and texts.get(work)
    ]
    sample = chance.sample(judged, min(count, len(judged)))
    others = chance.sample([id_ for id_, text in texts.items() if text], len(sample))
    queries = np.stack([embedder.embed_query(collection.queries[query]) for query, _ in sample])
    relevant = embedder.embed_works([texts[work] for _, work in sample])
    unrelated = embedder.embed_works([texts[work] for work in others])
    made_up = np.stack([embedder.embed_query(text) for text in MADE_UP])
    return {
        "judged": (queries * relevant).sum(axis=1),
        "random": (queries * unrelated).sum(axis=1),
        "nearest to made-up words": (made_up @ np.concatenate([relevant, unrelated]).T).max(axis=1),
    }


def read(data: Path, name: str, judgements: str | None) -> Collection:
    """Read a collection with these judgements, by default its only ones."""
    folder = data / "collections" / name
    return load(folder, folder / "qrels" / f"{judgements}.tsv.gz" if judgements else default_qrels(folder))


@click.command()
@click.option("--pairs", "count", default=150, show_default=True, help="Judged pairs of each collection.")
def main(count: int) -> None:
    """Print percentiles of the cosines of the model that PEERSCOPE_MODEL names."""
    settings = Settings.load()
    embedder, data = embedding.load(settings), data_folder(settings)
    table = Table("collection", "pairs", "mean", *(f"{percent} %" for percent in PERCENTILES), title=settings.model)
    for name, judgements in COLLECTIONS.items():
        if not (data / "collections" / name).is_dir():
            raise click.ClickException(f"NOTHING MEASURED: there is no {name} in {data}; set PEERSCOPE_DATA")
        for kind, cosines in pairs(read(data, name, judgements), embedder, count).items():
            values = [cosines.mean(), *np.percentile(cosines, PERCENTILES)]
            table.add_row(name, kind, *(f"{value:.2f}" for value in values))
    Console().print(table)


if __name__ == "__main__":
    main()

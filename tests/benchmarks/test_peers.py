from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.peers import __main__ as peers
from benchmarks.peers.__main__ import Figures, compare, main, targets
from benchmarks.peers.systems import BATCH, Embedding, texts_of
from peerscope.evaluation.collection import Collection, record
from peerscope.evaluation.metrics import Mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDS = [
    record({"_id": id_, "title": title, "text": ""}) for id_, title in (("a", "Soil"), ("b", "Stars"), ("c", ""))
]
KNOWN = Collection("small", RECORDS, {"q": "soil"}, {"q": {"a": 1}}, {f"local:{id_}": id_ for id_ in "abc"})


class Fake:
    """A system that always finds the same, and takes a second for it, half of it to embed."""

    seconds, embedding_seconds = 2.0, 1.0

    def __init__(self, found: list[str]) -> None:
        self.found = found

    @contextmanager
    def fill(self, collection: Collection, folder: Path) -> Iterator[Fake]:
        assert folder.is_dir()
        yield self

    def find(self, text: str, count: int) -> list[str]:
        return self.found[:count]


def figures(system: str, **changes: Any) -> Figures:
    known: dict[str, Any] = {"ndcg": 0.5, "works_per_second": 10.0, "written_per_second": 100.0, "p50": 5.0, "p95": 9.0}
    known |= changes
    return Figures(system, "small", Mean(known.pop("ndcg"), 0, 1), **known)


def test_works_without_any_text_are_left_out_as_the_indexer_does() -> None:
    assert texts_of(KNOWN) == {"a": "Soil", "b": "Stars"}


def test_each_system_is_filled_asked_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "SYSTEMS", {"good": Fake(["a"]), "poor": Fake(["b", "a"])})
    good, poor = compare([KNOWN], ["good", "poor"])
    assert (good.ndcg.mean, good.works_per_second, good.written_per_second) == (1.0, 1.5, 3.0)
    assert poor.ndcg.mean == pytest.approx(1 / np.log2(3), abs=1e-4)
    assert 0 <= good.p50 <= good.p95


def test_leading_everywhere_is_reached() -> None:
    rows = targets(
        [figures("Peerscope", ndcg=0.6, works_per_second=11, written_per_second=101, p50=4, p95=8), figures("txtai")]
    )
    assert len(rows) == 5
    assert all(row.reached for row in rows)


@pytest.mark.parametrize(
    "worse", [{"ndcg": 0.5}, {"works_per_second": 9}, {"written_per_second": 99}, {"p50": 6.0}, {"p95": 10.0}]
)
def test_a_column_that_another_leads_is_told(worse: dict[str, float]) -> None:
    best = {"ndcg": 0.6, "works_per_second": 11, "written_per_second": 101, "p50": 4, "p95": 8}
    rows = targets([figures("Peerscope", **best | worse), figures("txtai"), figures("LanceDB", ndcg=0.1, p50=50.0)])
    assert [row.reached for row in rows].count(False) == 1


def test_vectors_keep_the_order_of_the_texts() -> None:
    model = Embedding()
    texts = ["a longer text about soil and water", *["stars"] * BATCH, "soil"]
    vectors = model.works(texts)
    alone = model.embedder.embed_works(["soil"])[0]
    assert vectors.shape[0] == len(texts)
    assert float(vectors[-1] @ alone) > 0.98
    assert model.seconds > 0


def test_without_the_others_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    done = CliRunner().invoke(main)
    assert done.exit_code == 1
    assert "NOTHING MEASURED" in done.output
    assert "txtai" in done.output

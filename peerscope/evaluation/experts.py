"""Experts for a topic: MAP and recall@100 of the researchers that a text leads to, by hybrid and by each part alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from peerscope.evaluation.collection import CANDIDATE
from peerscope.evaluation.search import MODES, Result, result
from search_api.researchers.experts import rank_experts

if TYPE_CHECKING:
    from peerscope.evaluation.collection import Collection
    from peerscope.evaluation.indexed import Indexed

MEASURES = ("MAP", "recall@100", "MRR")


def evaluate(collection: Collection, indexed: Indexed) -> Result:
    """Rank researchers for every topic in each mode, by the function behind the API's `about` and `rank`."""
    asked = {mode: _lists(collection, indexed, mode) for mode in MODES}
    return result(collection, indexed, asked, MEASURES)


def _lists(collection: Collection, indexed: Indexed, mode: str) -> tuple[dict[str, list[str]], list[float]]:
    given = {found["id"]: name for name, found in indexed.researchers(CANDIDATE).items()}
    lists, times = {}, []
    with indexed.app.app_context():
        for id_, text in collection.queries.items():
            start = time.perf_counter()
            experts = rank_experts(indexed.services, text, mode=mode)
            times.append(1000 * (time.perf_counter() - start))
            lists[id_] = [given[one.id] for one in experts if one.id in given]
    return lists, times

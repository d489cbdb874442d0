from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indexer.build.assigned_topics import LabelledWorks, vote

if TYPE_CHECKING:
    from mappings import WorkTopic

ML: WorkTopic = {"id": "cs.LG", "name": "Machine Learning"}
CL: WorkTopic = {"id": "cs.CL", "name": "Computation and Language"}
NC: WorkTopic = {"id": "q-bio.NC", "name": "Neurons and Cognition"}


def test_topics_of_half_of_the_neighbours_are_assigned() -> None:
    assert vote([(0.8, [ML, CL]), (0.8, [ML]), (0.8, [NC]), (0.8, [NC, CL])]) == [
        {"id": "cs.CL", "name": "Computation and Language", "share": 0.5},
        {"id": "cs.LG", "name": "Machine Learning", "share": 0.5},
        {"id": "q-bio.NC", "name": "Neurons and Cognition", "share": 0.5},
    ]


def test_nearer_neighbours_have_more_weight() -> None:
    (winner,) = vote([(0.9, [ML]), (0.5, [CL]), (0.5, [CL])])
    assert winner["id"] == "cs.LG"
    assert winner["share"] > 0.8


def test_without_agreement_nothing_is_assigned() -> None:
    assert vote([(0.8, [ML]), (0.8, [CL]), (0.8, [NC])]) == []
    assert vote([]) == []
    assert vote([(-0.2, [ML])]) == []


def test_neighbours_in_memory_are_ordered_by_similarity() -> None:
    labelled = LabelledWorks(np.eye(3, dtype=np.float32), [[ML], [CL], [NC]])
    (found,) = labelled.neighbours(np.asarray([[0.8, 0.6, 0.0]], dtype=np.float32))
    assert [topics[0]["id"] for _, topics in found] == ["cs.LG", "cs.CL", "q-bio.NC"]
    np.testing.assert_allclose([cosine for cosine, _ in found], [0.8, 0.6, 0.0], atol=1e-6)

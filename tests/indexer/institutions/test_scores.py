"""The measured quality of institutions: on 300 affiliations."""

from __future__ import annotations

from indexer.institutions import Registry
from tests.indexer.institutions.scoring import SECOND, labelled, score


def resolve(affiliation: str) -> list[str]:
    return [resolved.id for resolved in Registry().printed(affiliation)]


def test_the_labelled_affiliations_are_resolved() -> None:
    """Measured: .99, .97. Before known names, `and` and campuses: .87, .82."""
    assert len(labelled()) == 300
    result = score(resolve)
    assert result.precision > 0.97, result.errors
    assert result.recall > 0.95, result.errors


def test_the_second_sample_is_resolved() -> None:
    """Measured: .97, .91; before: .96, .83."""
    result = score(resolve, SECOND)
    assert result.precision > 0.94, result.errors
    assert result.recall > 0.88, result.errors


def test_a_score_counts_both_kinds_of_errors() -> None:
    assert score(lambda text: labelled()[text]).f1 == 1.0
    lumped = score(lambda _: ["one"])
    assert lumped.recall < 0.1
    split = score(lambda text: [f"{name} {len(text) % 7}" for name in labelled()[text]])
    assert 0.5 < split.f1 < 0.95

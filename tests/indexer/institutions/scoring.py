"""Precision and recall of resolved institutions on the labelled affiliations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LABELLED = Path(__file__).parent / "labelled.tsv"
SECOND = Path(__file__).parent / "second.tsv"


class Score(NamedTuple):
    """Precision, recall and F1 over pairs of an affiliation and an institution; and the affiliations with errors."""

    precision: float
    recall: float
    f1: float
    errors: list[str]


def labelled(file: Path = LABELLED) -> dict[str, set[str]]:
    """Return the institutions of each labelled affiliation."""
    lines = file.read_text(encoding="utf-8").splitlines()[1:]
    pairs = (line.split("\t") for line in lines)
    return {text: {name.strip() for name in names.split(";") if name.strip()} for text, names in pairs}


def score(resolve: Callable[[str], Iterable[str]], file: Path = LABELLED) -> Score:
    """Return how well the ids of `resolve` match the labels.

    An id stands for the label with which it occurs most often, and a label for one id, so that an institution with two
    ids, or two institutions with one id, count as errors.
    """
    truth = labelled(file)
    found = {text: set(resolve(text)) for text in truth}
    together = Counter((id_, label) for text in truth for id_ in found[text] for label in truth[text])
    meaning: dict[str, str] = {}
    for id_, label in sorted(together, key=lambda pair: (-together[pair], pair)):
        if id_ not in meaning and label not in meaning.values():
            meaning[id_] = label
    right = {text: {meaning.get(id_) for id_ in found[text]} & truth[text] for text in truth}
    correct, resolved, expected = (sum(map(len, sets.values())) for sets in (right, found, truth))
    precision, recall = correct / max(resolved, 1), correct / expected
    errors = [text for text in truth if len(right[text]) != len(truth[text]) or len(found[text]) != len(truth[text])]
    return Score(precision, recall, 2 * precision * recall / (precision + recall), errors)

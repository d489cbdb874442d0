"""Abbreviations that texts define, and those that belong to a query."""

from __future__ import annotations

from typing import Any

import pytest

from search_api.understanding.abbreviations import candidates, definitions, expansions

GAN: dict[str, Any] = {
    "title": "On training",
    "abstract": "We train Generative Adversarial Networks (GANs) with noise.",
}
GALLIUM: dict[str, Any] = {"title": "Gallium nitride (GAN) diodes", "abstract": None}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("generative adversarial networks (GANs)", [("GAN", "generative adversarial network")]),
        ("a convolutional neural network (CNN) and long short-term memory (LSTM)", ["CNN", "LSTM"]),
        ("support vector machines (SVM) are", [("SVM", "support vector machine")]),
        ("the central nervous system (CNS)", [("CNS", "central nervous system")]),
        ("electroencephalography (EEG)", []),
        ("as shown before (see)", []),
        ("we show (Fig) and results (A)", []),
        ("no relation here (XYZ)", []),
        ("(GAN)", []),
    ],
)
def test_definitions_are_found(text: str, pairs: list[object]) -> None:
    found = list(definitions(text))
    assert found == pairs or [short for short, _ in found] == pairs


def test_the_most_frequent_definition_counts() -> None:
    pair = ("GAN", "generative adversarial network")
    works: list[dict[str, Any]] = [GALLIUM, GAN, GAN]
    for query in ("GAN", "gan", "GANs", "GAN training", "generative adversarial networks"):
        assert expansions(query, works) == (pair,)
    assert expansions("training with noise", works) == ()
    assert expansions("GAN", []) == ()


def test_only_short_words_may_be_abbreviations() -> None:
    assert candidates("GAN training with LSTMs") == ["GAN", "LSTMs"]
    assert candidates("neural networks") == []
    assert candidates("learning") == []


def test_long_texts_cost_little() -> None:
    assert list(definitions("a" * 50_000 + "(AAAAAAAAAA)" + "(" * 50_000)) == []

"""Abbreviations that texts define, and those that belong to a query."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from search_api.retrieval.syntax import parse
from search_api.understanding.abbreviations import candidates, definitions, expansions, other_form
from search_api.works.queries import any_word

LONG = "generative adversarial network"

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
    assert expansions("generative adversarial network training", works) == (pair,)
    assert expansions("adversarial network training", works) == ()
    assert expansions("GAN", []) == ()


@pytest.mark.parametrize(
    ("query", "other"),
    [("GAN training", LONG), ("gan", LONG), (LONG, "GAN"), (f"{LONG}s", "GAN"), (f"stable {LONG} training", "GAN")],
)
def test_the_other_form_is_the_one_that_the_query_does_not_have(query: str, other: str) -> None:
    assert other_form(query, ("GAN", LONG)) == other


def test_a_form_among_other_words_counts_as_the_word_that_it_stands_for() -> None:
    def boosts(query: str, form: str) -> list[float]:
        text = json.dumps(any_word(replace(parse(query), forms=(form,))))
        found = re.findall(rf'"abstract": {{"query": "{form}", "boost": ([\d.]+)}}', text)
        return [float(boost) for boost in found]

    assert set(boosts("GAN", LONG)) == {1}
    assert set(boosts("GAN training", LONG)) == {1 / 3}
    assert set(boosts(f"{LONG} training", "GAN")) == {1}


def test_only_short_words_may_be_abbreviations() -> None:
    assert candidates("GAN training with LSTMs") == ["GAN", "LSTMs"]
    assert candidates("neural networks") == []
    assert candidates("learning") == []


def test_long_texts_cost_little() -> None:
    assert list(definitions("a" * 50_000 + "(AAAAAAAAAA)" + "(" * 50_000)) == []

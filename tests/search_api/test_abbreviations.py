"""Abbreviations that texts define, and those that belong to a query."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from search_api.retrieval import ranking
from search_api.retrieval.clauses import ranked_by_words
from search_api.retrieval.syntax import Form, parse
from search_api.understanding.abbreviations import candidates, definitions, expansions, other_form
from search_api.works.queries import any_word, enough_words, parts

LONG = "generative adversarial network"

GAN: dict[str, Any] = {
    "title": "On training",
    "abstract": "We train Generative Adversarial Networks (GANs) with noise.",
}
GALLIUM: dict[str, Any] = {"title": "Gallium nitride (GAN) diodes", "abstract": None}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("generative adversarial networks (GANs)", [("GAN", "generative adversarial networks")]),
        ("a convolutional neural network (CNN) and long short-term memory (LSTM)", ["CNN", "LSTM"]),
        ("support vector machines (SVM) are", [("SVM", "support vector machines")]),
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


#: The forms that works print of one phrase, and the one that is shown.
SHOWN = [
    (("support vector machines (SVM)",), "support vector machine"),
    (("Markov decision processes (MDPs)",), "markov decision processes"),
    (("Markov decision processes (MDPs)", "the Markov decision process"), "markov decision process"),
    (("Markov decision process (MDP)", "Markov decision processes (MDPs)"), "markov decision process"),
    (("principal component analyses (PCA)", "A principal component analysis"), "principal component analysis"),
    (("principal component analysis (PCA)",), "principal component analysis"),
    (("word sense classes (WSC)", "one word sense class"), "word sense class"),
    (("journal impact indices (JII)", "a journal impact index"), "journal impact index"),
    (("journal impact indices (JII)",), "journal impact indices"),
    (("sparse random matrices (SRM)", "a sparse random matrix"), "sparse random matrix"),
    (("mobile edge devices (MED)", "one mobile edge device"), "mobile edge device"),
    (("digital libraries (DL)", "a digital library"), "digital library"),
    (("digital libraries (DL)",), "digital libraries"),
    (("large graph databases (LGDB)", "a large graph database"), "large graph database"),
    (("variational Bayes (VB)", "in the bay"), "variational bayes"),
    (("molecular dynamics (MD)", "molecular dynamic simulation"), "molecular dynamics"),
    (("fuzzy c-means (FCM)",), "fuzzy c-means"),
    (("sample selection bias (SSB)",), "sample selection bias"),
    (("web of science (WoS)",), "web of science"),
    (("central nervous system (CNS)",), "central nervous system"),
]


@pytest.mark.parametrize(("texts", "long"), SHOWN)
def test_a_long_form_is_shown_as_works_print_it(texts: tuple[str, ...], long: str) -> None:
    works = [{"title": text, "abstract": None} for text in texts]
    match = re.search(r"\(([^)]+?)s?\)", texts[0])
    assert match
    ((short, shown),) = expansions(match[1], works)
    assert (short, shown) == (match[1], long)
    # Both numbers find the abbreviation.
    plural = texts[0].partition(" (")[0]
    for query in (long, plural, f"{plural} today"):
        assert expansions(query, works) == ((short, long),)
        assert other_form(query.split(), (short, long)).text == short
    assert other_form([short], (short, long)).text == long


@pytest.mark.parametrize(
    ("query", "other"),
    [
        ("GAN training", Form(LONG, 0, 1)),
        ("training GANs", Form(LONG, 1, 2)),
        ("gan", Form(LONG, 0, 1)),
        (LONG, Form("GAN", 0, 3)),
        (f"{LONG}s", Form("GAN", 0, 3)),
        (f"stable {LONG} training", Form("GAN", 1, 4)),
    ],
)
def test_the_other_form_stands_for_the_words_that_the_query_has(query: str, other: Form) -> None:
    assert other_form(query.split(), ("GAN", LONG)) == other


def ranking_of(query: str, *forms: Form) -> list[dict[str, Any]]:
    """Return the clauses that rank by the words of a query, without those for titles."""
    clause = any_word(replace(parse(query), forms=forms))
    by_words: list[dict[str, Any]] = clause["bool"]["should"][0]["bool"]["should"]
    return by_words


def test_a_form_among_other_words_counts_instead_of_the_words_that_it_stands_for() -> None:
    others, either = ranking_of("training GAN noise", Form(LONG, 1, 2))
    assert others == ranked_by_words("training noise")
    written, by_form = either["dis_max"]["queries"]
    assert written == ranked_by_words("GAN")
    assert by_form["bool"]["must"][0]["match"]["weighted_text"]["boost"] == 1 / 3, "the mean of its words"
    [either] = ranking_of(f"{LONG} training", Form("GAN", 0, 3))[1:]
    assert either["dis_max"]["queries"][1]["bool"]["must"][0]["match"]["weighted_text"]["boost"] == 1


def test_a_form_of_the_whole_query_adds_to_its_words() -> None:
    plain = any_word(parse("GAN"))["bool"]["should"]
    expanded = any_word(replace(parse("GAN"), forms=(Form(LONG, 0, 1),)))["bool"]["should"]
    assert expanded[: len(plain)] == plain
    assert len(expanded) > len(plain)


def test_of_two_forms_for_the_same_words_the_first_counts() -> None:
    query = replace(parse("GAN training stability"), forms=(Form("a b", 0, 2), Form(LONG, 0, 1), Form("c", 2, 3)))
    assert [form.text for form in parts(query)] == ["a b", "c"]


def test_both_forms_are_one_of_the_words_that_a_result_needs() -> None:
    query = replace(parse("the GAN training noise"), forms=(Form(LONG, 1, 2),))
    enough = enough_words(query)
    assert enough is not None
    either = enough["bool"]["should"][-1]["bool"]
    assert either["minimum_should_match"] == ranking.ENOUGH_TERMS
    assert len(either["should"]) == 3
    [with_form] = [clause for clause in either["should"] if LONG in json.dumps(clause)]
    assert "GAN" in json.dumps(with_form)
    alone = json.dumps(enough["bool"]["should"][:-1])
    assert LONG not in alone, "a work with the long form alone has one of three words"


def test_only_short_words_may_be_abbreviations() -> None:
    assert candidates("GAN training with LSTMs") == ["GAN", "LSTMs"]
    assert candidates("neural networks") == []
    assert candidates("learning") == []


def test_long_texts_cost_little() -> None:
    assert list(definitions("a" * 50_000 + "(AAAAAAAAAA)" + "(" * 50_000)) == []

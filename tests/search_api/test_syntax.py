"""The query syntax: what each way of writing means, and that nothing is refused."""

from __future__ import annotations

import pytest

from search_api.retrieval import syntax
from search_api.retrieval.syntax import Unit, parse
from search_api.works.queries import keyword_or_all


def spelled(unit: Unit) -> str:
    """Write a unit back as one would type it."""
    text = f'"{unit.text}"' if unit.is_phrase else unit.text
    return ("-" if unit.is_excluded else "") + (f"{unit.field}:" if unit.field else "") + text


@pytest.mark.parametrize(
    ("query", "words", "required", "excluded"),
    [
        ("rate ⁻spikes", "rate ⁻spikes", [], []),
        ("neural decoding", "neural decoding", [], []),
        ('"neural decoding"', "neural decoding", [['"neural decoding"']], []),
        ('spikes "neural decoding" now', "spikes neural decoding now", [['"neural decoding"']], []),
        ("“neural decoding” spikes", "neural decoding spikes", [['"neural decoding"']], []),
        ("neural -spikes", "neural", [], ["-spikes"]),
        ('neural -"spike trains"', "neural", [], ['-"spike trains"']),
        ("-neural -spikes", "", [], ["-neural", "-spikes"]),
        ("title:neural decoding", "neural decoding", [["title:neural"]], []),
        ('Title:"neural decoding"', "neural decoding", [['title:"neural decoding"']], []),
        ("author:Kording motor", "motor", [["author:Kording"]], []),
        ("author: Kording motor", "motor", [["author:Kording"]], []),
        ('Title: "motor control"', "motor control", [['title:"motor control"']], []),
        ("author: -robot motor", "motor", [], ["-robot"]),
        ('author:"Konrad Kording"', "", [['author:"Konrad Kording"']], []),
        ("motor -author:Kording -title:arm", "motor", [], ["-author:Kording", "-title:arm"]),
        ("neural OR spiking", "neural spiking", [], []),
        ('"a b" OR "c d" e', "a b c d e", [['"a b"', '"c d"']], []),
        ("title:a OR title:b OR author:c", "a b", [["title:a", "title:b", "author:c"]], []),
        ('word OR "a phrase"', "word a phrase", [["word", '"a phrase"']], []),
        ('"a b" "c d"', "a b c d", [['"a b"'], ['"c d"']], []),
        ("(title:a OR title:b) c", "a b c", [["title:a", "title:b"]], []),
    ],
)
def test_what_is_written_means(query: str, words: str, required: list[list[str]], excluded: list[str]) -> None:
    found = parse(query)
    assert found.words == words
    assert [[spelled(unit) for unit in group] for group in found.required] == required
    assert [spelled(unit) for unit in found.excluded] == excluded


@pytest.mark.parametrize("query", ["state-of-the-art", "t-SNE maps", "at -5 degrees", "a or b", "what is C++?", "f(x)"])
def test_what_only_looks_like_an_operator_is_words(query: str) -> None:
    found = parse(query)
    assert (found.words, found.required, found.excluded) == (query, (), ())


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ('"unclosed phrase', "unclosed phrase"),
        ('closed" late', "closed late"),
        ("OR neural", "neural"),
        ("neural OR", "neural"),
        ("neural OR OR decoding", "neural decoding"),
        ("neural - decoding", "neural decoding"),
        ("author: title:", ""),
        ('title:"" author:"" ""', ""),
        ("title:*** neural", "neural"),
        ("topic:neural", "topic neural"),
        ("- * ? ~ ^ [ ] { } ( ) / \\", ""),
        ("", ""),
        ("\0 \ud800", ""),
    ],
)
def test_what_is_broken_is_repaired(broken: str, words: str) -> None:
    found = parse(broken)
    assert (found.words, found.required, found.excluded) == (words, (), ())


@pytest.mark.parametrize(
    "text", ["-", "?", '""', "author:", "- * ?", "…", "title:-", "→", "€ $", "∑", "title:∞", "\u0301" * 3, "\u200d"]
)
def test_punctuation_and_signs_match_nothing(text: str) -> None:
    assert keyword_or_all(parse(text)) == {"match_none": {}}


@pytest.mark.parametrize("text", ["😀", '"😀"', "title:😀", "-😀 x", "™"])
def test_an_emoji_is_a_word(text: str) -> None:
    found = keyword_or_all(parse(text))
    assert found not in ({"match_none": {}}, {"match_all": {}})


@pytest.mark.parametrize(
    ("typed", "text"), [('"C++"', "C++"), ('"in C++"', "in C++"), ('"C+"', "C"), ('"ab++"', "ab"), ("title:c++", "c++")]
)
def test_the_signs_of_a_language_belong_to_it(typed: str, text: str) -> None:
    assert [unit.text for unit in parse(typed).units] == [text]


def test_an_excluded_language_is_not_its_letter() -> None:
    assert [unit.text for unit in parse("-C++").excluded] == ["C++"]


def test_an_or_beside_an_exclusion_loosens_nothing() -> None:
    found = parse("title:a OR -b OR title:c")
    assert [len(group) for group in found.required] == [1, 1]
    assert [unit.text for unit in found.excluded] == ["b"]


def test_an_unclosed_quote_after_an_operator_costs_only_the_quote() -> None:
    assert [unit.text for group in parse('title:"neural decoding').required for unit in group] == ["neural"]
    assert [unit.text for unit in parse('-"neural decoding').excluded] == ["neural"]


def test_prose_has_punctuation_and_no_operators() -> None:
    text = 'Articles on text formatting systems, including "what you see" systems -dash nroff, OR bravo, and so on'
    assert (parse(text).words, parse(text).required, parse(text).excluded) == (text, (), ())


def test_what_is_embedded_has_no_operators_and_no_exclusions() -> None:
    query = parse('title:"motor control" cortex OR muscle -robot author:Kording')
    assert query.embedding_text == "motor control cortex muscle"
    assert parse("author:Kording").embedding_text == "Kording"
    assert parse("-robot").embedding_text == ""


def test_units_know_where_they_stand() -> None:
    query = 'a (title:"motor  control", -robot author:Kordng "x'
    found = parse(query)
    spans = [query[unit.start : unit.end] for unit in (*found.units, *found.excluded)]
    assert spans == ["a", "motor  control", ",", "Kordng", '"x', "robot"]


def test_there_is_an_end_to_operators_and_to_phrases() -> None:
    many = parse(" ".join(f"title:a{number} -b{number}" for number in range(500)))
    assert len(many.required) + len(many.excluded) == syntax.MAX_OPERATORS
    (long,), *_ = parse('"' + "word " * 5_000 + '"').required
    assert len(long.text.split()) == syntax.MAX_PHRASE

"""Terms of a text, counted without the analyzer, and texts shortened by them."""

from __future__ import annotations

import pytest

from search_api.autocomplete import queries as autocomplete
from search_api.researchers import queries as researchers
from search_api.researchers.names import MAX_NAME_PARTS, by_name
from search_api.retrieval import browse
from search_api.retrieval.syntax import MAX_PHRASE, parse
from search_api.retrieval.terms import (
    MAX_TERM_LENGTH,
    MAX_TERMS,
    MAX_WORDS,
    shorten,
    significant,
    term_ends,
    without_signs,
)
from search_api.works import queries as works

HAN = "\u7814\u7a76"


def terms(text: str) -> list[str]:
    ends = list(term_ends(text))
    return [text[start:end].strip(" ,.-$\\{}_^") for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" , - ", []),
        ("neural decoding, 2019", ["neural", "decoding", "2019"]),
        ("t-SNE", ["t", "SNE"]),
        (HAN, list(HAN)),
        (f"BERT{HAN}", ["BERT", *HAN]),
        ("\u30ab\u30bf", ["\u30ab\u30bf"]),
        ("a\u30aba", ["a", "\u30ab", "a"]),
        ("e\u0301a", ["e\u0301a"]),
        ("$\\alpha_{i,j}^2$", ["alpha", "i", "j", "2"]),
        ("a" * 600, ["a" * 255, "a" * 255, "a" * 90]),
    ],
)
def test_terms_are_counted_as_the_analyzer_does(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_a_text_is_shortened_at_a_word_and_at_a_term() -> None:
    assert shorten("a  b\nc") == "a b c"
    assert shorten("a b c", words=2) == "a b"
    assert shorten(f"a {HAN * 3}", terms=3) == f"a {HAN}"
    assert len(shorten("word " * 5_000).split()) == MAX_WORDS
    assert len(shorten(HAN * 5_000)) == MAX_TERMS
    assert len(shorten("a" * 20_000, terms=2)) == 2 * MAX_TERM_LENGTH


@pytest.mark.parametrize("text", [HAN * 300, "\\alpha_{i,j}^{2} " * 100, "a\u30ab" * 300, "x" * 20_000])
def test_no_query_has_more_terms_than_opensearch_takes_clauses(text: str) -> None:
    ranked = works.keyword(parse(text))["bool"]["must"][0]["bool"]["should"][0]["bool"]["should"][0]
    assert len(terms(ranked["match"]["weighted_text"]["query"])) <= MAX_TERMS
    assert len(terms(researchers.works_on(text)["multi_match"]["query"])) <= MAX_TERMS
    ((phrase,),) = parse(f'"{text}"').required
    assert len(terms(phrase.text)) <= MAX_PHRASE
    typed = autocomplete.body("topic", text, 10)["query"]["script_score"]["query"]["bool"]["must"][0]
    assert len(terms(typed["dis_max"]["queries"][0]["multi_match"]["query"])) <= autocomplete.MAX_WORDS
    assert len(terms(browse.query(text)["bool"]["should"][0]["multi_match"]["query"])) <= browse.MAX_WORDS
    parts = by_name(text)["script_score"]["query"]["bool"]["must"]
    words = [part["dis_max"]["queries"][0]["match"]["name"]["query"] for part in parts]
    assert sum(len(terms(word)) for word in words) <= MAX_NAME_PARTS


@pytest.mark.parametrize(
    ("text", "names"),
    [
        *(("C++", ""), ("c# templates", "templates"), ("in C++ and C", "in  and C"), ("C", "C"), ("A.C++", "A.")),
        *(("abc++", "abc++"), ("C#7", "C#7"), ("Jung C. Shin", "Jung C. Shin")),
    ],
)
def test_names_have_no_words_with_signs(text: str, names: str) -> None:
    assert without_signs(text) == names


def test_significant_terms_leave_out_stop_words_and_symbols() -> None:
    assert significant("What (the) t-SNE, 2019: is & was") == ("what", "t", "sne", "2019")
    assert significant(HAN) == tuple(HAN)
    assert significant("the of & -") == ()

"""Terms of a text, counted without the analyzer, and texts shortened by them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from search_api.autocomplete import queries as autocomplete
from search_api.researchers import queries as researchers
from search_api.researchers.names import MAX_NAME_PARTS, by_name
from search_api.retrieval import browse
from search_api.retrieval.clauses import in_names
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
from search_api.understanding import entities
from search_api.works import queries as works
from search_api.works import spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


NAME_FIELDS = {"researchers.name", "name", "name.suggest", "name_variants", "owner.name", "corrected.name"}
#: Requests that look for a text in names of people.
IN_NAMES: dict[str, Callable[[str], Any]] = {
    "ranking": lambda text: works.any_word(parse(text)),
    "membership": lambda text: works.enough_words(parse(f"{text} Ada Birch")),
    "operators": lambda text: works.required_clauses(parse(f'"{text}" author:"{text}"')),
    "words": lambda text: works.with_word(text, ("de",)),
    "spelling": lambda text: spelling.occurrence(text, ("de",)),
    "entities": lambda text: entities._people(text, 10),
    "researchers": lambda text: by_name(text),
    "autocomplete": lambda text: autocomplete.body("researcher", text, 10),
}


def asked_of_names(body: object) -> Iterator[str]:
    """Yield what a request asks fields with names for."""
    if isinstance(body, list):
        for part in body:
            yield from asked_of_names(part)
    elif isinstance(body, dict):
        for key, value in body.items():
            if key in NAME_FIELDS:
                yield value["query"] if isinstance(value, dict) else value
            else:
                assert key != "fields" or NAME_FIELDS.isdisjoint(value)
                yield from asked_of_names(value)


@pytest.mark.parametrize("sign", ["C++", "c++", "C#", "F#"])
@pytest.mark.parametrize("request_", IN_NAMES.values(), ids=IN_NAMES)
def test_a_word_with_signs_is_looked_for_in_no_name(request_: Callable[[str], Any], sign: str) -> None:
    assert "Kording" in " ".join(asked_of_names(request_(f"{sign} Kording")))
    for text in (sign, f"{sign} Kording", f"Kording {sign}"):
        asked = " ".join(asked_of_names(request_(text)))
        assert not re.search(r"[+#]|\b[cf]\b", asked, re.IGNORECASE), asked


@pytest.mark.parametrize("kind", ["match", "match_phrase"])
def test_a_name_is_looked_for_as_it_is_spelt_out_too_but_not_every_word_of_a_text(kind: str) -> None:
    assert list(asked_of_names(in_names("Gürsoy Ada", kind))) == ["Gürsoy Ada", "Guersoy Ada"]
    for text in ("Gursoy", "Guersoy", "Gürsoy " * 20):
        assert list(asked_of_names(in_names(text, kind))) == [text.strip()]


@pytest.mark.parametrize("search", ["entities", "researchers", "autocomplete"])
def test_people_are_looked_for_by_the_name_as_it_is_spelt_out_too(search: str) -> None:
    assert {"Löw", "Loew"} <= set(asked_of_names(IN_NAMES[search]("Löw")))
    assert "Loew" not in set(asked_of_names(IN_NAMES[search]("Low")))


@pytest.mark.parametrize(("query", "by_names"), [("Ada Birch", True), ("C++ Birch", False), ("C# Ada Birch", True)])
def test_one_name_besides_a_word_with_signs_is_not_enough(query: str, by_names: bool) -> None:
    enough = works.enough_words(parse(query))
    assert enough is not None
    ways = [way for way in enough["bool"]["should"] if "researchers.name" in way.get("match", {})]
    assert bool(ways) is by_names


def test_significant_terms_leave_out_stop_words_and_symbols() -> None:
    assert significant("What (the) t-SNE, 2019: is & was") == ("what", "t", "sne", "2019")
    assert significant(HAN) == tuple(HAN)
    assert significant("the of & -") == ()

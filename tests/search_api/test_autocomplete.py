"""The pure parts of autocompletion, and how ids of institutions are spelled."""

from __future__ import annotations

from typing import Any

import pytest

from mappings import IndexNames, institution_id, ror_address
from search_api.app import create_app
from search_api.autocomplete import queries
from search_api.autocomplete.search import _suggestions, distribute
from search_api.http.services import Services
from search_api.retrieval import filters
from search_api.works.fields import FIELDS


@pytest.mark.parametrize(
    ("found", "limit", "expected"),
    [
        ([list("abc"), list("xyz")], 4, [["a", "b"], ["x", "y"]]),
        ([list("a"), list("xyz")], 4, [["a"], ["x", "y", "z"]]),
        ([list("abc"), [], list("x")], 3, [["a", "b"], [], ["x"]]),
        ([[], []], 3, [[], []]),
        ([], 3, []),
    ],
)
def test_places_are_distribute_in_turns(found: list[list[str]], limit: int, expected: list[list[str]]) -> None:
    assert distribute(found, limit) == expected


@pytest.mark.parametrize("kind", ["researcher", "topic", "institution", "work"])
def test_every_request_is_bounded_and_in_a_total_order(kind: str) -> None:
    body = queries.body(kind, "word " * 1_000, 10)
    assert body["size"] == 10
    assert body["sort"][-1] == {"id": "asc"}
    assert str(body).count("word ") < 100


def test_the_last_word_may_be_only_begun() -> None:
    found: Any = queries.body("work", "physical princ", 5)["query"]["bool"]["must"][0]["dis_max"]["queries"][0]
    assert found["multi_match"]["type"] == "bool_prefix"
    assert found["multi_match"]["operator"] == "and"


def test_a_suggestion_says_latex_in_plain_words() -> None:
    title = r"Learning $\ell_1$ norms with Schr{\"o}dinger and \emph{care}"
    work = {"id": "arxiv:1", "title": title, "year": 2020, "researchers": [{"name": "A"}]}
    with create_app(services=Services(None, IndexNames("t-"))).test_request_context():  # type: ignore[arg-type]
        (suggestion,) = _suggestions("work", [work])
    assert suggestion["label"] == "Learning \N{SCRIPT SMALL L}_1 norms with Schrödinger and care"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("https://ror.org/01nrxwf90", "ror:01nrxwf90"),
        ("ror.org", "ror.org"),
        ("01NRXWF90", "ror:01nrxwf90"),
        ("ror:01nrxwf90", "ror:01nrxwf90"),
        ("https://openalex.org/I98677209", "openalex:I98677209"),
        ("i98677209", "openalex:I98677209"),
        (" university-of-edinburgh ", "university-of-edinburgh"),
    ],
)
def test_an_institution_has_one_stored_spelling(given: str, stored: str) -> None:
    assert institution_id(given) == stored


def test_only_ror_ids_have_an_address_there() -> None:
    assert ror_address("ror:01nrxwf90") == "https://ror.org/01nrxwf90"
    assert ror_address("university-of-edinburgh") is None


def test_a_filter_takes_an_institution_in_any_spelling() -> None:
    (one,) = filters.parse(FIELDS, {"institution": ["https://ror.org/01nrxwf90", "!ror:04z8jg394"]})
    assert (one.wanted, one.excluded) == (("ror:01nrxwf90",), ("ror:04z8jg394",))
    assert one.selects("ror:01nrxwf90")

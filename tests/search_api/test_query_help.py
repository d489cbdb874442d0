"""Help with queries on pages: the help page, the advanced form, spans of years, and errors written for readers."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from search_api.retrieval import syntax
from search_api.web.query_help import composed
from search_api.web.years import spelled
from tests.search_api.test_web import WORK, FakeOpenSearch, app_over, text_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient


@pytest.fixture
def pages() -> FlaskClient:
    return app_over(FakeOpenSearch([WORK])).test_client()


def test_the_help_is_linked_from_every_search_box_and_its_examples_can_be_followed(pages: FlaskClient) -> None:
    for address in ("/search", "/search?q=x", "/works/local:a%23b%3Fc"):
        assert 'href="/search/help"' in pages.get(address).text
    links = re.findall(r'href="(/search\?q=[^"]+)"', pages.get("/search/help").text)
    assert len(links) >= 6
    for link in links:
        assert pages.get(html.unescape(link)).status_code == 200


@pytest.mark.parametrize(
    ("given", "query", "others"),
    [
        ({"words": " neural  decoding "}, "neural decoding", {}),
        ({"phrase": 'spike "trains"'}, '"spike trains"', {}),
        ({"title": "motor control; cortex"}, 'title:"motor control" title:"cortex"', {}),
        ({"author": "Ada Alder;  Bo Birch ;"}, 'author:"Ada Alder" author:"Bo Birch"', {}),
        ({"without": "deep, wide"}, "-deep -wide", {}),
        ({"from": "2015", "until": "2017"}, "", {"year": "2015-2017"}),
        ({"from": "2015", "until": "2015"}, "", {"year": "2015"}),
        ({"words": "x", "until": "2017", "mode": "keyword", "type": ""}, "x", {"year": "-2017", "mode": "keyword"}),
        ({"phrase": '"', "title": ";", "without": ",", "author": " "}, "", {}),
    ],
)
def test_the_form_is_written_in_the_syntax_of_queries(
    given: dict[str, str], query: str, others: dict[str, str]
) -> None:
    assert composed(given) == (query, others)
    if "author" in given and query:
        assert [unit.text for unit in syntax.parse(query).units] == ["Ada Alder", "Bo Birch"]


def test_the_form_leads_to_the_search(pages: FlaskClient) -> None:
    form = pages.get("/search/advanced")
    assert form.status_code == 200
    for name in ("words", "phrase", "title", "author", "without", "from", "until", "mode", "sort"):
        assert f'name="{name}"' in form.text
    answer = pages.get("/search/advanced?words=spikes&author=Ada+Alder&from=2015&until=&mode=")
    assert answer.status_code == 303
    assert answer.location == "/search?q=spikes+author:%22Ada+Alder%22&year=2015-"
    assert pages.get("/search/advanced?words=&from=").status_code == 200
    # No citation is known here, so an order by citations would be arbitrary.
    assert "Most cited" not in form.text


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        *(("2015 to 2017", "2015-2017"), ("2015\u20132017", "2015-2017"), ("2015 - 2017", "2015-2017")),
        *(("2015..2017", "2015-2017"), ("2015 TO", "2015-"), ("since 2015", "2015-"), ("until 2017", "-2017")),
        *(("!2015 to 2017", "!2015-2017"), ("2015-2017", "2015-2017"), ("2019", "2019"), ("soon", "soon")),
    ],
)
def test_years_may_be_typed_in_words(typed: str, stored: str) -> None:
    assert spelled(typed) == stored


@pytest.mark.parametrize("page", ["/search", "/researchers"])
def test_a_page_spells_years_as_its_links_do(pages: FlaskClient, page: str) -> None:
    answer = pages.get(page, query_string={"year": "2015 to 2017", "topic": "cs.LG"})
    assert (answer.status_code, answer.location) == (303, f"{page}?year=2015-2017&topic=cs.LG")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/search?page=0", "Pages are numbered from 1"),
        ("/search?year=2017-2015", "Did you mean 2015-2017?"),
        ("/search?year=2017+to+2015", "Did you mean 2015-2017?"),
        ("/search?year=soon", "The filter “year” does not understand 'soon': Use 2019, 2015-2020, 2015- or -2010."),
        ("/search?topic=!", "a value must follow it in “topic”"),
        ("/researchers?topic=cs.LG&institution=!", "a value must follow it in “institution”"),
        ("/search?mode=psychic", "a value that this page cannot use: “mode”"),
        ("/search?colour=blue", "settings that this page does not have: “colour”"),
    ],
)
def test_errors_of_pages_are_written_for_readers(pages: FlaskClient, address: str, words: str) -> None:
    answer = pages.get(address)
    text = html.unescape(text_of(pages, address, 400))
    assert answer.status_code == 400
    assert words in text
    assert "cursor" not in text
    assert "meta." not in text
    assert "Valid parameters" not in text


LISTS = ("/search?", "/search?q=spikes&", "/researchers?", "/researchers?q=ada&", "/topics?", "/institutions?")


@pytest.mark.parametrize("address", [*LISTS, "/related?text=spikes&show=works&"])
@pytest.mark.parametrize("page", ["page=400&per_page=25", "page=401&per_page=25", "page=999999999999"])
def test_a_page_behind_the_last_one_names_their_number(address: str, page: str) -> None:
    few = app_over(FakeOpenSearch([], total=235)).test_client()
    text = text_of(few, f"{address}{page}")
    assert re.search(r"There are only (10|12) pages of results\.", text)
    assert "10,000" not in text


@pytest.mark.parametrize("address", [*LISTS, "/related?text=spikes&show=works&"])
def test_only_a_list_of_more_results_than_the_window_is_cut_by_it(address: str) -> None:
    many = app_over(FakeOpenSearch([], total=10_001)).test_client()
    text = text_of(many, f"{address}page=999", 400)
    assert "Only the first 10,000 results can be paged through. Narrow the search" in text
    assert "pages of results" not in text


def test_programs_keep_the_details(pages: FlaskClient) -> None:
    problem = pages.get("/api/v1/works?page=999").get_json(force=True)
    assert "cursor=*" in problem["detail"]
    assert "for_readers" not in problem


def test_no_page_shows_a_score(pages: FlaskClient) -> None:
    for address in ("/search?q=spikes", "/search?q=spikes&mode=semantic", "/related"):
        assert not re.search(r"\d+ ?%", text_of(pages, address))


@pytest.mark.parametrize(
    "address",
    [
        *("works?year=2017-2015", "works?year=2019&year=!2017-2015", "works?format=ris&year=2017-2015"),
        *(
            "researchers?year=2017-2015",
            "researchers?about=spikes&published=2017-2015",
            "researchers?about=x&year=2017-2015",
        ),
    ],
)
def test_programs_are_told_which_span_of_years_was_meant(pages: FlaskClient, address: str) -> None:
    answer = pages.get(f"/api/v1/{address}")
    assert answer.status_code == 400
    ((message,),) = answer.get_json(force=True)["errors"].values()
    assert "Did you mean 2015-2017?" in message

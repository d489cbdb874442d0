"""What surrounds the pages: the log-in page, addresses, words for machines; without a server behind them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from mappings import IndexNames
from search_api.app import create_app
from search_api.http.services import Services
from search_api.web import formatting, metadata

if TYPE_CHECKING:
    from flask import Flask

PERSON: dict[str, Any] = {
    "id": "ada-1",
    "name": "Ada Low",
    "name_variants": [],
    "orcid": None,
    "tagline": None,
    "topics": [],
    "affiliations": [],
}
WORK: dict[str, Any] = {
    "id": "local:a#b",
    "title": "On $\\alpha$ </script>",
    "abstract": "An abstract",
    "year": 2019,
    "researchers": [{"id": "ada-1", "name": "Ada Low"}],
    "topics": [],
    "doi": "10.1/x",
    "url": "javascript:alert(1)",
}


@pytest.fixture
def app() -> Flask:
    return create_app(services=Services(None, IndexNames("t-")))  # type: ignore[arg-type]  # nothing is asked of it


@pytest.mark.parametrize("aim", ["follow", "claim", "collaborate"])
def test_the_log_in_page_says_what_is_needed_and_leads_back(app: Flask, aim: str) -> None:
    page = app.test_client().get(f"/login?for={aim}&next=/researchers/ada-1?page=2").text
    for words in ("<h1>Log in</h1>", "No account?", 'name="next" value="/researchers/ada-1?page=2"'):
        assert words in page


@pytest.mark.parametrize(
    ("wanted", "leave", "told"),
    [
        ("/researchers/ada-1/claim", "/researchers/ada-1", "Claim a profile"),
        ("/researchers/ada-1/invite?work=x", "/researchers/ada-1", "Start a collaboration"),
        ("/inbox/abc", "/", "t need an account to search or read"),
        ("/feed?since=ever", "/", "t need an account to search or read"),
        ("/search?q=claim", "/search?q=claim", "t need an account to search or read"),
    ],
)
def test_whoever_does_not_log_in_goes_back_to_a_page_that_anybody_may_read(
    app: Flask, wanted: str, leave: str, told: str
) -> None:
    page = app.test_client().get("/login", query_string={"next": wanted}).text
    assert f'name="next" value="{wanted}"' in page
    assert f'<a href="{leave}">{"Home" if leave == "/" else "Go back"}</a>' in page
    assert told in page


@pytest.mark.parametrize(
    "elsewhere",
    ["https://x.example/", "//x.example", "/\\x.example", "javascript:alert(1)", "/%09/x.example", "x", "/a%0d%0ab"],
)
def test_the_log_in_page_leads_to_no_other_site(app: Flask, elsewhere: str) -> None:
    page = app.test_client().get(f"/login?next={elsewhere}").text
    assert re.findall(r'name="next" value="([^"]*)"', page) == ["/"]


def test_an_unknown_aim_is_refused_with_help(app: Flask) -> None:
    response = app.test_client().get("/login?for=money")
    assert response.status_code == 400
    assert "What you can do" in response.text


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("/search?q=a+b&sort=title&topic=x", "http://localhost/search?q=a+b"),
        ("/researchers/ada-1?topic=x&page=2", "http://localhost/researchers/ada-1?page=2"),
        ("/graph?work=local:1&limit=200", "http://localhost/graph?work=local%3A1"),
    ],
)
def test_a_page_has_one_address(app: Flask, asked: str, canonical: str) -> None:
    with app.test_request_context(asked):
        assert metadata.canonical() == canonical


def test_what_is_not_known_is_not_said_to_machines(app: Flask) -> None:
    with app.test_request_context("/"):
        assert set(metadata.person(PERSON)) == {"@context", "@type", "@id", "url", "name"}
        known = {**PERSON, "orcid": "0000-0001-2345-6789", "affiliations": [{"name": "Penn"}, {"name": "Old"}]}
        person = metadata.person(known)
    assert person["sameAs"] == ["https://orcid.org/0000-0001-2345-6789"]
    assert person["affiliation"] == [{"@type": "Organization", "name": "Penn"}]


def test_a_work_is_described_in_plain_words_with_safe_links(app: Flask) -> None:
    with app.test_request_context("/"):
        article = metadata.article(WORK)
        summary = metadata.article({**WORK, "abstract_origin": "summary"})
        written = app.jinja_env.from_string("{{ it|tojson }}").render(it=article)
    assert article["name"] == "On α </script>"  # noqa: RUF001
    assert article["datePublished"] == "2019"
    assert article["sameAs"] == ["https://doi.org/10.1/x"]
    assert "abstract" not in summary
    assert "<" not in written
    assert json.loads(written) == article


@pytest.mark.parametrize(
    ("name", "letters"), [("Ada Low", "AL"), ("Konrad P. Kording", "KK"), ("Plato", "P"), ("", "?")]
)
def test_a_person_has_initials(name: str, letters: str) -> None:
    assert formatting.initials(name) == letters

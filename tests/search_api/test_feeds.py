"""Feeds are XML whatever a record holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from search_api.app import create_app
from search_api.feeds.atom import NAMESPACE, Feed, document, moment
from search_api.http.services import Services
from search_api.retrieval import filters
from search_api.works.fields import FIELDS
from search_api.works.plan import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

NASTY = "<b>bold</b> & \0\x0b\ufffe]]> \ud800“quoted”"
WORK: Any = {
    "id": "local:a b/<c>",
    "title": NASTY,
    "abstract": NASTY,
    "date": None,
    "year": 2019,
    "url": "javascript:alert(1)",
    "researchers": [{"id": "ada-1", "name": NASTY}],
    "topics": [{"id": 'x"y', "name": NASTY}],
}
ABOUT = Feed("T & <i>", "http://h/feeds/works.atom?q=<&x=%00", "http://h/search")


@pytest.fixture(autouse=True)
def inside_a_request() -> Iterator[None]:
    app = create_app(services=Services(None, None))  # type: ignore[arg-type]  # asks nothing
    with app.test_request_context("/"):
        yield


def parsed(works: list[Any]) -> ET.Element:
    return ET.fromstring(document(ABOUT, works))


def text(element: ET.Element, path: str) -> str | None:
    return element.findtext("/".join(f"{{{NAMESPACE}}}{part}" for part in path.split("/")))


def test_text_that_looks_like_xml_stays_text() -> None:
    feed = parsed([WORK])
    cleaned = "<b>bold</b> & ]]> “quoted”"
    assert text(feed, "title") == "T & <i>"
    for path in ("entry/title", "entry/summary", "entry/author/name"):
        assert text(feed, path) == cleaned
    assert not list(feed.iter(f"{{{NAMESPACE}}}b"))


def test_only_web_addresses_become_links() -> None:
    assert b"javascript:" not in document(ABOUT, [WORK])
    assert b'rel="via" href="https://x.org"' in document(ABOUT, [WORK | {"url": "https://x.org"}])


@pytest.mark.parametrize(
    ("date", "year", "expected"),
    [
        ("2019-10-02", 2019, "2019-10-02T00:00:00Z"),
        (None, 2019, "2019-01-01T00:00:00Z"),
        (None, 987, "0987-01-01T00:00:00Z"),
        (None, None, "1970-01-01T00:00:00Z"),
    ],
)
def test_an_entry_is_dated_as_its_work(date: str | None, year: int | None, expected: str) -> None:
    work: Any = {**WORK, "date": date, "year": year}
    assert moment(work) == expected
    assert text(parsed([work]), "entry/updated") == text(parsed([work]), "updated") == expected


def test_what_is_not_known_is_left_out() -> None:
    feed = parsed([{**WORK, "abstract": None, "topics": []}])
    assert text(feed, "entry/summary") is None
    assert text(feed, "entry/published") is None
    assert not list(feed.iter(f"{{{NAMESPACE}}}category"))


def test_a_feed_without_entries_is_a_feed() -> None:
    assert text(parsed([]), "updated") == "1970-01-01T00:00:00Z"


def test_a_title_is_a_sentence() -> None:
    asked = filters.parse(FIELDS, {"topic": ["cs.LG", "!cs.CL"], "year": ["2015-2020"]})
    assert describe("neural nets", asked) == "Works on “neural nets”, topic cs.LG, not cs.CL, year 2015-2020"
    assert describe("", []) == "Works"

"""The pages without a server behind them: what is made of answers that OpenSearch could give."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from flask import url_for
from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable

from mappings import IndexNames
from peerscope.embedding import EmbeddingError
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services
from search_api.retrieval import listing
from search_api.retrieval.filters import Filter
from search_api.web import addresses
from search_api.works import tex
from search_api.works.fields import FIELDS

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

#: What a page may hold: our own modules, and data for machines, in which no tag can begin.
OUR_SCRIPTS = re.compile(
    r'<script (?:type="module" )?src="/static/\w+\.js"></script>|<script type="application/ld\+json">[^<]*</script>'
)
NASTY = "<script>alert(1)</script> & $\\ell_1$"
WORK = {
    "id": "local:a#b?c",
    "ids": ["local:a#b?c"],
    "title": NASTY,
    "abstract": NASTY,
    "abstract_origin": None,
    "year": 2019,
    "date": None,
    "type": "preprint",
    "venue": "arXiv",
    "doi": None,
    "url": "javascript:alert(1)",
    "source": "arXiv",
    "license": None,
    "language": None,
    "cited_by_count": None,
    "topics": [{"id": "x/y", "name": NASTY}],
    "researchers": [{"id": "ada-1", "name": NASTY, "position": 1, "affiliation": NASTY}],
    "institutions": [],
    "embedding": [1.0, 0.0],
}


class FakeOpenSearch:
    """Answers every search with the same hits."""

    def __init__(self, works: list[dict[str, Any]], total: int | None = None) -> None:
        self.works = works
        self.total = len(works) if total is None else total

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        found = self.works if index.endswith("works") else []
        hits = [
            {
                "_index": index,
                "_id": work["id"],
                "_score": 0.5,
                "_source": work,
                "sort": [work["id"]],
                "fields": {"id": [work["id"]], "researchers.id": ["ada-1"]},
            }
            for work in found
        ]
        counted = {name: self.count(aggregation) for name, aggregation in body.get("aggs", {}).items()}
        total = {"value": self.total, "relation": "eq"}
        return {"took": 1, "hits": {"total": total, "max_score": 0.5, "hits": hits}, "aggregations": counted}

    def count(self, aggregation: dict[str, Any]) -> dict[str, Any]:
        if "aggs" in aggregation:
            return {name: self.count(inner) for name, inner in aggregation["aggs"].items()}
        if aggregation.get("terms", {}).get("field") == "topics.id":
            return {"buckets": [{"key": "x/y", "doc_count": 3}, {"key": "z", "doc_count": 1}]}
        return {"buckets": {} if "filters" in aggregation else []}

    def get(self, index: str, id: str, params: dict[str, Any], ignore: list[int]) -> dict[str, Any]:  # noqa: A002
        return next(({"found": True, "_source": work} for work in self.works if work["id"] == id), {"found": False})

    def mget(self, body: dict[str, Any], index: str = "", params: dict[str, Any] | None = None) -> dict[str, Any]:
        ids = body["ids"] if "ids" in body else [document["_id"] for document in body["docs"]]
        return {"docs": [{"_id": id_, "found": True, "_source": {"name": f"Name of {id_}"}} for id_ in ids]}

    def msearch(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        pairs = zip(body[::2], body[1::2], strict=True)
        return {"responses": [{"status": 200, **self.search(head["index"], asked)} for head, asked in pairs]}


class Away(FakeOpenSearch):
    """Does not answer."""

    def __init__(self) -> None:
        super().__init__([])

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        raise OpenSearchUnreachable("N/A", "refused", OSError())


def no_model() -> Any:
    raise EmbeddingError("out of order")


def app_over(client: Any, *, has_accounts: bool = True, **settings: Any) -> Flask:
    services = Services(client, IndexNames("t-"), load_embedder=no_model, settings=Settings(**settings))
    return create_app(services=services, extensions=None if has_accounts else [])


@pytest.fixture
def client() -> FlaskClient:
    return app_over(FakeOpenSearch([WORK])).test_client()


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, response.text
    assert response.mimetype == "text/html"
    return response.text


def without_our_scripts(page: str) -> str:
    return OUR_SCRIPTS.sub("", page)


@pytest.mark.parametrize("address", ["/search", "/search?q=x", "/works/local:a%23b%3Fc"])
def test_whatever_a_record_holds_is_text(client: FlaskClient, address: str) -> None:
    page = without_our_scripts(text_of(client, address))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; <math" in page
    assert "javascript:" not in page


def test_what_a_person_types_is_text(client: FlaskClient) -> None:
    page = text_of(client, "/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&venue=%3Cb%3E")
    page = without_our_scripts(page)
    assert "<script" not in page
    assert "<b>" not in page


def test_ids_with_any_characters_can_be_followed(client: FlaskClient) -> None:
    assert 'href="/works/local:a%23b%3Fc"' in text_of(client, "/search")


def test_links_to_other_pages_of_a_list_keep_such_an_id() -> None:
    with app_over(FakeOpenSearch([])).test_request_context("/researchers/a%23b%3Fc"):
        assert listing.address({"page": "2"}) == "/researchers/a%23b%3Fc?page=2"
        assert addresses.setting("page", 2) == "/researchers/a%23b%3Fc?page=2"


@pytest.mark.parametrize("address", ["/search", "/nowhere", "/api/docs", "/search?nonsense=1"])
def test_every_page_forbids_what_it_does_not_need(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", without_our_scripts(response.text))


def test_a_page_says_when_semantic_search_is_unavailable(client: FlaskClient) -> None:
    page = text_of(client, "/search?q=neurons")
    assert "Semantic search is temporarily unavailable" in page
    assert "1 keyword match<" in page
    assert "Semantic search is temporarily unavailable" not in text_of(client, "/search?q=neurons&mode=keyword")


@pytest.mark.parametrize("address", ["/search?q=x&mode=keyword&year=2019", "/search?topic=z", "/topics?q=x"])
def test_an_empty_answer_is_no_dead_end(address: str) -> None:
    page = text_of(app_over(FakeOpenSearch([])).test_client(), address)
    nothing = page.partition('class="nothing"')[2]
    assert "<a href=" in nothing


def test_behind_the_last_page_there_is_a_way_back() -> None:
    page = text_of(app_over(FakeOpenSearch([], total=7)).test_client(), "/search?topic=z&page=9")
    assert "There is only 1 page of results." in page
    assert "Page 9" not in page
    assert 'href="/search?topic=z"' in page


WORK_PATH = "/works/local:a%23b%3Fc"
PUBLIC = [
    ("/search?q=x", "https://peers.example/search?q=x"),
    (WORK_PATH, "https://peers.example" + WORK_PATH),
    ("/robots.txt", "Sitemap: https://peers.example/sitemap.xml"),
    ("/sitemap.xml", "<loc>https://peers.example/sitemaps/works-0.xml</loc>"),
    ("/sitemaps/works-0.xml", f"<loc>https://peers.example{WORK_PATH}</loc>"),
    ("/feeds/works.atom?q=x", "<id>https://peers.example/feeds/works.atom?q=x</id>"),
    ("/feeds/works.atom?q=x", f"<id>https://peers.example{WORK_PATH}</id>"),
    ("/feeds/works.atom?q=x", 'href="https://peers.example/search?q=x"'),
]
FORGED = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}


@pytest.mark.parametrize(("address", "words"), PUBLIC)
def test_absolute_addresses_are_on_the_public_url(address: str, words: str) -> None:
    client = app_over(FakeOpenSearch([WORK]), public_url="https://peers.example/").test_client()
    answer = client.get(address, headers=FORGED)
    assert answer.status_code == 200
    assert words in answer.text
    # Without the setting, the request's own host is all there is.
    answer = app_over(FakeOpenSearch([WORK])).test_client().get(address, headers={"Host": "other.example"})
    assert words.replace("https://peers.example", "http://other.example") in answer.text


def test_a_forged_host_is_in_no_response() -> None:
    app = app_over(FakeOpenSearch([WORK]), has_accounts=False, public_url="https://peers.example")
    values: dict[str, Any] = {
        "id_": "local:a#b?c",
        "kind": "works",
        "part": 0,
        "group": "works",
        "filename": "peerscope.css",
    }
    seen = 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        with app.test_request_context("/"):
            address = url_for(rule.endpoint, **{name: values.get(name, "x") for name in rule.arguments})
        for spelling in (address, f"{address}?q=x&page=2", f"{address}/"):
            answer = app.test_client().get(spelling, headers=FORGED)
            seen += answer.status_code == 200
            assert "evil.example" not in answer.text, spelling
            assert "evil.example" not in str(answer.headers), spelling
            answer.close()
    assert seen > 30


UNPARSEABLE = (
    *("HTTPS://[::1", "http://[", "//", "https://", "https://x:99999999/", "\\", "%", "\x00", "$", "x" * 100_000),
    *("", None),
)


@pytest.mark.parametrize("field", ["url", "license", "doi", "venue", "type", "source", "language", "abstract"])
def test_no_field_of_a_work_breaks_a_page(field: str) -> None:
    engine = FakeOpenSearch([WORK])
    client = app_over(engine, has_accounts=False).test_client()
    for value in UNPARSEABLE:
        engine.works = [{**WORK, field: value}]
        for address in (WORK_PATH, "/search?q=x"):
            text_of(client, address)


def nested_formulas(first: int) -> str:
    return " ".join("$" + "x^{" * 140 + str(number) + "}" * 140 + "$" for number in range(first, first + 150))


@pytest.mark.parametrize("address", ["/search", WORK_PATH])
def test_nested_formulas_cost_a_page_little(address: str) -> None:
    engine = FakeOpenSearch([WORK])
    client = app_over(engine, has_accounts=False).test_client()
    text_of(client, "/topics?q=x")  # loads what is loaded once
    ratios = []
    # The least of three: other processes disturb the measurement. Formulas differ, since what is converted is cached.
    for first in (0, 200, 400):
        if address == "/search":
            engine.works = [
                {**WORK, "id": f"local:{n}", "title": nested_formulas(1_000 * n + first)} for n in range(25)
            ]
        else:
            engine.works = [{**WORK, "abstract": nested_formulas(99_000 + first)}]
        begun = time.process_time()
        tex.tex(nested_formulas((200_000 if address == "/search" else 300_000) + first)[: tex.PAGE_BUDGET])
        one_budget = time.process_time() - begun
        begun = time.process_time()
        page = text_of(client, address)
        ratios.append((time.process_time() - begun) / one_budget)
        assert "<math" in page
        assert "x^{x^{" in page
    # A title is converted twice, to HTML and to plain text. Without a budget more than 100 times.
    assert 0.1 < min(ratios) < 6, ratios


def test_empty_fields_of_a_form_do_not_count(client: FlaskClient) -> None:
    assert text_of(client, "/search?q=&mode=&sort=&page=&topic=&year=&venue=&researcher=&type=")


def test_an_unknown_parameter_is_named_and_can_be_left_out(client: FlaskClient) -> None:
    page = text_of(client, "/search?q=x&yaer=2019", 400)
    assert "“yaer”" in page
    assert 'href="/search?q=x"' in page


def test_an_unknown_id_is_not_found(client: FlaskClient) -> None:
    page = text_of(client, "/topics/deep-%3Cb%3E", 404)
    assert "No topic has the id" in page
    assert 'href="/researchers?q=deep+%3Cb%3E"' in page


def test_with_opensearch_away_a_page_says_when_to_come_back() -> None:
    client = app_over(Away()).test_client()
    response = client.get("/search?q=x")
    assert response.status_code == 503
    assert response.mimetype == "text/html"
    assert response.headers["Retry-After"] == "10"
    assert "in 10 seconds" in response.text


def test_a_facet_adds_and_a_chip_takes_away(client: FlaskClient) -> None:
    page = text_of(client, "/search?q=x&topic=x/y&page=3")
    assert 'href="/search?q=x&amp;topic=x%2Fy&amp;topic=z"' in page
    assert re.search(r'class="chip" href="/search\?q=x"><span>topic Name of x/y', page)


def test_an_excluded_value_has_a_chip_too() -> None:
    app = app_over(FakeOpenSearch([]))
    asked = [Filter("topic", FIELDS["topic"], excluded=("z",))]
    with app.test_request_context("/search?topic=!z&q=x"):
        assert addresses.chips(asked, {}) == [addresses.Chip("topic not Name of z", "/search?q=x")]


@pytest.mark.parametrize(("value", "words"), [("true", "has abstract"), ("false", "has abstract: no")])
def test_the_chip_of_a_flag_needs_no_value(value: str, words: str) -> None:
    filter_ = Filter("has_abstract", FIELDS["has_abstract"], wanted=(value,))
    with app_over(FakeOpenSearch([])).test_request_context(f"/search?has_abstract={value}"):
        assert addresses.chips([filter_], {}) == [addresses.Chip(words, "/search")]


def test_a_value_without_labels_is_called_by_its_key() -> None:
    asked = [Filter("venue", FIELDS["venue"], wanted=("NeurIPS",))]
    with app_over(FakeOpenSearch([])).test_request_context("/search?venue=NeurIPS"):
        assert addresses.chips(asked, {}) == [addresses.Chip("venue NeurIPS", "/search")]


def test_a_chip_takes_away_a_value_in_another_spelling() -> None:
    asked = [Filter("institution", FIELDS["institution"], wanted=("ror:01pxwe438",), excluded=("ror:04z8jg394",))]
    query = "institution=https://ror.org/01pxwe438&institution=!https://ror.org/04z8jg394"
    with app_over(FakeOpenSearch([])).test_request_context(f"/search?{query}"):
        taken = [chip.href for chip in addresses.chips(asked, {})]
    assert [unquote(href) for href in taken] == [
        "/search?institution=!https://ror.org/04z8jg394",
        "/search?institution=https://ror.org/01pxwe438",
    ]


def test_a_topic_that_was_assigned_is_marked_as_suggested() -> None:
    work = {**WORK, "topics": [], "assigned_topics": [{"id": "x", "name": "X", "share": 0.75}]}
    page = text_of(app_over(FakeOpenSearch([work])).test_client(), "/works/local:a%23b%3Fc")
    assert "Suggested topics" in page
    assert "(suggested)" in page
    assert "75%" not in page


def test_a_year_within_a_span_takes_its_place() -> None:
    with app_over(FakeOpenSearch([])).test_request_context("/search?year=2015-2020&q=x"):
        chosen = {"key": "2016", "is_selected": True}
        assert addresses.toggling("year", chosen) == "/search?q=x&year=2016"


def test_the_json_twin_asks_for_the_same() -> None:
    with app_over(FakeOpenSearch([])).test_request_context("/search?q=a+%26+b&topic=x&topic=y"):
        split = urlsplit(addresses.twin("works.works", facets="topic"))
    assert split.path == "/api/v1/works"
    assert parse_qsl(split.query) == [("q", "a & b"), ("topic", "x"), ("topic", "y"), ("facets", "topic")]


def test_search_from_results_keeps_filters_and_begins_at_the_first_page(client: FlaskClient) -> None:
    form = re.search(r"<form.*?</form>", text_of(client, "/search?q=x&topic=z&sort=title&page=2"), re.DOTALL)
    assert form
    assert 'name="topic" value="z"' in form[0]
    assert 'name="sort" value="title"' in form[0]
    assert 'name="page"' not in form[0]

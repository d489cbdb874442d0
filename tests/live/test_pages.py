"""The pages over the sample in a real OpenSearch: read as a person would, and every link followed."""

from __future__ import annotations

import html
import json
import re
from collections import Counter, deque
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest

from indexer import run
from indexer.sources import open_sources
from mappings import IndexNames, drop
from search_api import create_app
from search_api.services import KEY, Services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

KORDING = "/researchers/konrad-p-kording-4bafdee5"
RELU = "/works/arxiv:1910.00744"
QUERY = "/search?q=recording+the+activity+of+many+neurons+at+once"
PAGES = {
    "/": ("Find research, and the people behind it", "320", "671", "Machine Learning"),
    QUERY: ("have your words or are among the 200 nearest in meaning", "<mark>", "Narrow down"),
    QUERY + "&mode=semantic": ("nearest to your query in meaning",),
    QUERY + "&mode=keyword": ("with your words",),
    "/search": ("320 works", "Sort by"),
    "/researchers": ("671 researchers", "By name", "Who works on …", "L1: Imported record"),
    "/researchers?q=Kording": ("Konrad P. Kording",),
    "/researchers?about=connectomics": ("Who works on “connectomics”", "nearest in meaning"),
    RELU: ("Reverse-Engineering Deep ReLU Networks", "Summary", "Konrad P. Kording", "alike in meaning", "arxiv.org"),
    KORDING: (
        "Konrad P. Kording",
        "Affiliation not imported",
        "Trust snapshot",
        "L1: Imported record · not claimed",
        "21</b> works",
        "Works per year. 2013: 2",
        "Adam H. Marblestone",
        "Published work",
    ),
    KORDING + "?exclude=collaborators": ("Closest works, ", "no work together"),
    "/topics": ("54 topics", "Machine Learning"),
    "/topics/cs.LG": ("72 works", "Most works", "Often together with"),
    "/api/docs": ("GET /api/v1/works", "WorkList", "Problem"),
}
#: Links followed from a page on; and pages of one kind, which is the path's first part and the names of the parameters.
DEPTH = 2
OF_A_KIND = 3
TOO_BIG = 100_000


class Links(HTMLParser):
    """Collects what a page points to: links, forms, assets, its JSON twin, and the anchors that it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.assets: list[str] = []
        self.twins: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.anchors.add(given["id"])
        if tag == "a":
            self.hrefs.append(given["href"])
        elif tag == "form":
            self.hrefs.append(given["action"])
        elif tag == "link" and given["rel"] == "alternate":
            self.twins.append(given["href"])
        elif tag in {"link", "img", "script", "iframe", "source"}:
            self.assets.append(given.get("href") or given.get("src") or "")


@pytest.fixture
def client(sample_app: Flask) -> FlaskClient:
    return sample_app.test_client()


def page_of(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response.text)
    return response.text


def main_of(page: str) -> str:
    return page.partition("<main")[2]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_says_what_it_is_for(client: FlaskClient, address: str) -> None:
    page = html.unescape(page_of(client, address))
    for words in PAGES[address]:
        assert words in page


def test_every_link_leads_somewhere(client: FlaskClient) -> None:
    queue, seen, kinds = deque((address, 0) for address in PAGES), {""}, Counter[tuple[str, ...]]()
    while queue:
        address, depth = queue.popleft()
        split = urlsplit(address)
        kind = (split.path.split("/")[1], *sorted({name for name, _ in parse_qsl(split.query)}))
        if address in seen or depth > DEPTH or kinds[kind] >= OF_A_KIND:
            continue
        seen.add(address)
        kinds[kind] += 1
        response = client.get(address)
        assert response.status_code == 200, (address, response.text[:2000])
        if response.mimetype != "text/html":
            continue
        assert len(response.data) < TOO_BIG, address
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        links = Links(response.text)
        for href in links.hrefs:
            target = urlsplit(urljoin(f"http://localhost{address}", href))
            if target.netloc != "localhost":
                assert target.scheme == "https", href
                continue
            if href.startswith("#"):
                assert target.fragment in links.anchors, (address, href)
                continue
            queue.append((target._replace(scheme="", netloc="", fragment="").geturl(), depth + 1))
    assert sum(kinds.values()) > 60


@pytest.mark.parametrize("address", PAGES)
def test_assets_are_our_own_and_there(client: FlaskClient, address: str) -> None:
    links = Links(page_of(client, address))
    assert links.assets
    for asset in links.assets:
        assert asset.startswith("/static/")
        with client.get(asset) as response:
            assert response.status_code == 200


@pytest.mark.parametrize("address", [address for address in PAGES if address != "/"])
def test_every_page_has_a_twin_in_json(client: FlaskClient, address: str) -> None:
    (twin,) = Links(page_of(client, address)).twins
    response = client.get(twin)
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"


def test_the_twin_holds_what_the_page_shows(client: FlaskClient) -> None:
    page = page_of(client, QUERY + "&topic=q-bio.NC&page=2")
    (twin,) = Links(page).twins
    answer = client.get(twin).get_json()
    assert answer["meta"]["page"] == 2
    shown = re.findall(r'<h2><a href="([^"]+)"', page)
    assert shown == [work["links"]["html"] for work in answer["results"]]


def count_on(page: str) -> int:
    found = re.search(r'role="status">(?:More than )?([\d,]+) works?', page)
    assert found
    return int(found[1].replace(",", ""))


def test_a_facet_narrows_and_its_chip_widens_again(client: FlaskClient) -> None:
    before = page_of(client, "/search")
    facet = next(href for href in Links(before).hrefs if href.startswith("/search?topic="))
    narrowed = page_of(client, facet)
    assert 0 < count_on(narrowed) < count_on(before)
    chip = re.search(r'class="chip" href="([^"]+)"><span>topic Machine Learning', narrowed)
    assert chip
    assert count_on(page_of(client, html.unescape(chip[1]))) == count_on(before)


def test_counts_on_a_facet_are_what_its_link_finds(client: FlaskClient) -> None:
    page = page_of(client, "/search")
    facet = re.search(r'href="(/search\?year=2016)".*?class="number">(\d+)<', page, re.DOTALL)
    assert facet
    assert count_on(page_of(client, facet[1])) == int(facet[2])


def test_asking_again_gives_the_same(client: FlaskClient) -> None:
    address = QUERY + "&year=2010-2016&topic=q-bio.NC"
    assert main_of(page_of(client, address)) == main_of(page_of(client, address))


def test_a_profile_lists_works_newest_first_then_by_title(client: FlaskClient) -> None:
    works = page_of(client, f"{KORDING}?per_page=50").partition('id="works"')[2]
    titles = [html.unescape(title) for title in re.findall(r'<h3><a href="/works/[^"]+">([^<]+)</a>', works)]
    years = [int(year) for year in re.findall(r'<p class="muted">\s*\w+ · (\d{4})', works)]
    assert len(titles) == len(years) == 21
    listed = list(zip(years, titles, strict=True))
    assert listed == sorted(listed, key=lambda work: (-work[0], work[1].lower()))
    assert works.count("<details>") == 21


def test_a_profile_is_paged(client: FlaskClient) -> None:
    first, second = (page_of(client, f"{KORDING}?per_page=10&page={page}") for page in (1, 2))
    assert f'href="{KORDING}?per_page=10&amp;page=2#works"' in first
    assert second.partition('id="works"')[2].count("<article") == 10
    assert "lies behind the last one" in page_of(client, f"{KORDING}?page=99")


@pytest.mark.parametrize("spelling", ["/works/1910.00744", "/works/https://arxiv.org/abs/1910.00744v2"])
def test_another_spelling_of_an_id_leads_to_the_one_address(client: FlaskClient, spelling: str) -> None:
    response = client.get(spelling)
    assert response.status_code == 301
    assert response.location == RELU


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/works/arxiv:0000.00000", 404, "No work has the id"),
        ("/researchers/nobody", 404, "No researcher has the id"),
        ("/topics/nothing", 404, "No topic has the id"),
        ("/nowhere", 404, "Not found"),
        ("/search?year=soon", 400, "A year is 2019"),
        ("/search?page=1000000", 400, "beyond the first 10,000"),
        ("/search?mode=psychic", 400, "mode"),
    ],
)
def test_an_error_is_a_page_that_helps(client: FlaskClient, address: str, status: int, words: str) -> None:
    response = client.get(address)
    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert words in html.unescape(response.text)
    assert "What you can do" in response.text
    assert response.headers["X-Request-ID"] in response.text


def test_nothing_indexed_yet_is_said(sample_app: Flask, opensearch: OpenSearch) -> None:
    empty = create_app(services=Services(opensearch, IndexNames("nothing-here-")))
    response = empty.test_client().get("/")
    assert response.status_code == 503
    assert "peerscope index" in response.text


@pytest.fixture
def hostile(sample_app: Flask, opensearch: OpenSearch, silent: Any, tmp_path: Path) -> Iterator[FlaskClient]:
    """An index of one work that means harm, and of what a source may leave out."""
    names = IndexNames("hostile-")
    services = sample_app.extensions[KEY]
    harm = {
        "id": "local:x",
        "title": "A <script>alert(1)</script> title",
        "abstract": "An <img src=x onerror=y> & b",
        "url": 'https://x.example/"><script>',
        "topics": ["<b>"],
        "authors": [{"name": "Ann <i>One</i>", "affiliation": "<u>U</u>"}],
    }
    bare = {"id": "local:bare", "title": "Bare", "authors": [{"name": "Bo Two"}]}
    source = tmp_path / "hostile.jsonl"
    source.write_text("\n".join(json.dumps(work) for work in (harm, bare)), encoding="utf-8")
    run.index(opensearch, names, services.embedder(), open_sources([str(source)]), tmp_path, silent)
    for name in (names.works, names.researchers, names.topics):
        opensearch.indices.refresh(index=name)
    yield create_app(services=Services(opensearch, names, services.embedder)).test_client()
    drop(opensearch, names)


def test_records_that_mean_harm_or_say_little(hostile: FlaskClient) -> None:
    person = next(href for href in Links(page_of(hostile, "/researchers?q=Ann")).hrefs if "/researchers/ann" in href)
    topic = next(href for href in Links(page_of(hostile, "/topics")).hrefs if href.startswith("/topics/"))
    for address in ("/", "/search", "/search?q=script+title", "/works/local:x", person, "/topics", topic):
        page = page_of(hostile, address)
        assert not re.search(r"<script|<i>|<u>|onerror=y>", page), address
    assert "&lt;script&gt;" in page_of(hostile, "/search?q=img")
    bare = page_of(hostile, "/works/local:bare")
    for words in ("No abstract imported", "Affiliations not imported", "year not imported", "not imported"):
        assert words in bare

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

from indexer.run import run
from indexer.sources import open_sources
from mappings import IndexNames, drop
from search_api.app import create_app
from search_api.http.services import KEY, Services
from search_api.web.site import KINDS

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
    "/": ("Find research and the people behind it", "320", "671", "Machine Learning"),
    QUERY: ("results (keyword matches plus the closest in meaning)", "<mark>", "Filters"),
    QUERY + "&mode=semantic": ("closest by meaning",),
    QUERY + "&mode=keyword": ("keyword matches",),
    "/search": ("320 works", "Sort by"),
    "/researchers": ("671 researchers", "By name", "By research interest", "L1: Imported record"),
    "/about": ("This collection", "320 works", "Privacy"),
    "/researchers?q=Kording": ("Konrad P. Kording",),
    "/researchers?about=connectomics": ("Experts on “connectomics”", "Supporting papers"),
    RELU: (
        "Who else works on this",
        "BibTeX",
        "format=ris",
        "Reverse-Engineering Deep ReLU Networks",
        "Summary",
        "Konrad P. Kording",
        "Same topic",
        "arxiv.org",
    ),
    KORDING: (
        "Konrad P. Kording",
        "Affiliation not imported",
        "Trust snapshot",
        "Verification L1 · Unclaimed author",
        "21</b> works",
        "Works per year. 2013: 2",
        "Adam Marblestone",
        "Research graph",
        "Identity and collaboration",
        "Direct collaboration",
        "Start a collaboration",
        "Similar researchers",
        "Published work",
        ">21 works</span>",
    ),
    KORDING + "?exclude=collaborators": ("Most similar papers", "Have not co-authored"),
    f"/similar-researchers?like={KORDING.rpartition('/')[2]}": (
        "Find people by example",
        "Most similar papers",
        "Like",
    ),
    KORDING + "?topic=q-bio.NC&year=2013-2016": ("of 21</span>", "remove this filter"),
    f"/graph?researcher={KORDING.rpartition('/')[2]}": (
        "Around ",
        "Table view",
        "co-author of Konrad P. Kording",
    ),
    "/graph?topic=cs.LG&kind=researcher&depth=2&limit=200": ("researchers around Machine Learning", "Depth"),
    "/graph?work=arxiv:1910.00744": ("David Rolnick",),
    "/topics": ("53 topics", "Machine Learning", "By field"),
    "/topics?parent=Computer+Science": ("Topics in Computer Science", "Computation and Language"),
    "/topics/cs.LG": ("72</b> works", "Leading researchers", "Related topics", "Representative works", "Newest works"),
    "/institutions": ("10 institutions",),
    "/api/docs": ("GET /api/v1/works", "Search works", "Problem"),
    "/api/docs/works": ("GET /api/v1/works", "WorkList", "Problem"),
}
#: Links followed from a page on; and pages of one kind, which is the path's first part and the names of the parameters.
DEPTH = 2
OF_A_KIND = 3
#: What a page may hold: our own modules, and data for machines, in which no tag can begin.
OUR_SCRIPTS = re.compile(
    r'<script (?:type="module" )?src="/static/\w+\.js"></script>|<script type="application/ld\+json">[^<]*</script>'
)
TOO_BIG = 100_000
#: The drawing of a graph, which is an image though it stands in the page.
PICTURE = re.compile(r'<svg class="graph".*?</svg>', re.DOTALL)


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
        elif tag == "form" and given.get("method", "get") == "get":
            self.hrefs.append(given["action"])
        elif tag == "link" and given["rel"] == "alternate":
            if given["type"] == "application/json":
                self.twins.append(given["href"])
        elif given.get("rel") == "canonical" or given.get("type") == "application/ld+json":
            return
        elif tag in {"link", "img", "script", "iframe", "source"}:
            self.assets.append(given.get("href") or given.get("src") or "")


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
        assert len(PICTURE.sub("", response.text)) < TOO_BIG, address
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


@pytest.mark.parametrize("address", PAGES)
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
    by_year = page.partition("Show years")[2]
    facet = re.search(r'href="(/search\?year=2016)".*?class="number">(\d+)<', by_year, re.DOTALL)
    assert facet
    assert count_on(page_of(client, facet[1])) == int(facet[2])


def test_asking_again_gives_the_same(client: FlaskClient) -> None:
    address = QUERY + "&year=2010-2016&topic=q-bio.NC"
    assert main_of(page_of(client, address)) == main_of(page_of(client, address))


def test_a_profile_lists_works_newest_first_then_by_title(client: FlaskClient) -> None:
    works = page_of(client, f"{KORDING}?per_page=50").partition('id="works"')[2]
    titles = [html.unescape(title) for title in re.findall(r'<h3><a href="/works/[^"]+">([^<]+)</a>', works)]
    years = [int(year) for year in re.findall(r'<p class="kind">\s*\w+ · (\d{4})', works)]
    assert len(titles) == len(years) == 21
    listed = list(zip(years, titles, strict=True))
    assert listed == sorted(listed, key=lambda work: (-work[0], work[1].lower()))
    assert works.count('class="abstract"') == 21


def test_a_profile_is_paged(client: FlaskClient) -> None:
    first, second = (page_of(client, f"{KORDING}?per_page=10&page={page}") for page in (1, 2))
    assert f'href="{KORDING}?per_page=10&amp;page=2#works"' in first
    assert second.partition('id="works"')[2].partition("</section>")[0].count("<article") == 10
    assert "pages of results" in page_of(client, f"{KORDING}?page=99")


@pytest.mark.parametrize(
    "address",
    ["/search?", "/search?q=neural&", f"{KORDING}?", "/researchers?about=neural&", "/topics?", "/institutions?"],
)
def test_a_page_behind_the_last_one_says_so(client: FlaskClient, address: str) -> None:
    found = re.search(r"only ([\d,]+) pages? of results", page_of(client, f"{address}page=1000000"))
    assert found
    last = int(found[1].replace(",", ""))
    assert "of results" not in page_of(client, f"{address}page={last}")
    assert found[0] in page_of(client, f"{address}page={last + 1}")


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
        ("/nowhere", 404, "Page not found"),
        ("/search?year=soon", 400, "Use 2019"),
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
    graph = f"/graph?researcher={person.rpartition('/')[2]}"
    for address in ("/", "/search", "/search?q=script+title", "/works/local:x", person, "/topics", topic, graph):
        page = OUR_SCRIPTS.sub("", page_of(hostile, address))
        assert not re.search(r"<script|<i>|<u>|onerror=y>", page), address
    assert "&lt;script&gt;" in page_of(hostile, "/search?q=img")
    bare = page_of(hostile, "/works/local:bare")
    for words in ("No abstract imported", "year not imported", "Not in this record", "affiliations, citations"):
        assert words in bare


def test_a_page_says_to_machines_what_it_is(client: FlaskClient) -> None:
    page = page_of(client, KORDING + "?topic=q-bio.NC")
    assert f'<link rel="canonical" href="http://localhost{KORDING}">' in page
    assert '<meta property="og:title" content="Konrad P. Kording">' in page
    assert f"/feeds{KORDING}.atom" in page
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert data
    person = json.loads(data[1])
    assert (person["@type"], person["name"]) == ("Person", "Konrad P. Kording")
    assert "Neurons and Cognition" in person["knowsAbout"]
    work = re.search(r'<script type="application/ld\+json">(.*?)</script>', page_of(client, RELU))
    assert work
    article = json.loads(work[1])
    assert article["@type"] == "ScholarlyArticle"
    assert [author["name"] for author in article["author"]] == ["David Rolnick", "Konrad P. Kording"]
    assert "abstract" not in article  # what the sample has is a summary of ours
    assert 'content="noindex"' in page_of(client, QUERY)


def test_the_sitemap_leads_to_every_thing_once(client: FlaskClient) -> None:
    assert "Sitemap: http://localhost/sitemap.xml" in client.get("/robots.txt").text
    maps = re.findall(r"<loc>(.*?)</loc>", client.get("/sitemap.xml").text)
    assert [urlsplit(one).path for one in maps] == [f"/sitemaps/{kind}-0.xml" for kind in KINDS]
    pages = [page for one in maps for page in re.findall(r"<loc>(.*?)</loc>", client.get(urlsplit(one).path).text)]
    assert len(pages) == len(set(pages)) == 320 + 671 + 53 + 10
    for page in pages[::100]:
        assert client.get(urlsplit(html.unescape(page)).path).status_code == 200
    assert client.get("/sitemaps/works-1.xml").status_code == 404
    assert client.get("/sitemaps/secrets-0.xml").status_code == 404


def test_a_sitemap_reads_on_behind_its_first_part(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.web.site.PER_MAP", 30)
    maps = [one for one in re.findall(r"<loc>(.*?)</loc>", client.get("/sitemap.xml").text) if "topics" in one]
    parts = [re.findall(r"<loc>(.*?)</loc>", client.get(urlsplit(one).path).text) for one in maps]
    assert [len(part) for part in parts] == [30, 23]
    assert len(set(parts[0] + parts[1])) == 53


def test_experts_on_a_work_are_others_than_its_authors(client: FlaskClient) -> None:
    experts = page_of(client, RELU).partition('id="experts"')[2].partition("</section>")[0]
    assert experts.count("<article") == 6
    people = re.findall(r'<h3><a href="/researchers/([^"]+)"', experts)
    assert len(people) == 6
    assert not [one for one in people if one.startswith(("david-rolnick", "konrad-p-kording"))]


def test_a_pasted_abstract_finds_experts_and_works(client: FlaskClient) -> None:
    text = "Decoding movement from the activity of motor neurons."
    response = client.post("/related", data={"text": text}, follow_redirects=True)
    assert response.status_code == 200
    assert response.text.count('<article class="hit person"') == 10
    assert "Konrad P. Kording" in response.text
    assert "Related work" in response.text
    assert "Related work" not in client.post("/related", data={"text": "  "}).text
    hostile = client.post("/related", data={"text": '</textarea><script>alert(1)</script>"'}, follow_redirects=True)
    assert hostile.status_code == 200
    assert "<script>alert" not in hostile.text


def test_the_graph_page_shows_what_its_twin_holds(client: FlaskClient) -> None:
    address = f"/graph?researcher={KORDING.rpartition('/')[2]}&limit=40&kind=researcher,topic"
    page = page_of(client, address)
    (twin,) = Links(page).twins
    graph = client.get(twin).get_json()
    assert len(graph["nodes"]) == page.count('class="dot ') == 40
    assert {node["kind"] for node in graph["nodes"]} == {"researcher", "topic"}


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("researcher=nobody", 404, "No researcher has the id"),
        ("work=x&topic=y", 400, "topic"),
        ("topic=cs.LG&limit=100000", 400, "limit"),
        ("topic=cs.LG&kind=spaceship", 400, "kind"),
        ("topic=%00", 404, "No topic has the id"),
    ],
)
def test_a_graph_that_cannot_be_drawn_says_why(client: FlaskClient, query: str, status: int, words: str) -> None:
    for address in (f"/graph?{query}", f"/api/v1/graph?{query}"):
        response = client.get(address)
        assert response.status_code == status, response.text
        assert words in html.unescape(response.text)


def test_representative_works_of_a_topic_are_on_it(client: FlaskClient) -> None:
    part = page_of(client, "/topics/q-bio.NC").partition('id="representative"')[2].partition("</section>")[0]
    ids = re.findall(r'<h3><a href="/works/([^"]+)"', part)
    assert len(ids) == 5
    for id_ in ids:
        topics = [topic["id"] for topic in client.get(f"/api/v1/works/{id_}").get_json()["topics"]]
        assert "q-bio.NC" in topics


def test_an_institution_has_a_page(client: FlaskClient) -> None:
    page = page_of(client, "/institutions")
    first = next(href for href in Links(page).hrefs if href.startswith("/institutions/"))
    shown = page_of(client, first)
    for words in ("Newest works", "Leading researchers", "Main topics", "Works per year"):
        assert words in shown

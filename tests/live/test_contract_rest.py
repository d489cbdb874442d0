"""The rest of the API over the sample, asked as a client would: topics, institutions, autocompletion, their errors."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import feedparser
import pytest

from indexer.identity import researcher_id
from tests.live.conftest import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

KORDING = "konrad-p-kording-4bafdee5"
EDINBURGH = "university-of-edinburgh"


# Topics and institutions


@pytest.mark.parametrize("kind", ["topics", "institutions"])
@pytest.mark.parametrize("sort", ["works_count", "name"])
def test_pages_of_a_list_partition_it_in_a_total_order(get: Any, kind: str, sort: str) -> None:
    whole = get(f"/{kind}", sort=sort, per_page=100)
    count = whole["meta"]["count"]
    ids = [one["id"] for one in whole["results"]]
    assert len(set(ids)) == count
    paged = []
    for page in range(1, count // 5 + 2):
        paged += [one["id"] for one in get(f"/{kind}", sort=sort, per_page=5, page=page)["results"]]
    assert paged == ids
    keys = [
        (-one["works_count"], one["id"]) if sort == "works_count" else one["name"].lower() for one in whole["results"]
    ]
    assert keys == sorted(keys)
    assert set(whole) == {"meta", "results", "facets", "links"}


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("topics", "neurons cog", "q-bio.NC"),
        ("topics", "cognition neur", "q-bio.NC"),
        ("topics", "CS.lg", "cs.LG"),
        ("institutions", "edinb", EDINBURGH),
        ("institutions", "Zürich univ", "university-of-zurich"),
    ],
)
def test_a_name_is_found_by_its_words_in_any_order_the_last_one_begun(
    get: Any, kind: str, text: str, found: str
) -> None:
    assert found in [one["id"] for one in get(f"/{kind}", q=text)["results"]]


def test_a_list_without_a_match_is_empty(get: Any) -> None:
    for kind in ("topics", "institutions"):
        assert get(f"/{kind}", q="zzzz")["results"] == []


def test_related_topics_are_those_that_go_together_more_than_by_chance(get: Any) -> None:
    topic = get("/topics/cs.LG")
    works = get("/works", topic="cs.LG", per_page=1)["meta"]["count"]
    pages = [get("/works", select="topics", per_page=100, page=page)["results"] for page in range(1, 5)]
    with_topics = sum(bool(work["topics"]) for page in pages for work in page)
    assert topic["related_topics"]
    for related in topic["related_topics"]:
        assert related["id"] != "cs.LG"
        assert related["lift"] > 1
        assert related["count"] >= 3
        its_own = get(f"/topics/{related['id']}")["works_count"]
        assert related["lift"] == pytest.approx(related["count"] * with_topics / (works * its_own), abs=0.01)


def test_a_topic_knows_its_years_people_and_place(get: Any) -> None:
    topic = get("/topics/q-bio.NC")
    assert sum(year["works"] for year in topic["counts_by_year"]) == topic["works_count"]
    first = topic["researchers"][0]
    assert get("/works", topic="q-bio.NC", researcher=first["id"])["meta"]["count"] == first["works"]
    assert KORDING in [one["id"] for one in topic["researchers"]]
    assert (topic["parent"], topic["children"]) == ("Quantitative Biology", [])
    beside = get("/topics", parent="Quantitative Biology")["results"]
    assert "q-bio.NC" in [one["id"] for one in beside]
    assert {one["parent"] for one in beside} == {"Quantitative Biology"}


def test_an_institution_knows_its_years_people_and_topics(client: FlaskClient, get: Any) -> None:
    here = get(f"/institutions/{EDINBURGH}")
    assert (here["name"], here["ror"]) == ("University of Edinburgh", None)
    assert sum(year["works"] for year in here["counts_by_year"]) == here["works_count"]
    people = get("/researchers", institution=EDINBURGH, per_page=100)
    assert here["researchers_count"] == people["meta"]["count"]
    assert {one["id"] for one in here["researchers"]} <= {one["id"] for one in people["results"]}
    works = [one["works"] for one in here["researchers"]]
    assert works == sorted(works, reverse=True)
    listed = next(one for one in get("/institutions")["results"] if one["id"] == EDINBURGH)
    assert listed == {part: here[part] for part in listed}
    for address in here["links"].values():
        assert client.get(address).status_code == 200, address


# Autocompletion


def suggestions(get: Any, text: str, **params: Any) -> list[dict[str, Any]]:
    return list(get("/autocomplete", q=text, **params)["results"])


@pytest.mark.parametrize("text", ["Kording", "konrad kord", "kord konr", "K. Kör", "konrad p k"])
def test_people_are_suggested_by_the_beginning_of_a_name_in_any_order(get: Any, text: str) -> None:
    first = suggestions(get, text, kind="researcher")[0]
    assert (first["id"], first["label"]) == (KORDING, "Konrad P. Kording")
    assert first["hint"] == "Neurons and Cognition · 21 works"
    assert first["links"]["self"] == f"/api/v1/researchers/{KORDING}"


@pytest.fixture
def preferred(opensearch: OpenSearch) -> Iterator[str]:
    """Has the owner of a profile go by another name, for one test."""

    def change(script: str) -> None:
        body = {"script": {"source": script, "params": {"owner": {"name": "Conny Zwiebelturm"}}}}
        opensearch.update(index=SAMPLE.researchers, id=KORDING, body=body, params={"refresh": "true"})

    change("ctx._source.owner = params.owner")
    yield "Conny Zwiebelturm"
    change("ctx._source.remove('owner')")


def test_people_are_found_by_the_name_they_prefer(get: Any, preferred: str) -> None:
    for begun in ("zwiebel", "conny zwie", "turm"):
        found = [(one["id"], one["label"]) for one in suggestions(get, begun, kind="researcher")]
        assert found == ([] if begun == "turm" else [(KORDING, "Konrad P. Kording")])
    (one,) = suggestions(get, preferred)
    assert one["hint"] == f"preferred name: {preferred} · Neurons and Cognition · 21 works"
    for asked in (preferred, "Zwiebelturm, C."):
        (result,) = get("/researchers", q=asked)["results"]
        assert result["id"] == KORDING


@pytest.mark.parametrize(
    ("text", "kind", "id_", "hint"),
    [
        ("physical princ", "work", "arxiv:1306.5709", "2013 · Adam H. Marblestone et al."),
        ("scalable physical", "work", "arxiv:1306.5709", "2013 · Adam H. Marblestone et al."),
        ("https://arxiv.org/abs/1910.00744", "work", "arxiv:1910.00744", "2020 · David Rolnick and Konrad P. Kording"),
        ("machine l", "topic", "cs.LG", "in Computer Science · 72 works"),
        ("cs.lg", "topic", "cs.LG", "in Computer Science · 72 works"),
        ("edinburgh univ", "institution", EDINBURGH, "3 works"),
    ],
)
def test_every_kind_is_suggested_with_a_hint(get: Any, text: str, kind: str, id_: str, hint: str) -> None:
    first = next(one for one in suggestions(get, text) if one["kind"] == kind)
    assert (first["id"], first["hint"]) == (id_, hint)


def test_suggestions_lead_somewhere_and_no_kind_crowds_out_another(client: FlaskClient, get: Any) -> None:
    found = suggestions(get, "a")
    assert len(found) == 10
    kinds = [one["kind"] for one in found]
    assert kinds == sorted(kinds, key=["researcher", "topic", "institution", "work"].index)
    assert set(kinds) == {"researcher", "topic", "institution", "work"}
    for one in found:
        assert set(one) == {"kind", "id", "label", "hint", "links"}
        assert client.get(one["links"]["self"]).status_code == 200
        assert client.get(one["links"]["html"]).status_code == 200


def test_kinds_and_limit_can_be_chosen(get: Any) -> None:
    found = suggestions(get, "a", kind="work,topic", limit=7)
    assert len(found) == 7
    assert {one["kind"] for one in found} == {"work", "topic"}


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_nothing_typed_is_nothing_offered(get: Any, text: str) -> None:
    assert suggestions(get, text) == []
    assert get("/autocomplete")["meta"]["count"] == 0


# Feeds


def feed_of(client: FlaskClient, address: str) -> Any:
    response = client.get(address)
    assert (response.status_code, response.mimetype) == (200, "application/atom+xml"), response.text
    parsed = feedparser.parse(response.data)
    assert not parsed.bozo
    assert parsed.version == "atom10"
    return parsed


FEEDS = {
    "/feeds/works.atom": "Works",
    "/feeds/works.atom?q=syntax&topic=cs.CL&topic=%21cs.LG&year=2015-": (
        "Works on “syntax”, topic Computation and Language, not Machine Learning, year 2015-"
    ),
    f"/feeds/researchers/{KORDING}.atom": "Works of Konrad P. Kording",
    "/feeds/topics/q-bio.NC.atom": "Works on Neurons and Cognition",
}


@pytest.mark.parametrize("address", FEEDS)
def test_a_feed_is_whole_and_says_what_it_holds(client: FlaskClient, address: str) -> None:
    found = feed_of(client, address)
    assert found.feed.title == FEEDS[address]
    assert 0 < len(found.entries) <= 50
    links = {link.rel: link.href for link in found.feed.links}
    assert links["self"] == found.feed.id == f"http://localhost{address}"
    assert client.get(links["alternate"]).status_code == 200
    moments = [entry.updated_parsed for entry in found.entries]
    assert moments == sorted(moments, reverse=True)
    assert found.feed.updated_parsed == moments[0]
    assert len({entry.id for entry in found.entries}) == len(found.entries)
    for entry in found.entries:
        assert entry.title
        assert all(author.name for author in entry.authors)
        assert client.get(entry.id).status_code == 200


def test_a_feed_holds_what_the_search_finds(client: FlaskClient, get: Any) -> None:
    found = feed_of(client, f"/feeds/researchers/{KORDING}.atom")
    works = get(f"/researchers/{KORDING}/works")["results"]
    assert {entry.title for entry in found.entries} == {" ".join(work["title"].split()) for work in works}
    assert any(entry.get("summary") for entry in found.entries)


def test_a_feed_can_be_revalidated(client: FlaskClient) -> None:
    first = client.get("/feeds/topics/cs.LG.atom")
    assert client.get("/feeds/topics/cs.LG.atom", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "page", ["/search?q=syntax&topic=cs.CL&page=2&sort=title", f"/researchers/{KORDING}", "/topics/cs.LG"]
)
def test_pages_name_their_feed(client: FlaskClient, page: str) -> None:
    feed = re.search(r'<link rel="alternate" type="application/atom\+xml" href="([^"]+)">', client.get(page).text)
    assert feed
    assert feed_of(client, html.unescape(feed[1])).entries


def test_records_and_topics_link_their_feed(client: FlaskClient, get: Any) -> None:
    for path in (f"/researchers/{KORDING}", "/topics/cs.LG"):
        assert feed_of(client, get(path)["links"]["feed"]).entries


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/feeds/researchers/nobody.atom", 404),
        ("/feeds/topics/nothing.atom", 404),
        ("/feeds/nothing", 404),
        ("/feeds/works.atom?page=2", 400),
        ("/feeds/works.atom?year=soon", 400),
        ("/feeds/topics/cs.LG.atom?q=x", 400),
    ],
)
def test_a_feed_that_cannot_be_is_a_problem(client: FlaskClient, address: str, status: int) -> None:
    response = client.get(address)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")


def test_the_feed_of_a_merged_id_leads_on(client: FlaskClient) -> None:
    response = client.get(f"/feeds/researchers/{researcher_id('name:konrad kording')}.atom")
    assert response.status_code == 301
    assert response.headers["Location"] == f"/feeds/researchers/{KORDING}.atom"


# Errors


@pytest.mark.parametrize(
    "path", ["/topics", "/topics/cs.LG", "/institutions", f"/institutions/{EDINBURGH}", "/autocomplete"]
)
def test_an_unknown_parameter_is_named_and_the_valid_ones_listed(get: Any, path: str) -> None:
    problem = get(path, 400, colour="blue")
    assert problem["errors"] == {"colour": ["Unknown field."]}
    assert "Valid parameters" in problem["detail"]


@pytest.mark.parametrize(
    ("path", "params", "named"),
    [
        ("/topics", {"sort": "size"}, "sort"),
        ("/institutions", {"per_page": "101"}, "per_page"),
        ("/institutions", {"page": "0"}, "page"),
        ("/autocomplete", {"q": "a", "limit": "51"}, "limit"),
        ("/autocomplete", {"q": "a", "kind": "venue"}, "kind"),
        ("/autocomplete", {"q": "a" * 501}, "q"),
    ],
)
def test_a_bad_value_is_named(get: Any, path: str, params: dict[str, str], named: str) -> None:
    assert list(get(path, 400, **params)["errors"]) == [named]


HOSTILE = [
    "\0",
    "\u202etxt",
    "..",
    "../../_cat",
    "a" * 8_000,
    "é" * 400,
    "<b>",
    '"',
    "*",
    "_search",
    "%",
    "\ud7ff",
    "!",
]


@pytest.mark.parametrize("id_", [*HOSTILE, " ", "\t"])
@pytest.mark.parametrize("kind", ["topics", "institutions", "researchers", "works"])
def test_hostile_ids_are_not_found(client: FlaskClient, kind: str, id_: str) -> None:
    response = client.get(f"/api/v1/{kind}/{quote(id_, safe='')}")
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    feed = client.get(f"/feeds/{kind}/{quote(id_, safe='')}.atom")
    assert (feed.status_code, feed.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("text", [*HOSTILE, "a OR b", "name:[* TO *]", "word " * 90, "\N{SNOWMAN}", "-", "~", "a~ b*"])
def test_hostile_text_is_only_text(client: FlaskClient, text: str) -> None:
    for path in ("topics", "institutions", "autocomplete"):
        assert client.get(f"/api/v1/{path}", query_string={"q": text}).status_code in {200, 400}


@pytest.mark.parametrize("query", ["q=%ff%fe", "q=%00", "q=%E2%80%AE", "%ff=1", "kind=%80", "limit=%F0%9F"])
def test_broken_escapes_never_break_the_server(client: FlaskClient, query: str) -> None:
    for path in ("topics", "institutions", "autocomplete", "works", "researchers"):
        assert client.get(f"/api/v1/{path}?{query}").status_code in {200, 400}
    assert client.get(f"/api/v1/topics/{query[2:]}").status_code == 404

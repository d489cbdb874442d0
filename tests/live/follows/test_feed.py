"""The feed over the sample: what came in since somebody follows, which follow brought it, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from accounts.follows import searches
from accounts.follows.activity import list_activity
from accounts.follows.models import Follow
from search_api.feeds.atom import NAMESPACE
from search_api.http.services import KEY, Services
from tests.live.conftest import SAMPLE
from tests.people import browser

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from opensearchpy import OpenSearch

    from tests.people import Person

KORDING = "konrad-p-kording-4bafdee5"
EDINBURGH = "university-of-edinburgh"
#: Words that no work has most of; in nearly every order, one is near.
WORDS = ["graph", "neural", "networks", "learning", "protein", "motor", "control", "decoding", "speech", "movement"]


def got(person: Person, **params: Any) -> dict[str, list[str]]:
    answer = person.get("/api/v1/me/feed", query_string={"per_page": 100, **params})
    assert answer.status_code == 200, answer.get_json(force=True)
    return {
        work["id"]: sorted(follow["label"] for follow in work["matched_follows"])
        for work in answer.get_json()["results"]
    }


def test_what_comes_in_after_the_follow_is_new(bob: Person, arrive: Callable[..., list[str]]) -> None:
    bob.put(f"/api/v1/me/follows/researcher/{KORDING}")
    assert got(bob) == {}
    mine = {"term": {"researchers.id": KORDING}}
    ids = arrive(mine)
    assert len(ids) > 5
    assert got(bob) == {id_: ["Konrad P. Kording"] for id_ in ids}
    arrive(mine, datetime.now(UTC) - timedelta(hours=1))
    assert got(bob) == {}
    assert got(bob, since="ever").keys() == set(ids)


def test_new_works_of_an_institution_are_in_the_feed(bob: Person, arrive: Callable[..., list[str]]) -> None:
    label = bob.put(f"/api/v1/me/follows/institution/{EDINBURGH}").get_json()["label"]
    assert got(bob) == {}
    ids = arrive({"term": {"institutions.id": EDINBURGH}})
    arrive({"bool": {"must_not": [{"term": {"institutions.id": EDINBURGH}}]}})
    assert ids
    assert got(bob) == {id_: [label] for id_ in ids}
    root = ET.fromstring(browser(bob.application).get(f"/feeds/institutions/{EDINBURGH}.atom").get_data())
    assert root.findtext(f"{{{NAMESPACE}}}title") == f"Works of {label}"
    entries = [entry.findtext(f"{{{NAMESPACE}}}id") or "" for entry in root.iter(f"{{{NAMESPACE}}}entry")]
    assert sorted(entry.partition("/works/")[2] for entry in entries) == ids


def test_each_work_names_every_follow_that_brought_it(bob: Person, arrive: Callable[..., list[str]]) -> None:
    bob.put(f"/api/v1/me/follows/researcher/{KORDING}")
    bob.put("/api/v1/me/follows/topic/q-bio.NC")
    found = got(bob, since="ever")
    reasons = {tuple(labels) for labels in found.values()}
    assert ("Konrad P. Kording", "Neurons and Cognition") in reasons
    assert ("Neurons and Cognition",) in reasons
    ids = arrive({"bool": {"filter": [{"term": {"topics.id": "q-bio.NC"}}, {"term": {"researchers.id": KORDING}}]}})
    assert got(bob) == {id_: ["Konrad P. Kording", "Neurons and Cognition"] for id_ in ids}


def test_what_came_in_last_stands_first_and_pages_do_not_overlap(
    app: Flask, bob: Person, arrive: Callable[..., list[str]]
) -> None:
    bob.put("/api/v1/me/follows/topic/cs.LG")
    now = datetime.now(UTC)
    for year in (2014, 2016, 2020):
        arrive({"bool": {"filter": [{"term": {"topics.id": "cs.LG"}}, {"term": {"year": year}}]}}, now)
        now += timedelta(seconds=1)
    pages = [bob.get("/api/v1/me/feed", query_string={"page": page, "per_page": 5}).get_json() for page in range(1, 8)]
    works = [work for page in pages for work in page["results"]]
    assert len(works) == pages[0]["meta"]["count"] == len({work["id"] for work in works})
    moments = [work["added_at"] for work in works]
    assert moments == sorted(moments, reverse=True)
    assert list(dict.fromkeys(work["year"] for work in works)) == [2020, 2016, 2014]


def test_a_search_brings_what_is_on_it_and_not_what_is_merely_nearest(app: Flask, bob: Person) -> None:
    for query in ("q=graph+neural+networks", "q=protein+folding", "topic=cs.LG&year=2016-", "q=author:kording"):
        assert bob.post("/api/v1/me/follows", json={"kind": "search", "query": query}).status_code == 201
    found = list(got(bob, since="ever").values())
    counts = {label: sum(label in labels for labels in found) for label in {one for many in found for one in many}}
    # 142 of the sample's 320 works have one of these three words.
    assert 1 <= counts["Works on “graph neural networks”"] <= 60
    # Nothing here is on it, and something is always nearest.
    assert "Works on “protein folding”" not in counts
    assert counts["Works, topic Machine Learning, year 2016-"] > 10
    assert counts["Works on “author:kording”"] > 5


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_a_pasted_abstract_can_be_followed(app: Flask, bob: Person, mode: str) -> None:
    work = bob.get(f"/api/v1/researchers/{KORDING}/works").get_json()["results"][0]
    text = " ".join((work["abstract"] or work["title"]).split()[:60])
    answer = bob.post("/api/v1/me/follows", json={"kind": "search", "query": f"mode={mode}&q={text.replace('&', ' ')}"})
    assert answer.status_code == 201, answer.get_json(force=True)
    assert work["id"] in got(bob, since="ever")


def test_near_works_are_found_in_whichever_order_works_were_written(
    app: Flask, opensearch: OpenSearch, arrive: Callable[..., list[str]]
) -> None:
    services: Services = app.extensions[KEY]
    texts = [" ".join(WORDS[n:] + WORDS[:n]) for n in range(len(WORDS))]
    follows = [
        Follow(id=f"s{n}", kind="search", target=f"mode=semantic&q={text}", label="", created_at=datetime.now(UTC))
        for n, text in enumerate(texts)
    ]
    with app.test_request_context("/"):
        vectors = np.array([services.embed_query(text) for text in texts])
    works = opensearch.search(index=SAMPLE.works, body={"size": 500, "_source": ["embedding"]})["hits"]["hits"]
    cosines = np.array([work["_source"]["embedding"] for work in works]) @ vectors.T
    near = {work["_id"] for work, row in zip(works, cosines, strict=True) if row.max() > searches.NEAR}
    assert 1 <= len(near) <= 5
    for number in range(20):
        arrive([{"range": {"year": {"gte": 2000 + number}}}, {"match_all": {}}][number % 2])
        with app.test_request_context("/"):
            found = list_activity(services, follows, {"page": 1, "per_page": 100, "since": "ever"})["results"]
        assert {work["id"] for work in found} == near


def test_as_many_follows_as_one_may_have_fit_into_one_query(app: Flask) -> None:
    from accounts.follows.service import MAX_FOLLOWS, MAX_SEARCHES

    services: Services = app.extensions[KEY]
    queries = [f"q={'+'.join(WORDS[n:] + WORDS[:n])}+-x{n}" for n in range(MAX_SEARCHES)]
    others = MAX_FOLLOWS - MAX_SEARCHES
    moment = datetime.now(UTC)
    follows = [
        Follow(id=f"s{n}", kind="search", target=query, label="", created_at=moment) for n, query in enumerate(queries)
    ] + [Follow(id=f"r{n}", kind="researcher", target=f"r{n}", label="", created_at=moment) for n in range(others)]
    with app.test_request_context("/"):
        assert all(searches.read(services, query) for query in queries)
        assert list_activity(services, follows, {"page": 1, "per_page": 100, "since": "follow"})["meta"]["count"] == 0
        assert list_activity(services, follows, {"page": 1, "per_page": 100, "since": "ever"})["meta"]["count"] > 0


def test_the_private_feed_is_the_feed(app: Flask, bob: Person, arrive: Callable[..., list[str]]) -> None:
    bob.put(f"/api/v1/me/follows/researcher/{KORDING}")
    ids = arrive({"term": {"researchers.id": KORDING}})
    path = urlsplit(bob.post("/api/v1/me/feed/address").get_json()["url"]).path
    root = ET.fromstring(browser(app).get(path).get_data())
    entries = [entry.findtext(f"{{{NAMESPACE}}}id") or "" for entry in root.iter(f"{{{NAMESPACE}}}entry")]
    assert sorted(entry.partition("/works/")[2] for entry in entries) == ids


@pytest.mark.parametrize(
    "path", ["/feed", "/feed?since=ever", "/topics/cs.LG", f"/researchers/{KORDING}", "/search?q=causal"]
)
def test_pages_for_somebody_logged_in_are_theirs_alone(app: Flask, bob: Person, path: str) -> None:
    bob.put("/api/v1/me/follows/topic/cs.LG")
    answer = bob.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in answer.headers["Vary"]
    if path != "/feed":
        assert "follow" in answer.get_data(as_text=True).lower()
    nobody = browser(app).get(path)
    if path.startswith("/feed"):
        assert nobody.status_code in {302, 303, 401}
    else:
        assert "public" in nobody.headers["Cache-Control"]
        assert "csrf_token" not in nobody.get_data(as_text=True)


def test_buttons_follow_and_unfollow_without_scripts(app: Flask, bob: Person) -> None:
    for kind, target, page in (
        ("researcher", KORDING, f"/researchers/{KORDING}"),
        ("topic", "cs.LG", "/topics/cs.LG"),
        ("institution", EDINBURGH, f"/institutions/{EDINBURGH}"),
        ("search", "q=causal+inference&year=2015-", "/search?q=causal+inference&year=2015-"),
    ):
        form = {"kind": kind, "target": target, "csrf_token": bob.csrf()}
        answer = bob.post("/follow", data=form)
        assert (answer.status_code, answer.headers["Location"]) == (303, page)
        shown = bob.get(page).get_data(as_text=True)
        assert '<button class="quiet">Unfollow</button>' in shown
        assert "You are now following" in shown
        assert bob.post("/unfollow", data=form).headers["Location"] == page
        assert "Unfollow" not in bob.get(page).get_data(as_text=True)


@pytest.mark.parametrize("kind", ["researcher", "topic", "institution", "search"])
def test_a_button_leads_to_no_other_site(app: Flask, bob: Person, kind: str) -> None:
    for target in ("//evil.example", "https://evil.example", "x\r\nLocation: https://evil.example"):
        answer = bob.post("/unfollow", data={"kind": kind, "target": target, "csrf_token": bob.csrf()})
        assert answer.headers["Location"].startswith(
            ("/search", "/researchers/", "/topics/", "/institutions/", "/feed")
        )
        assert "evil" not in urlsplit(answer.headers["Location"]).netloc

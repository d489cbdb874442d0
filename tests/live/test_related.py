"""A pasted text over the sample: its results have an address, and are filtered, exported and free of conflicts."""

from __future__ import annotations

import csv
import re
from functools import partial
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

TEXT = "Decoding movement from the activity of motor neurons with machine learning."
KORDING = "konrad-p-kording-4bafdee5"


@pytest.fixture
def related(client: FlaskClient) -> Any:
    """Return a function that reads the page for `TEXT` with further parameters."""

    def related(**params: Any) -> str:
        response = client.get("/related", query_string={"text": TEXT, **params})
        assert response.status_code == 200, response.text
        return unescape(response.text)

    return related


def people(page: str) -> list[str]:
    return re.findall(r'<h[23]><a href="/researchers/([^"]+)"', page)


def count(page: str) -> int:
    return int(re.findall(r'role="status">([\d,]+) (?:expert|work)s?\b', page)[0].replace(",", ""))


def members(page: str) -> list[str]:
    teams = re.findall(r"Team on these papers: with (.*?)</p>", page)
    return [id_ for team in teams for id_ in re.findall(r'href="/researchers/([^"]+)"', team)]


def test_results_have_an_address_of_their_own(client: FlaskClient, related: Any) -> None:
    answer = client.post("/related", data={"text": TEXT})
    assert answer.status_code == 303
    assert people(unescape(client.get(answer.location).text)) == people(related())
    assert KORDING in people(related())


@pytest.mark.parametrize("show", ["experts", "works"])
def test_the_count_of_a_filter_is_kept(related: Any, show: str) -> None:
    page = related(show=show, teams="false")
    boxes = re.findall(r'name="(topic|institution)" value="([^"]+)"> <span>.*?</span> <span class="number">(\d+)', page)
    assert len(boxes) > 8
    for name, value, number in (boxes[0], boxes[-1]):
        narrowed = related(show=show, teams="false", **{name: value})
        assert count(narrowed) == int(number) < count(page)
        assert f'name="{name}" value="{value}" checked' in narrowed
    recent = related(show=show, teams="false", year="2020-")
    assert 0 < count(recent) < count(page)
    assert 'value="2020-"' in recent


def test_pages_of_results_do_not_overlap(related: Any) -> None:
    first, second = people(related(show="experts", per_page=5)), people(related(show="experts", per_page=5, page=2))
    assert len(first) == len(second) == 5
    assert not set(first) & set(second)


def test_co_authors_of_the_same_papers_are_one_team_or_listed_one_by_one(client: FlaskClient, related: Any) -> None:
    for show in ({}, {"show": "experts"}):
        teams, single = related(**show), related(teams="false", **show)
        assert members(teams)
        assert not members(single)
        assert not set(people(teams)) & set(members(teams))
        assert people(teams) != people(single)
        assert people(teams)[0] == people(single)[0]
        assert "As one team" in teams
        assert 'aria-current="true">One by one' in single
    grouped = related(show="experts", per_page=100)
    assert count(grouped) < count(related(show="experts", teams="false"))
    assert "experts or teams" in grouped
    narrowed = related(show="experts", teams="false", topic="q-bio.NC")
    assert '<input type="hidden" name="teams" value="false">' in narrowed
    assert "teams=false" in client.post("/related", data={"text": TEXT, "teams": "false"}).location


def test_a_text_that_is_kept_out_of_the_address_can_be_shown_one_by_one(client: FlaskClient) -> None:
    private = {"text": TEXT, "private": "true"}
    teams = unescape(client.post("/related", data=private).text)
    single = unescape(client.post("/related", data={**private, "teams": "false"}).text)
    assert members(teams)
    assert not members(single)
    assert '<button class="link" form="paste" name="teams" value="false">' in teams
    assert "checked" in re.findall(r'<input[^>]*id="private"[^>]*>', teams)[0]


def test_only_papers_of_the_given_years_support_experts(related: Any) -> None:
    early = related(show="experts", published="-2012")
    assert 0 < count(early) < count(related(show="experts"))
    assert 'name="published" value="-2012"' in early


def test_works_and_experts_are_exported_as_filtered(client: FlaskClient, related: Any) -> None:
    where = {"text": TEXT, "show": "works", "topic": "q-bio.NC"}
    page = related(**{name: value for name, value in where.items() if name != "text"})
    ris = client.get("/related", query_string={**where, "format": "ris"})
    assert ris.mimetype == "application/x-research-info-systems"
    assert ris.text.count("ER  -") == count(page) > 5
    table = client.get("/related", query_string={"text": TEXT, "show": "experts", "topic": "q-bio.NC", "format": "csv"})
    assert "attachment" in table.headers["Content-Disposition"]
    rows = list(csv.DictReader(table.text.splitlines()))
    assert len(rows) == min(100, count(related(show="experts", topic="q-bio.NC")))
    assert any("; " in row["team"] for row in rows)
    assert rows[0]["supporting_works"]
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "authors",
    [
        "Konrad P. Kording",
        "kording, konrad p.",
        "K. P. Kording",
        KORDING,
        f"https://peerscope.example/researchers/{KORDING}",
    ],
)
def test_authors_and_their_co_authors_are_left_out(get: Any, related: Any, authors: str) -> None:
    everybody = {one["id"] for one in get("/researchers", about=TEXT, per_page=100)["results"]}
    related = partial(related, teams="false")
    theirs = {one["id"] for one in get(f"/researchers/{KORDING}/collaborators", per_page=100)["results"]} | {KORDING}
    assert len(everybody & theirs) > 3
    page = related(show="experts", authors=authors, per_page=100)
    assert set(people(page)) == everybody - theirs or len(everybody) == 100
    assert not set(people(page)) & theirs
    assert "Left out:" in page
    assert not set(people(related(authors=authors))) & theirs
    for form in ("csv",):
        exported = related(show="experts", authors=authors, format=form)
        assert not [id_ for id_ in theirs if f'"{id_}"' in exported]


def test_names_that_are_unknown_or_ambiguous_are_reported(related: Any) -> None:
    page = related(authors="Konrad P. Kording\nNobody Atall; J. Li")
    assert "No researcher here is named Nobody Atall" in page
    assert "Several researchers match J. Li" in page
    assert KORDING not in people(page)


def test_an_identifier_leads_to_its_work(client: FlaskClient) -> None:
    answer = client.post("/related", data={"text": " https://arxiv.org/abs/1910.00744 "})
    assert (answer.status_code, answer.location) == (303, "/works/arxiv:1910.00744")

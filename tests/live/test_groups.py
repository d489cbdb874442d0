"""Questions by group, over HTTP and on the page: like some and unlike others, and whom a team lacks for a text."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest

from indexer.identity import researcher_id
from search_api.app import create_app
from search_api.http.services import KEY, Services
from tests.search_api.test_web import no_model

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

API = "/api/v1/researchers"
KORDING = "konrad-p-kording-4bafdee5"
NEUBIG = "acl:graham-neubig"
TEXT = "Bayesian decoding of neural recordings, and machine translation of languages with few resources"
PAGE = "/similar-researchers"


@pytest.fixture
def post(client: FlaskClient) -> Any:
    def post(path: str, expected: int = 200, params: dict[str, Any] | None = None, **body: Any) -> dict[str, Any]:
        response = client.post(f"{API}/{path}", json=body, query_string=params or {})
        answer: dict[str, Any] = response.get_json(force=True)
        assert response.status_code == expected, answer
        return answer

    return post


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["results"]]


def test_a_group_of_one_finds_the_same_people_as_the_profile(client: FlaskClient, post: Any) -> None:
    alone = client.get(f"{API}/{KORDING}/similar?per_page=10").get_json()
    group = post("similar", like=[KORDING], params={"per_page": 10})
    assert [(one["id"], one["score"]) for one in group["results"]] == [
        (one["id"], pytest.approx(one["score"], abs=1e-6)) for one in alone["results"]
    ]


def test_people_like_a_group_come_with_reasons_from_all_its_members(client: FlaskClient, post: Any) -> None:
    answer = post("similar", like=[KORDING, NEUBIG, researcher_id("name:konrad kording")], params={"per_page": 60})
    assert answer["meta"]["count"] > 60
    neubig = client.get(f"{API}/{NEUBIG}").get_json()["id"]
    assert not {KORDING, neubig} & set(ids(answer))
    scores = [one["score"] for one in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    own = {work["id"] for id_ in (KORDING, neubig) for work in works_of(client, id_)}
    for one in answer["results"][:10]:
        reasons = one["reasons"]
        assert {mine for mine, _, _ in reasons["closest_works"]} <= own
        joint = own & {work["id"] for work in works_of(client, one["id"])}
        assert set(reasons["joint_works"]) <= joint
        assert bool(reasons["joint_works"]) == bool(reasons["works_together"]) == bool(joint)
        assert all(title for title in reasons["titles"].values())


def works_of(client: FlaskClient, id_: str) -> list[dict[str, Any]]:
    works: list[dict[str, Any]] = client.get(f"{API}/{id_}/works?per_page=100&select=id").get_json()["results"]
    return works


def test_who_is_like_an_unwanted_person_falls(post: Any) -> None:
    both = post("similar", like=[KORDING, NEUBIG], params={"per_page": 100})
    unwanted = ids(post("similar", like=[NEUBIG], params={"per_page": 10}))[0]
    without = post("similar", like=[KORDING], unlike=[NEUBIG], params={"per_page": 100})
    assert unwanted in ids(both)
    assert unwanted not in ids(without)[:50]
    assert NEUBIG not in ids(without)


def test_a_text_alone_and_beside_people_finds_works_that_match_it(post: Any) -> None:
    alone = post("similar", text="machine translation", params={"per_page": 5})
    assert all(one["works"] and one["reasons"]["closest_works"] == [] for one in alone["results"])
    mixed = post("similar", like=[KORDING], text="machine translation", params={"per_page": 5})
    assert all(len(one["works"]) <= 3 for one in mixed["results"])
    assert mixed["meta"]["mode"] == "hybrid"


def test_people_can_be_excluded_and_filtered(client: FlaskClient, post: Any) -> None:
    whole = post("similar", like=[KORDING], params={"per_page": 50})
    first = ids(whole)[0]
    assert first not in ids(post("similar", like=[KORDING], exclude=[first], params={"per_page": 50}))
    together = {one["id"] for one in client.get(f"{API}/{KORDING}/collaborators?per_page=100").get_json()["results"]}
    strangers = post("similar", like=[KORDING], params={"per_page": 50, "exclude": "collaborators"})
    assert not together & set(ids(strangers))
    for one in post("similar", like=[KORDING], params={"topic": "cs.LG"})["results"]:
        assert "cs.LG" in [topic["id"] for topic in one["topics"]]
    assert ids(post("similar", like=[KORDING], params={"per_page": 10, "page": 2})) == ids(whole)[10:20]


def test_unknown_ids_are_listed_and_refused_only_when_nothing_is_left(post: Any) -> None:
    answer = post("similar", like=["nobody", KORDING], unlike=["no one"], exclude=["none"])
    assert answer["meta"]["unknown"] == ["nobody", "no one", "none"]
    assert answer["results"]
    assert post("similar", like=["nobody"], text="neurons")["results"]
    assert set(post("similar", expected=422, like=["nobody"], unlike=[KORDING])["errors"]) == {"like"}
    team = post("complement", team=["nobody", KORDING], text=TEXT, exclude=["none"])
    assert team["meta"]["unknown"] == ["nobody", "none"]
    assert set(post("complement", expected=422, team=["nobody"], text=TEXT)["errors"]) == {"team"}


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("similar", {}, {"like"}),
        ("similar", {"unlike": [KORDING]}, {"like"}),
        ("similar", {"like": KORDING}, {"like"}),
        ("similar", {"like": [KORDING] * 101}, {"like"}),
        ("similar", {"like": [KORDING], "colour": 1}, {"colour"}),
        ("similar", {"like": [KORDING], "text": 3}, {"text"}),
        ("complement", {"team": [KORDING]}, {"text"}),
        ("complement", {"team": [], "text": "x"}, {"team"}),
        ("complement", {"text": "x"}, {"team"}),
    ],
)
def test_a_body_that_cannot_be_used_names_its_fields(
    post: Any, path: str, body: dict[str, Any], fields: set[str]
) -> None:
    assert set(post(path, expected=422, **body)["errors"]) == fields


def test_a_team_is_completed_where_it_is_weak(post: Any) -> None:
    answer = post("complement", team=[KORDING], text=TEXT, params={"per_page": 20})
    brain, translation = answer["meta"]["aspects"]
    assert brain["text"].startswith("Bayesian")
    assert translation["text"].startswith("machine")
    assert brain["covered"] > 2 * translation["covered"]
    assert brain["member"] == KORDING
    assert KORDING not in ids(answer)
    for one in answer["results"][:5]:
        assert one["adds"][0]["text"] == translation["text"]
        assert 0 < one["score"] <= 1
        assert one["works"]
    everyone = ids(post("complement", team=[KORDING], text=TEXT, params={"per_page": 100}))
    joined = post("complement", team=[KORDING, everyone[0]], text=TEXT, params={"per_page": 100})
    assert joined["results"][0]["score"] <= answer["results"][0]["score"]
    assert everyone[0] not in ids(joined)


def test_collaborators_of_a_team_can_be_excluded(client: FlaskClient, post: Any) -> None:
    together = {one["id"] for one in client.get(f"{API}/{KORDING}/collaborators?per_page=100").get_json()["results"]}
    text = "recording the activity of many neurons; machine translation"
    answer = post("complement", team=[KORDING], text=text, exclude_collaborators_of=[KORDING], params={"per_page": 100})
    assert answer["results"]
    assert not together & set(ids(answer))


def test_groups_work_without_the_model(sample_app: Flask) -> None:
    there = sample_app.extensions[KEY]
    client = create_app(services=Services(there.client, there.names, no_model)).test_client()
    alike = client.post(f"{API}/similar", json={"like": [KORDING], "text": "neurons"}).get_json()
    assert (alike["meta"]["degraded"], bool(alike["results"])) == (["semantic"], True)
    by_text = client.post(f"{API}/similar", json={"text": "neurons"}).get_json()
    assert (by_text["meta"]["mode"], bool(by_text["results"])) == ("keyword", True)
    team = client.post(f"{API}/complement", json={"team": [KORDING], "text": TEXT}).get_json()
    assert (team["meta"]["degraded"], bool(team["results"])) == (["semantic"], True)
    assert client.get(f"{PAGE}?like={KORDING}&text=neurons").status_code == 200


# The page


def page(client: FlaskClient, query: str = "") -> str:
    response = client.get(f"{PAGE}{query}")
    assert response.status_code == 200, response.text[:500]
    return unescape(response.text)


def test_people_are_chosen_by_name_without_a_script(client: FlaskClient) -> None:
    assert "Add a researcher" in page(client)
    added = client.get(f"{PAGE}?name=Konrad+P.+Kording&role=like")
    assert (added.status_code, added.headers["Location"]) == (303, f"{PAGE}?like={KORDING}")
    unwanted = client.get(f"{PAGE}?like={KORDING}&name={NEUBIG}&role=unlike")
    assert "unlike=graham-neubig" in unwanted.headers["Location"]
    several = page(client, f"?like={KORDING}&name=Smith&role=unlike")
    assert "Whom do you mean?" in several or "was found" in several
    assert re.search(rf'name="like" value="{KORDING}"', several)
    assert "was found" in page(client, "?name=Zxqwv+Blorptang")


def test_the_page_shows_who_is_like_them_and_why(client: FlaskClient) -> None:
    shown = page(client, f"?like={KORDING}&unlike={NEUBIG}")
    assert shown.count('<article class="card"') == 12
    assert "Most similar papers" in shown
    removal = re.search(rf'href="({PAGE}\?unlike=[^"]+)"', shown)
    assert removal
    assert "like=konrad" not in removal.group(1).replace("unlike=", "")
    assert "Not in this collection: nobody" in page(client, f"?like={KORDING}&like=nobody")
    assert page(client, f"?like={KORDING}&page=2").count('<article class="card"') == 12
    assert "pages of results" in page(client, f"?like={KORDING}&page=90")


def test_the_page_shows_what_a_team_covers_and_whom_it_lacks(client: FlaskClient) -> None:
    shown = page(client, f"?like={KORDING}&find=missing&text={TEXT.replace(' ', '+')}")
    assert "What the team covers" in shown
    assert "well covered: Konrad P. Kording" in shown or "partly covered: Konrad P. Kording" in shown
    assert "Adds expertise on" in shown
    assert "Choose the members of the team" in page(client, "?find=missing")
    assert "Choose the members of the team" in page(client, f"?find=missing&like={KORDING}")


@pytest.mark.parametrize("query", ["?find=x", "?role=x", "?colour=blue", "?page=0", f"?text={'a' * 3_001}"])
def test_parameters_that_the_page_does_not_have_are_errors(client: FlaskClient, query: str) -> None:
    assert client.get(f"{PAGE}{query}").status_code == 400


def test_profile_home_and_search_lead_to_the_page(client: FlaskClient) -> None:
    assert f"{PAGE}?like={KORDING}" in client.get(f"/researchers/{KORDING}").text
    for path in ("/", "/researchers"):
        assert f'href="{PAGE}"' in client.get(path).text


# Experts: teams, years, conflicts

ABOUT = "recording the activity of many neurons at once"


def test_co_authors_of_the_same_works_are_one_team(client: FlaskClient) -> None:
    def experts(**params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = client.get(API, query_string={"about": ABOUT, "per_page": 100, **params}).get_json()
        return answer

    single, teams = experts(), experts(teams="true")
    assert teams["meta"]["count"] < single["meta"]["count"]
    leaders = ids(teams)
    among_first = [id_ for id_ in ids(single) if id_ in set(leaders)]
    assert among_first
    assert leaders[: len(among_first)] == among_first
    first = teams["results"][0]
    members = {member["id"] for one in teams["results"] for member in one.get("members", ())}
    assert first["members"]
    assert not members & set(leaders)
    assert set(ids(single)[:20]) <= members | set(leaders)
    assert ids(experts(teams="true", per_page=5, page=2)) == leaders[5:10]
    ranked = client.post(f"{API}/rank?teams=true&per_page=100", json={"text": ABOUT}).get_json()
    assert ids(ranked) == leaders


def test_only_works_of_the_years_vote(client: FlaskClient) -> None:
    for answer in (
        client.get(API, query_string={"about": ABOUT, "published": "2016-"}).get_json(),
        client.post(f"{API}/rank", json={"text": ABOUT, "year": "2016-"}).get_json(),
    ):
        voting = [work["id"] for one in answer["results"] for work in one["works"]]
        assert voting
        years = [client.get(f"/api/v1/works/{id_}?select=year").get_json()["year"] for id_ in voting[:12]]
        assert all(year >= 2016 for year in years)
    assert client.get(f"{API}?about=x&published=soon").status_code == 400
    assert client.post(f"{API}/rank", json={"text": "x", "year": "soon"}).status_code == 422


def test_conflicts_leave_out_a_person_and_their_co_authors(client: FlaskClient) -> None:
    together = {one["id"] for one in client.get(f"{API}/{KORDING}/collaborators?per_page=100").get_json()["results"]}
    query = {"about": ABOUT, "conflicts": [KORDING, "nobody"], "per_page": 100}
    answer = client.get(API, query_string=query).get_json()
    assert answer["results"]
    assert not {KORDING, *together} & set(ids(answer))
    assert answer["meta"]["unknown"] == ["nobody"]


def test_the_page_offers_teams_years_and_conflicts(client: FlaskClient) -> None:
    def shown(query: str) -> str:
        response = client.get(f"/researchers?about={ABOUT.replace(' ', '+')}{query}")
        assert response.status_code == 200, response.text[:300]
        return unescape(response.text)

    assert "Team on these papers: with" in shown("")
    assert "Team on these papers" not in shown("&teams=false")
    assert "Team on these papers" not in shown("&sort=name")
    assert 'value="2016-"' in shown("&published=2016-")
    added = client.get("/researchers?about=neurons&conflict=Konrad+P.+Kording")
    assert (added.status_code, added.headers["Location"]) == (303, f"/researchers?about=neurons&conflicts={KORDING}")
    assert "without Konrad P. Kording and co-authors" in shown(f"&conflicts={KORDING}")
    assert "was found" in shown("&conflict=Zxqwv+Blorptang")
    assert client.get("/researchers?about=x&published=2016+to+2018").headers["Location"].endswith("published=2016-2018")

"""The pure parts that all entities share: filters, facets, paging, arguments, ranking, trust."""

from __future__ import annotations

from itertools import pairwise
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from flask import Flask
from marshmallow import fields
from werkzeug.datastructures import MultiDict

from search_api.http import args
from search_api.http.errors import Problem
from search_api.http.paging import Pagination, decode_cursor, encode_cursor
from search_api.researchers import trust
from search_api.researchers.fields import FIELDS as RESEARCHER_FIELDS
from search_api.researchers.schemas import ResearchersArgs
from search_api.retrieval import facets, filters, ranking
from search_api.works.fields import FIELDS
from search_api.works.schemas import WorksArgs


@pytest.mark.parametrize(
    ("value", "clause"),
    [
        ("2019", {"term": {"year": 2019}}),
        ("2015-2020", {"range": {"year": {"gte": 2015, "lte": 2020}}}),
        ("2015-", {"range": {"year": {"gte": 2015}}}),
        ("-2010", {"range": {"year": {"lte": 2010}}}),
    ],
)
def test_years(value: str, clause: dict[str, Any]) -> None:
    assert filters.year(value) == clause


@pytest.mark.parametrize("value", ["", "-", "19", "2015-20", "2015-2020-", "abcd", "2015 2020"])
def test_what_is_no_year_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="Use 2019"):
        filters.year(value)


@pytest.mark.parametrize("value", ["2017-2015", " 2017-2015 ", "9999-0001"])
def test_a_span_that_ends_before_it_begins_is_refused_with_the_other_way_round(value: str) -> None:
    first, last = value.strip().split("-")
    with pytest.raises(ValueError, match=f"Did you mean {last}-{first}?"):
        filters.year(value)


def test_repeated_values_are_or_and_an_exclamation_mark_negates() -> None:
    (one,) = filters.parse(FIELDS, {"topic": ["cs.LG", "cs.CL", "!cs.AI"]})
    assert one.clause() == {
        "bool": {
            "filter": [{"bool": {"should": [{"term": {"topics.id": "cs.LG"}}, {"term": {"topics.id": "cs.CL"}}]}}],
            "must_not": [{"term": {"topics.id": "cs.AI"}}],
        }
    }
    assert one.sentence() == "topic cs.LG or cs.CL, not cs.AI"


def test_different_filters_are_and_and_one_can_be_left_out() -> None:
    both = filters.parse(FIELDS, {"topic": ["cs.LG"], "year": ["2019"]})
    assert len(filters.clauses(both)) == 2
    assert filters.clauses(both, without="year") == [both[0].clause()]


def test_every_bad_value_is_named() -> None:
    with pytest.raises(Problem) as caught:
        filters.parse(FIELDS, {"year": ["soon", "2019", "!then"], "has_abstract": ["maybe"]})
    assert caught.value.status == 400
    assert {name: len(messages) for name, messages in caught.value.errors.items()} == {"year": 2, "has_abstract": 1}


def test_filters_on_counted_fields_are_applied_after_counting() -> None:
    topic, year, venue = chosen = filters.parse(FIELDS, {"topic": ["cs.LG"], "year": ["2019"], "venue": ["X"]})
    early, parts = facets.counting(FIELDS, ["topic", "year"], chosen, [{"term": {"source": "acl"}}])
    assert early == [venue.clause(), {"term": {"source": "acl"}}]
    assert parts["post_filter"] == {"bool": {"filter": [topic.clause(), year.clause()]}}
    within = {name: aggregation["filter"]["bool"]["filter"] for name, aggregation in parts["aggs"].items()}
    assert within == {"topic": [year.clause()], "year": [topic.clause()]}


def test_facets_without_filters_on_counted_fields_are_counted_directly() -> None:
    chosen = filters.parse(FIELDS, {"venue": ["X"]})
    _, parts = facets.counting(FIELDS, ["topic"], chosen)
    assert parts == {"aggs": {"topic": {"terms": {"field": "topics.id", "size": filters.FACET_SIZE}}}}


def test_without_facets_all_filters_are_in_the_query() -> None:
    chosen = filters.parse(FIELDS, {"topic": ["cs.LG"], "year": ["2019"]})
    assert facets.counting(FIELDS, [], chosen) == (filters.clauses(chosen), {})


def test_facet_values_say_what_is_selected() -> None:
    (chosen,) = filters.parse(FIELDS, {"topic": ["cs.LG"]})
    buckets = [{"key": "cs.LG", "doc_count": 3}, {"key": "cs.CL", "doc_count": 1}]
    assert facets.facet_values(buckets, {"cs.LG": "Machine Learning"}, chosen) == [
        {"key": "cs.LG", "label": "Machine Learning", "count": 3, "is_selected": True},
        {"key": "cs.CL", "label": "cs.CL", "count": 1, "is_selected": False},
    ]


def test_a_chosen_value_is_shown_however_rare_it_is() -> None:
    topic, year = filters.parse(FIELDS, {"topic": ["cs.LG", "rare"], "year": ["2015-2017", "2019"]})
    _, parts = facets.counting(FIELDS, ["topic", "year"], [topic, year])
    counted = {name: aggregation["aggs"] for name, aggregation in parts["aggs"].items()}
    assert counted["topic"]["selected"]["filters"]["filters"] == {
        "cs.LG": {"term": {"topics.id": "cs.LG"}},
        "rare": {"term": {"topics.id": "rare"}},
    }
    assert list(counted["year"]) == ["values"]
    shown = [{"key": "cs.LG", "doc_count": 3}]
    found = facets.with_selected(shown, {"cs.LG": {"doc_count": 3}, "rare": {"doc_count": 0}})
    assert [value["is_selected"] for value in facets.facet_values(found, {}, topic)] == [True, True]
    assert [value["count"] for value in facets.facet_values(found, {}, topic)] == [3, 0]


def test_a_range_of_years_selects_the_years_in_it() -> None:
    (chosen,) = filters.parse(FIELDS, {"year": ["2015-2017", "2020-"]})
    buckets = [{"key": year, "doc_count": 1} for year in (2014, 2015, 2017, 2018, 2024)]
    selected = [value["is_selected"] for value in facets.facet_values(buckets, {}, chosen)]
    assert selected == [False, True, True, False, True]


@pytest.mark.parametrize(
    ("page", "count", "following", "before"), [(1, 60, 2, None), (3, 60, None, 2), (1, 25, None, None)]
)
def test_pages(page: int, count: int, following: int | None, before: int | None) -> None:
    here = Pagination(page)
    found = here.after(count), here.before()
    assert tuple(one.page if one else None for one in found) == (following, before)


def test_the_window_ends_at_ten_thousand() -> None:
    assert Pagination(100, 100).after(1_000_000) is None
    with pytest.raises(Problem) as caught:
        Pagination(101, 100)
    assert "cursor" in caught.value.detail


ORDER: list[dict[str, Any]] = [{"year": {"order": "desc"}}, {"title.sort": "asc"}]


@pytest.mark.parametrize("values", [[2019, "title", 1.5], [2019, None, None], [-(2**63), "title", 0]])
def test_cursors_come_back_as_they_went(values: list[Any]) -> None:
    assert decode_cursor(encode_cursor(values), ORDER) == values
    assert decode_cursor("*", ORDER) is None


@pytest.mark.parametrize(
    "cursor",
    ["!", "e30", "W10", "\N{SNOWMAN}", "WzFd"]
    + [encode_cursor(values) for values in ([[1], 2, 3], [None, "x", 1], [nan, "x", 1], [1, "x", inf], [1, "x", 1, 1])],
)
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Problem, match="cursor"):
        decode_cursor(cursor, ORDER)


def parse(**given: Any) -> dict[str, Any]:
    pairs = [
        (name, value) for name, values in given.items() for value in (values if isinstance(values, list) else [values])
    ]
    return args.parse(WorksArgs(), MultiDict(pairs))


def test_arguments_have_defaults() -> None:
    found = parse()
    assert (found["q"], found["mode"], found["page"], found["per_page"]) == ("", "hybrid", 1, 25)
    assert found["topic"] == []


def test_arguments_may_repeat_or_stand_between_commas() -> None:
    found = parse(topic=["a", "b"], facets="topic, year", select=["id", "title,year"])
    assert (found["topic"], found["facets"], found["select"]) == (
        ["a", "b"],
        ["topic", "year"],
        ["id", "title", "year"],
    )


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"tpic": "x"}, "tpic"),
        ({"per_page": "101"}, "per_page"),
        ({"per_page": "0"}, "per_page"),
        ({"page": "one"}, "page"),
        ({"mode": "magic"}, "mode"),
        ({"facets": "topic,colour"}, "facets"),
        ({"select": "embedding"}, "select"),
        ({"q": "x" * 20_001}, "q"),
    ],
)
def test_bad_arguments_are_named(given: dict[str, str], name: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(**given)
    assert caught.value.status == 400
    assert list(caught.value.errors) == [name]


@pytest.mark.parametrize("values", [["!"], [" ! "], ["!!"], ["cs.LG", "!"]])
@pytest.mark.parametrize(
    ("schema", "name"),
    [
        *((WorksArgs, name) for name in FIELDS),
        *((ResearchersArgs, name) for name in RESEARCHER_FIELDS),
    ],
)
def test_a_negation_needs_a_value(schema: type[args.Args], name: str, values: list[str]) -> None:
    with pytest.raises(Problem) as caught:
        args.parse(schema(), MultiDict([(name, value) for value in values]))
    assert caught.value.status == 400
    assert caught.value.errors == {name: ["A value must follow the !."]}


def test_an_unknown_argument_lists_the_valid_ones() -> None:
    with pytest.raises(Problem) as caught:
        parse(tpic="x")
    assert "has_abstract" in caught.value.detail
    with Flask(__name__).app_context():
        assert caught.value.to_dict()["title"] == "Bad Request"


class Body(args.Args):
    text = fields.String(required=True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[1]", 422),
        ("null", 422),
        ('{"text": NaN}', 400),
        ('{"text": "\\ud800"}', 422),
        ("[" * 100_000, 400),
        ('{"text": 1}', 422),
        ("{}", 422),
        ('{"text": "a", "b": 1}', 422),
    ],
)
def test_a_body_that_cannot_be_used_says_why(body: str, status: int) -> None:
    with Flask(__name__).test_request_context(method="POST", data=body), pytest.raises(Problem) as caught:
        args.parse_body(Body())
    assert caught.value.status == status
    assert caught.value.detail


def test_a_body_is_checked() -> None:
    with Flask(__name__).test_request_context(method="POST", data='{"text": "a"}'):
        assert args.parse_body(Body()) == {"text": "a"}


@pytest.mark.parametrize(("score", "cosine"), [(1.0, 1.0), (0.5, 0.0), (0.75, 0.5), (0.2, 0.0)])
def test_lucenes_score_is_turned_back_into_a_cosine(score: float, cosine: float) -> None:
    assert ranking.cosine_of(score) == cosine


def close(mine: Any, theirs: Any, density: float = 0.0) -> float:
    """Return the closeness of works whose surroundings are equally dense."""
    densities = (np.full(len(works), density, np.float32) for works in (mine, theirs))
    return ranking.closeness(ranking.local_matches(mine, theirs, *densities))


def test_three_works_are_expected_of_others() -> None:
    mine, theirs = np.eye(4, dtype=np.float32)[:3], np.eye(4, dtype=np.float32)[1:]
    assert close(mine, theirs) == pytest.approx(2 / 3)
    assert close(mine, mine) == pytest.approx(1)
    assert close(mine[:1], mine[:1]) == pytest.approx((1 + (1 + 2 * ranking.MISSING) / 3) / 2)
    assert ranking.closeness(np.empty((0, 3), np.float32)) == ranking.ALL_TOGETHER


def test_a_second_field_of_others_does_not_count_against_them() -> None:
    mine = np.eye(8, dtype=np.float32)[:4]
    both_fields = np.eye(8, dtype=np.float32)
    assert close(mine, both_fields) == pytest.approx(1)
    assert close(both_fields, mine) == pytest.approx(0.75)


def test_a_match_in_dense_surroundings_says_less() -> None:
    mine = np.eye(4, dtype=np.float32)[:3]
    assert close(mine, mine, density=0.5) == pytest.approx(0.5)


def test_pairs_that_are_not_compared_are_no_matches() -> None:
    matches = np.full((2, 3), 0.4, np.float32)
    matches[0] = -np.inf
    assert ranking.closeness(matches) == pytest.approx(0.4)
    assert ranking.closeness(np.full((2, 2), -np.inf, np.float32)) == ranking.ALL_TOGETHER


def test_scores_of_people_separate_and_joint_works_count_nearly_half() -> None:
    scores = [ranking.person_score(close, close, 0.5, 0.5) for close in (0.05, 0.15, 0.25, 0.35)]
    assert scores == sorted(scores)
    assert min(later - earlier for earlier, later in pairwise(scores)) > 0.15
    mean = 0.2 * ranking.JOINT_WORKS
    assert ranking.person_score(0.0, 0.2, 0.5, 0.5) == pytest.approx(ranking.person_score(mean, mean, 0.5, 0.5))
    assert 0.4 < ranking.JOINT_WORKS < 0.5


def test_sparse_vectors_have_the_cosine_of_dense_ones() -> None:
    assert ranking.sparse_cosine({"a": 3.0, "b": 4.0}, {"b": 1.0}) == pytest.approx(0.8)
    assert ranking.sparse_cosine({}, {"b": 1.0}) == ranking.sparse_cosine({"a": 1.0}, {"b": 1.0}) == 0


def test_rocchio_leads_to_what_is_liked_and_away_from_what_is_not() -> None:
    a, b, c = np.eye(3, dtype=np.float32)
    towards, away = ranking.rocchio(np.array([a, b]), np.empty((0, 3), np.float32)), ranking.rocchio(a[None], b[None])
    np.testing.assert_allclose(towards, [0.5**0.5, 0.5**0.5, 0], rtol=1e-6)
    assert away @ a > 0 > away @ b
    assert abs(float(np.linalg.norm(away)) - 1) < 1e-6
    np.testing.assert_allclose(ranking.rocchio(np.array([c, -c]), np.empty((0, 3), np.float32)), c)
    np.testing.assert_allclose(ranking.rocchio(a[None] * 0.5, a[None]), a)


@pytest.mark.parametrize(("keyword", "semantic", "score"), [(1, 1, 1), (0, 0, 0), (1, 0, 0.3), (0.2, 0.6, 0.48)])
def test_a_candidate_is_scored_by_both_parts(keyword: float, semantic: float, score: float) -> None:
    assert ranking.candidate_score(keyword, semantic, 0.7) == pytest.approx(score)


def test_closest_pairs_use_no_work_twice() -> None:
    mine = np.array([[1, 0], [0.8, 0.6]], dtype=np.float32)
    theirs = np.array([[1, 0], [0, 1]], dtype=np.float32)
    pairs = ranking.closest_pairs(mine, theirs, 5)
    assert [(row, column) for row, column, _ in pairs] == [(0, 0), (1, 1)]
    np.testing.assert_allclose([score for _, _, score in pairs], [1.0, 0.6], rtol=1e-6)


def researcher(**changes: Any) -> Any:
    known = {
        "verification_level": 1,
        "works_count": 9,
        "close_collaborators_count": 4,
        "affiliations": [],
        "orcid": None,
        "claimed": False,
    }
    return {**known, **changes}


def owned(proof: str, **more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"name": None, "affiliation": None, "bio": None, "links": [], "email_proven_at": None}
    return {**known, "proof": proof, "proven_at": "2026-05-03T09:00:00+00:00", **more}


@pytest.mark.parametrize(
    ("level", "owner", "words"),
    [
        (1, None, "L1: Imported record"),
        (2, None, "L2: Imported record, claim awaiting review"),
        (3, owned("orcid"), "L3: Claimed, ORCID iD verified on 3 May 2026"),
        (3, owned("admin"), "L3: Claimed, confirmed by an administrator on 3 May 2026"),
        (
            4,
            owned("orcid", email_proven_at="2026-05-04T09:00:00+00:00"),
            "L4: Claimed, ORCID iD verified on 3 May 2026, institutional e-mail confirmed on 4 May 2026",
        ),
        (
            4,
            owned("admin", email_proven_at="2026-05-04T09:00:00+00:00"),
            "L4: Claimed, confirmed by an administrator on 3 May 2026, institutional e-mail confirmed on 4 May 2026",
        ),
        # Stored before the dates were.
        (4, {"proof": "admin"}, "L4: Claimed, confirmed by an administrator, institutional e-mail confirmed"),
        (3, None, "L3: Claimed and verified"),
    ],
)
def test_the_level_states_what_verified_the_claim(level: int, owner: dict[str, Any] | None, words: str) -> None:
    found = trust.snapshot(researcher(verification_level=level, owner=owner))
    assert found["parts"][0]["detail"] == words


def test_a_pending_claim_is_a_note_and_changes_no_point() -> None:
    before, pending = trust.snapshot(researcher()), trust.snapshot(researcher(verification_level=2))
    assert pending["score"] == before["score"] == 21
    assert (before["note"], pending["note"]) == (None, trust.PENDING)
    assert "not the quality of the research" in pending["meaning"]


@pytest.mark.parametrize(
    ("changes", "points", "words"),
    [
        ({}, 0, "not imported"),
        ({"affiliations": [{"name": "Here"}], "owner": owned("admin", affiliation="There")}, 10, "imported"),
        ({"verification_level": 3, "owner": owned("admin", affiliation="There")}, 10, "stated by the owner"),
        ({"verification_level": 3, "owner": owned("admin")}, 0, "not imported"),
    ],
)
def test_an_affiliation_that_the_owner_states_counts_as_known(changes: dict[str, Any], points: int, words: str) -> None:
    part = next(part for part in trust.snapshot(researcher(**changes))["parts"] if part["key"] == "affiliation")
    assert (part["points"], part["detail"]) == (points, words)


def test_nine_works_and_four_close_collaborators_are_emerging() -> None:
    found = trust.snapshot(researcher())
    assert (found["score"], found["band"]) == (21, "Emerging")
    assert abs(sum(part["points"] for part in found["parts"]) - 21) < 0.5


@pytest.mark.parametrize(
    ("changes", "score", "band"),
    [
        ({"works_count": 0, "close_collaborators_count": 0}, 5, "New"),
        ({"affiliations": [{"name": "Here"}], "orcid": "0000"}, 41, "Established"),
        ({"verification_level": 3, "affiliations": [1], "orcid": "0000"}, 66, "Trusted"),
        (
            {
                "verification_level": 4,
                "works_count": 200,
                "close_collaborators_count": 100,
                "affiliations": [1],
                "orcid": "0",
            },
            100,
            "Verified",
        ),
        (
            {
                "verification_level": 4,
                "works_count": 9_999,
                "close_collaborators_count": 9_999,
                "affiliations": [1],
                "orcid": "0",
            },
            100,
            "Verified",
        ),
    ],
)
def test_trust_grows_with_what_is_known(changes: dict[str, Any], score: int, band: str) -> None:
    found = trust.snapshot(researcher(**changes))
    assert (found["score"], found["band"]) == (score, band)
    assert sum(part["max"] for part in found["parts"]) == 100


def test_an_owner_without_a_proof_is_no_error() -> None:
    details = [
        trust.snapshot(researcher(verification_level=3, owner=owner))["parts"][0]["detail"]
        for owner in ({"name": "Ada"}, {"name": "Ada", "proof": "admin"})
    ]
    assert details == [f"L3: {trust.LEVELS[3][1]}", f"L3: {trust.PROOFS['admin']}"]

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from benchmarks.researchers import (
    GRADED,
    LAST_YEAR,
    by_centroid,
    future_coauthors,
    graded,
    main,
    only_judged,
    pairs,
    split_halves,
    topic_agreement,
)
from indexer.records import parse_work

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def work(number: int, year: int, *authors: str) -> dict[str, Any]:
    people = [{"name": name, "id": f"name:{name}"} for name in authors]
    return {"id": f"local:{number}", "title": f"Work {number}", "abstract": None, "year": year, "authors": people}


PAST = [work(number, 2010, "ann", "ben") for number in range(5)]
ALONE = [work(10 + number, 2012, "cat") for number in range(5)]
LATER = [work(20, 2016, "ann", "cat"), work(21, 2016, "ann", "ben"), work(22, 2016, "ann", "new")]


def test_each_half_has_every_other_work_and_wants_the_other_half() -> None:
    sample = split_halves([work(number, 2010, "ann") for number in range(10)], 5)
    authors = [[author["name"] for author in record["authors"]] for record in sample.records]
    assert sorted(authors) == [["0-a"]] * 5 + [["0-b"]] * 5
    assert sample.wanted == {"0-a": {"0-b": 1}}


def test_only_those_with_enough_works_are_split() -> None:
    assert split_halves([work(number, 2010, "ann") for number in range(9)], 5).records == []


def test_records_of_a_sample_can_be_indexed() -> None:
    sample = split_halves([work(number, 2010, "ann") for number in range(10)], 5)
    assert {parse_work(record).authors[0].id for record in sample.records} == {"sampled:0-a", "sampled:0-b"}


def test_coauthors_are_those_of_the_years_asked_for() -> None:
    known: dict[str, list[Any]] = {"name:ann": [], "name:ben": [], "name:cat": []}
    assert pairs(PAST + LATER, known, until=LAST_YEAR)["name:ann"] == {"name:ben"}
    assert pairs(PAST + LATER, known, since=LAST_YEAR + 1)["name:ann"] == {"name:ben", "name:cat"}


def test_only_first_works_together_count_as_future() -> None:
    sample = future_coauthors(PAST + ALONE + LATER, 10, 10)
    assert sample.wanted == {"name:ann": {"name:cat": 1}, "name:cat": {"name:ann": 1}}
    assert all(record["year"] <= LAST_YEAR for record in sample.records)


def test_collaborators_within_the_sample_stay_on_the_works() -> None:
    sample = future_coauthors(PAST + ALONE + LATER, 1, 10)
    together = [{author["name"] for author in record["authors"]} for record in sample.records]
    assert {"name:ann", "name:ben"} in together


def test_the_centroid_orders_by_cosine_and_leaves_collaborators_out_when_asked() -> None:
    people = {
        "me": {"id": "1", "embedding": [1.0, 0.0], "collaborators": [{"id": "2"}]},
        "near": {"id": "2", "embedding": [0.9, 0.1]},
        "far": {"id": "3", "embedding": [0.0, 1.0]},
    }
    assert by_centroid(people, "me", exclude=False) == ["near", "far"]
    assert by_centroid(people, "me", exclude=True) == ["far"]


def test_the_graded_set_has_researchers_of_twelve_fields_and_grades_from_0_to_2() -> None:
    judged = json.loads(GRADED.read_text(encoding="utf-8"))
    assert len(judged) == 60
    assert len({entry["field"] for entry in judged.values()}) == 12
    for id_, entry in judged.items():
        assert id_ not in entry["grades"]
        assert set(entry["grades"].values()) <= {0, 1, 2}
        assert max(entry["grades"].values()) >= 1
        assert len(entry["grades"]) >= 7
    assert sum(len(entry["grades"]) for entry in judged.values()) == 690


def test_the_graded_sample_has_the_works_of_everyone_who_was_graded() -> None:
    works = [work(1, 2010, "toby-walsh", "stranger"), work(2, 2010, "stranger"), work(3, 2011, "george-katsirelos")]
    sample = graded(works)
    assert [record["id"] for record in sample.records] == ["local:1", "local:3"]
    assert [author["name"] for author in sample.records[0]["authors"]] == ["name:toby-walsh"]
    assert sample.wanted["name:toby-walsh"]["name:george-katsirelos"] == 2


def test_who_was_not_graded_is_left_out_of_the_lists() -> None:
    assert only_judged({"a": {"x": 2, "y": 0}}, {"a": ["n", "y", "m", "x"]}) == {"a": ["y", "x"]}


def test_topics_agree_by_their_cosine() -> None:
    def person(**topics: int) -> dict[str, Any]:
        return {"topics": [{"id": name, "count": count} for name, count in topics.items()]}

    people = {"a": person(ml=3), "b": person(ml=1), "c": person(bio=1)}
    assert topic_agreement(people, {"a": ["b", "c"], "c": ["a"]}).tolist() == [0.5, 0.0]


def test_without_data_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_DATA", str(tmp_path))
    result = CliRunner().invoke(main)
    assert result.exit_code == 1
    assert "NOTHING MEASURED" in result.output

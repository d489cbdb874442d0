"""Taglines show topics that are frequent in a person's works and rare in the collection, suggested ones included."""

from __future__ import annotations

from typing import Any, cast

import pytest

from search_api.researchers.distinctive import TopicRarity
from search_api.researchers.documents import tagline

#: Of 7,140 works, as in a collection of medical works.
RARITY = TopicRarity({"medicine": 5_180, "surgery": 700, "stroke": 120, "ml": 60, "stat-ml": 50}, 7_140)
NAMES = {"ml": "Machine Learning", "stat-ml": "Machine Learning (Statistics)"}


def topics(**counts: int) -> list[dict[str, Any]]:
    given = ((id_.replace("_", "-"), count) for id_, count in counts.items())
    return [{"id": id_, "name": NAMES.get(id_, id_.capitalize()), "count": count} for id_, count in given]


@pytest.mark.parametrize(
    ("own", "suggested", "line"),
    [
        (topics(medicine=28, stroke=9, surgery=8), [], "Stroke · Surgery · Medicine"),
        (topics(medicine=28, surgery=8, stroke=1, ml=1), [], "Surgery · Medicine · Machine Learning"),
        (topics(medicine=3), [], "Medicine"),
        ([], topics(stroke=2), "Stroke"),
        (topics(ml=1), topics(stroke=30), "Stroke · Machine Learning"),
        (topics(stroke=2), topics(stroke=3, ml=4), "Stroke · Machine Learning"),
        (topics(ml=5, stat_ml=5, rare=1), [], "Machine Learning · Rare"),
        ([], [], None),
    ],
)
def test_what_is_distinctive_comes_first(
    own: list[dict[str, Any]], suggested: list[dict[str, Any]], line: str | None
) -> None:
    assert tagline(cast("Any", {"topics": own, "suggested_topics": suggested}), RARITY) == line


def test_documents_from_before_topics_were_suggested_have_a_tagline() -> None:
    assert tagline(cast("Any", {"topics": topics(stroke=1)}), RARITY) == "Stroke"


def test_an_empty_collection_has_no_frequent_topics() -> None:
    assert TopicRarity({}, 0).ordered(topics(ml=1, stroke=2))[0]["id"] in {"ml", "stroke"}


def test_a_topic_of_all_works_weighs_nothing_and_unlisted_ones_as_the_rarest() -> None:
    rarity = TopicRarity({"all": 10, "few": 2}, 10)
    assert rarity.weight("all") == 0
    assert rarity.weight("unlisted") == rarity.weight("few") > 0

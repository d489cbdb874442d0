from __future__ import annotations

from typing import Any

import pytest

from search_api.web import formatting
from search_api.web.addresses import page_numbers
from search_api.web.charts import HEIGHT, MAX_YEARS, MIN_YEARS, year_chart


@pytest.mark.parametrize(("number", "words"), [(0, "0 works"), (1, "1 work"), (2, "2 works"), (12_345, "12,345 works")])
def test_counting(number: int, words: str) -> None:
    assert formatting.count(number, "work") == words


@pytest.mark.parametrize(("share", "words"), [(0, "0%"), (0.001, "<1%"), (0.4567, "46%"), (1, "100%")])
def test_percent_does_not_round_something_to_nothing(share: float, words: str) -> None:
    assert formatting.percent(share) == words


@pytest.mark.parametrize(
    ("mode", "relation", "words"),
    [
        (None, "eq", "163 works"),
        (None, "gte", "More than 163 works"),
        ("keyword", "eq", "163 keyword matches"),
        ("keyword", "gte", "More than 163 keyword matches"),
        ("semantic", "eq", "163 closest by meaning"),
        ("hybrid", "eq", "163 results (keyword matches plus the closest in meaning)"),
    ],
)
def test_a_count_says_what_it_counts(mode: str | None, relation: str, words: str) -> None:
    assert formatting.works_found({"count": 163, "count_relation": relation, "mode": mode}) == words


@pytest.mark.parametrize(
    ("fragment", "shown"),
    [
        ("&lt;script&gt; of <mark>neurons</mark>", "&lt;script&gt; of <mark>neurons</mark>"),
        ("<script>alert(1)</script><mark>x</mark>", "&lt;script&gt;alert(1)&lt;/script&gt;<mark>x</mark>"),
        ('<mark onclick="x">y</mark>', "&lt;mark onclick=&#34;x&#34;&gt;y</mark>"),
        ("neuron&#x27;s $\\unknown$ &amp; more", "neuron&#39;s $\\unknown$ &amp; more"),
    ],
)
def test_only_the_mark_is_markup_in_a_highlight(fragment: str, shown: str) -> None:
    assert str(formatting.marked(fragment)) == shown


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " //x.example/y", "", None])
def test_an_address_that_a_browser_would_run_is_no_link(url: str | None) -> None:
    assert formatting.web_address(url) is None


def test_code_in_descriptions_is_escaped() -> None:
    assert str(formatting.coded("Give `<b>` or `x` & y")) == ("Give <code>&lt;b&gt;</code> or <code>x</code> &amp; y")


def test_names_are_listed_and_the_rest_counted() -> None:
    people = [{"name": name} for name in "ABCDE"]
    assert formatting.named(people) == "A, B, C and 2 more"
    assert formatting.named(people[:2]) == "A and B"
    assert formatting.named(people[:1]) == "A"


def test_reasons_in_words() -> None:
    reasons = {
        "shared_topics": [{"name": "Machine Learning"}],
        "shared_authors": [{"name": "Ada Low"}, {"name": "Bo Ek"}],
        "semantic": 0.82,
        "keyword": 1.0,
    }
    assert formatting.work_reasons(reasons) == (
        "Very similar topic and wording · Shares 2 authors · Same topic: Machine Learning"
    )
    distant = {"shared_topics": [], "shared_authors": [], "semantic": 0.45, "keyword": 0.1}
    assert formatting.work_reasons(distant) == "Similar topic"
    assert formatting.work_reasons(distant | {"keyword": 0.9}) == "Similar wording"
    assert formatting.work_reasons(distant | {"shared_topics": [{"name": "Vision"}]}) == "Same topic: Vision"
    assert formatting.work_reasons(distant | {"semantic": 0.7}) == "Very similar topic"
    alone: dict[str, Any] = {"shared_topics": [], "works_together": 0}
    assert formatting.researcher_reasons(alone) == "Have not co-authored"
    assert formatting.researcher_reasons(alone | {"works_together": 1}) == "1 work together"
    topics = [{"name": "Robotics"}, {"name": "Vision"}]
    assert formatting.researcher_reasons(alone | {"shared_topics": topics}) == (
        "Shared topics: Robotics and Vision · Have not co-authored"
    )


def test_a_year_chart_shows_the_years_between_and_is_to_scale() -> None:
    chart = year_chart([{"year": 2014, "works": 1}, {"year": 2016, "works": 4}])
    assert [(bar.year, bar.works) for bar in chart.bars[-3:]] == [(2014, 1), (2015, 0), (2016, 4)]
    assert [bar.height for bar in chart.bars[-3:]] == [HEIGHT / 4, 0, HEIGHT]
    assert len(chart.bars) == MIN_YEARS
    assert not any(bar.works for bar in chart.bars[:-3])
    assert chart.words == "Works per year. 2014: 1, 2016: 4."


def test_a_year_chart_has_an_end() -> None:
    assert len(year_chart([{"year": 19, "works": 1}, {"year": 2019, "works": 1}]).bars) == MAX_YEARS
    assert year_chart([]).bars == []


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/Work"}, "Work"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"type": ["string", "null"], "enum": ["newest", "title", None]}, "newest | title"),
        ({"type": ["integer", "null"]}, "integer or null"),
    ],
)
def test_schemas_in_words(schema: dict[str, object], words: str) -> None:
    assert formatting.schema_words(schema) == words


@pytest.mark.parametrize(
    ("source", "venue", "shown"),
    [
        ("arxiv-oai-mirror-2017", "arXiv", None),
        ("acl-anthology", None, None),
        ("bibliography", None, None),
        ("arXiv", "arXiv", None),
        ("arXiv", None, "arXiv"),
        ("OpenAlex", "Nature", "OpenAlex"),
        ("知网", None, "知网"),
        (None, None, None),
    ],
)
def test_slugs_of_imports_are_not_shown(source: str | None, venue: str | None, shown: str | None) -> None:
    assert formatting.provenance({"source": source, "venue": venue}) == shown


@pytest.mark.parametrize(
    ("page", "last", "numbers"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, None, 9]),
        (3, 9, [1, 2, 3, 4, None, 9]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (9, 9, [1, None, 8, 9]),
        (1, 4_000, [1, 2, None, 400]),
    ],
)
def test_a_pager_links_first_last_and_neighbouring_pages(page: int, last: int, numbers: list[int | None]) -> None:
    assert page_numbers(page, last, 25) == numbers


@pytest.mark.parametrize(
    ("tagline", "words"),
    [
        ("Robotics", "Robotics"),
        ("Robotics · Optics", "Robotics and Optics"),
        ("Robotics · Optics · Ethics", "Robotics, Optics and Ethics"),
        ("Neurons and Cognition · Machine Learning", "Neurons and Cognition, and Machine Learning"),
    ],
)
def test_a_tagline_reads_like_a_sentence(tagline: str, words: str) -> None:
    assert formatting.enumerated(tagline) == words


def test_topics_that_differ_in_a_qualifier_are_one_reason() -> None:
    topics = [{"name": "Machine Learning (Statistics)"}, {"name": "Optics"}, {"name": "Machine Learning"}]
    reasons = {"semantic": 0.0, "keyword": 0.0, "shared_authors": [], "shared_topics": topics}
    assert formatting.work_reasons(reasons) == "Same topics: Machine Learning (Statistics) and Optics"
    assert formatting.researcher_reasons({"works_together": 0, "shared_topics": topics[::2]}) == (
        "Shared topic: Machine Learning (Statistics) · Have not co-authored"
    )

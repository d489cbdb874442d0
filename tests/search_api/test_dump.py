"""Compiled schemas against marshmallow's own serialization."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields, post_dump

from search_api.http.dump import compile_schema, to_json
from search_api.works.schemas import Work, WorkList


class Inner(Schema):
    id = fields.String()
    share = fields.Float(allow_none=True)


class Hooked(Schema):
    id = fields.String()

    @post_dump
    def shout(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value.upper() for name, value in data.items()}


class Outer(Schema):
    id = fields.String(data_key="key")
    name = fields.String(attribute="label")
    count = fields.Integer()
    text_count = fields.Integer(as_string=True)
    score = fields.Float()
    flag = fields.Boolean()
    day = fields.Date()
    inner = fields.Nested(Inner)
    hooked = fields.Nested(Hooked)
    all = fields.Nested(Inner, many=True)
    listed = fields.List(fields.Nested(Inner))
    part = fields.Nested(Inner(only=("id",)))
    words = fields.List(fields.String())
    by_name = fields.Dict(keys=fields.String(), values=fields.List(fields.Integer()))
    raw = fields.Dict()


CASES: list[dict[str, Any]] = [
    {},
    {"id": "a", "label": "b", "count": 1, "score": 0.5, "flag": True, "unknown": 1},
    {"id": 7, "count": "3", "score": 1, "flag": 1, "text_count": 5, "label": b"bytes"},
    {"id": None, "inner": None, "all": None, "words": None, "by_name": None},
    {
        "inner": {"id": "x", "share": None},
        "hooked": {"id": "x"},
        "all": [{"id": 1}, {"share": 2}],
        "day": date(2020, 1, 2),
    },
    {"listed": [{"id": "x", "more": 1}, {}], "part": {"id": "x", "share": 0.1}, "words": ["a", 1, None]},
    {"by_name": {"a": [1, "2"], "b": []}, "raw": {"x": [1, {"y": 2}]}},
]


@pytest.mark.parametrize("value", CASES)
def test_it_dumps_what_marshmallow_dumps(value: dict[str, Any]) -> None:
    schema = Outer()
    assert compile_schema(schema)(value) == schema.dump(value)


def test_other_objects_and_schemas_are_left_to_marshmallow() -> None:
    class Thing:
        id = "a"

    assert compile_schema(Inner())(Thing()) == {"id": "a"}
    assert compile_schema(Hooked())({"id": "a"}) == {"id": "A"}
    assert compile_schema(Inner(many=True))([{"id": "a"}]) == [{"id": "a"}]


NAMED = st.fixed_dictionaries({"id": st.text(max_size=5), "name": st.text(max_size=5)})
WORKS = st.fixed_dictionaries(
    {"id": st.text(), "title": st.text(), "year": st.none() | st.integers(1900, 2030)},
    optional={
        "topics": st.lists(NAMED, max_size=2),
        "researchers": st.lists(st.fixed_dictionaries({"id": st.text(), "position": st.integers()}), max_size=3),
        "highlight": st.dictionaries(st.text(max_size=3), st.lists(st.text(), max_size=2), max_size=2),
        "score": st.floats(0, 1) | st.integers(0, 1),
        "links": st.fixed_dictionaries({"self": st.text()}),
    },
)


@given(WORKS)
def test_works_are_dumped_alike(work: dict[str, Any]) -> None:
    schema = Work()
    assert compile_schema(schema)(work) == schema.dump(work)
    answer = {"meta": {"count": 1}, "results": [work, work], "facets": {}, "links": {"self": "/"}}
    assert compile_schema(WorkList())(answer) == WorkList().dump(answer)


def test_json_is_sorted_and_survives_half_a_surrogate_pair() -> None:
    assert to_json({"b": "é", "a": [1.5, None]}) == '{"a":[1.5,null],"b":"é"}'.encode()
    from flask import Flask

    with Flask(__name__).app_context():
        assert to_json({"a": "\ud800"}) == b'{"a": "\\ud800"}'

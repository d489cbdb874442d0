"""Examples on the pages of the API documentation: they agree with the schemas and can be sent as they are."""

from __future__ import annotations

import html
import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from search_api.http.examples import example_of, response_example
from search_api.http.openapi import describe
from tests.search_api.test_serving import FakeOpenSearch, app_over

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture(scope="module")
def app() -> Flask:
    return app_over(FakeOpenSearch())


@pytest.fixture(scope="module")
def api(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return describe(app)


def test_every_response_has_an_example_that_its_schema_accepts(api: dict[str, Any]) -> None:
    schemas = api["components"]["schemas"]
    count = 0
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            content = operation["responses"].get("200", {}).get("content", {}).get("application/json")
            if content is None or "$ref" not in content["schema"]:
                continue  # an object without declared fields
            example = json.loads(response_example(operation, schemas) or "null")
            reference = {**content["schema"], "components": api["components"]}
            problems = [error.message for error in Draft202012Validator(reference).iter_errors(example)]
            assert problems == [], (method, path)
            assert example, path
            count += 1
    assert count > 15


def test_pages_show_a_request_for_each_operation(app: Flask, api: dict[str, Any]) -> None:
    client = app.test_client()
    page = html.unescape(client.get("/api/docs/works").text)
    commands = re.findall(r"<code>(curl .*?)</code>", page)
    groups = [operation["tags"] for path in api["paths"].values() for operation in path.values()]
    assert len(commands) == groups.count(["Works"]) + groups.count(["works"]) > 3
    searched = shlex.split(commands[0])[-1]
    assert searched == "http://localhost/api/v1/works?q=neural+decoding&per_page=2"
    assert client.get(searched).status_code == 200
    assert "string, repeatable" in page
    assert "list of" not in page.partition("<h2>Schemas</h2>")[0].partition("Responses")[0]
    assert "| <" not in page
    assert "default true" in page
    for group in {operation["tags"][0] for path in api["paths"].values() for operation in path.values()}:
        assert len(client.get(f"/api/docs/{group}").data) < 100_000, group


def test_a_schema_that_contains_itself_ends() -> None:
    schemas = {"Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}}
    assert len(json.dumps(example_of(schemas["Node"], schemas))) < 100

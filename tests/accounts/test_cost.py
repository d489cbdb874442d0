"""Hostile input costs every endpoint time in proportion to its length: each route, path, parameter, body and form.

Routes come from the URL map, parameters and bodies from the OpenAPI document, and fields of forms from the source of
the views, so that new ones are tested without a change here. OpenSearch has no documents.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import logging
import re
import time
from functools import cache
from http import HTTPStatus
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from search_api.http.openapi import describe
from tests.accounts.conftest import NoOpenSearch
from tests.people import browser, log_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.routing import Rule

    from tests.people import Person

LENGTH = 20_000
SHAPES = ("(", "a")
#: Tried by `make test-all`: each takes 8 s of CPU.
MORE_SHAPES = (
    *('"', "\\emph{", "\u4e2d"),
    *(
        "-(",
        "[{(",
        '("',
        '" ',
        "-",
        "- ",
        "a ",
        'title:"',
        "OR ",
        "1",
        "_",
        "\t",
        "$",
        "\\",
        "\\SI{",
        "{",
        "}",
        "&",
        "&a=",
    ),
    *(
        "%",
        "/",
        "//",
        ".",
        "a.",
        "https://",
        "\n",
        "\u3042",
        "\u0e01",
        "e\u0301",
        "\u200d",
        "\u202e",
        "\U0001f600",
        "\0",
    ),
    *("=", "a, ", "~", "10.1/", "-a ", "a:", " ", "$a", "<", "1,", "\u0301", "a@"),
)
#: Fields in one form.
FIELDS = 8
#: A request that is faster is not compared: what is quadratic takes seconds for 20,000 characters.
FAST = 0.1
FIELD_OF_SCHEMA = re.compile(r"(?m)^ +(\w+) = ")
WORD_OF_FORM = re.compile(r'[(\[,] ?"(\w+)"')


class NoDocuments(NoOpenSearch):
    """An OpenSearch with empty indices."""

    indices = SimpleNamespace(exists_alias=lambda name: bool(name))

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        return {**super().search(index, body), "suggest": {name: [] for name in body.get("suggest", {})}}


@pytest.fixture
def opensearch() -> NoDocuments:
    return NoDocuments()


class Endpoint(NamedTuple):
    """A method of a route, with the names of its parameters and of the fields of its body."""

    method: str
    rule: Rule
    parameters: tuple[str, ...]
    body: dict[str, Any] | None


def _resolved(schema: dict[str, Any], api: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return api["components"]["schemas"][name] if name else schema


@cache
def form_fields(module: str) -> tuple[str, ...]:
    """Return the words that the views of a module may read from a form, in its source and in its schemas."""
    words = set(WORD_OF_FORM.findall(inspect.getsource(importlib.import_module(module))))
    schemas = f"{module.rpartition('.')[0]}.schemas"
    if importlib.util.find_spec(schemas):
        words |= set(FIELD_OF_SCHEMA.findall(inspect.getsource(importlib.import_module(schemas))))
    return tuple(sorted(words))


@cache
def endpoints(app: Flask) -> list[Endpoint]:
    """Return all endpoints. Pages of records have no description, and get the parameters of all of the API."""
    with app.app_context():
        api = describe(app)
    described = [operation for path in api["paths"].values() for operation in path.values()]
    everything = sorted({name for operation in described for name in _parameters(operation)})
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+?)_?>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if operation := api["paths"].get(path, {}).get(method.lower()):
                content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                properties = _resolved(content.get("schema", {}), api).get("properties")
                found.append(Endpoint(method, rule, tuple(_parameters(operation)), properties))
            else:
                names = everything if rule.endpoint.startswith("web.") else ["next", "page"]
                found.append(Endpoint(method, rule, tuple(names), None))
    return found


def _parameters(operation: dict[str, Any]) -> list[str]:
    return [item["name"] for item in operation.get("parameters", ()) if item["in"] == "query"]


def _value(schema: dict[str, Any], text: str) -> Any:
    """Return a value of the type of a field in a body that contains a text, so that it is not refused for its type."""
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "array" in kinds:
        return [text]
    return True if "boolean" in kinds else text


def requests(app: Flask, endpoint: Endpoint, text: str) -> Iterator[dict[str, Any]]:
    """Yield requests with a text in the path, in each parameter, in all of them, and in the body or form."""
    arguments = {name: 1 if "int" in str(rule).lower() else "a" for name, rule in endpoint.rule._converters.items()}

    def request(arguments: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"arguments": arguments, **more}

    if endpoint.rule.arguments:
        yield request({name: text if value == "a" else value for name, value in arguments.items()})
    if "q" in endpoint.parameters:
        yield request(arguments, query_string={"q": text})
    if endpoint.parameters:
        yield request(arguments, query_string=dict.fromkeys(endpoint.parameters, text))
    if endpoint.method not in {"GET", "DELETE"}:
        if endpoint.body is not None:
            yield request(arguments, json={name: _value(field, text) for name, field in endpoint.body.items()})
        else:
            fields = form_fields(app.view_functions[endpoint.rule.endpoint].__module__)
            # Not all at once: a form of more than 500 kB would be kept in a file.
            for first in range(0, len(fields), FIELDS):
                sent = dict.fromkeys(fields[first : first + FIELDS], text)
                yield request(arguments, data=sent, content_type="multipart/form-data")


def cost(client: Person, endpoint: Endpoint, number: int, text: str) -> float:
    """Return the CPU seconds of the request with this number."""
    request = list(requests(client.application, endpoint, text))[number]
    adapter = client.application.url_map.bind("localhost")
    path = adapter.build(endpoint.rule.endpoint, request.pop("arguments"), endpoint.method)
    began = time.process_time()
    response = client.open(path, method=endpoint.method, **request)
    assert (
        response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        or response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    )
    response.get_data()
    return time.process_time() - began


def assert_linear(client: Person, endpoint: Endpoint, shape: str) -> None:
    for number in range(len(list(requests(client.application, endpoint, "")))):
        for attempt in range(3):
            twice = cost(client, endpoint, number, (shape * LENGTH)[:LENGTH])
            if twice < FAST:
                break
            once = cost(client, endpoint, number, (shape * LENGTH)[: LENGTH // 2])
            if twice <= 2.6 * once + FAST:
                break
            assert attempt < 2, (endpoint.method, endpoint.rule.rule, number, once, twice)


@pytest.mark.parametrize("shape", [*SHAPES, *(pytest.param(shape, marks=pytest.mark.deep) for shape in MORE_SHAPES)])
def test_twice_the_input_takes_about_twice_the_time(app: Flask, shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Each query would be logged with the reason why it cannot be embedded.
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    for number, endpoint in enumerate(endpoints(app)):
        # An account for each: some endpoints log it out, or delete it.
        client = browser(app) if endpoint.rule.endpoint.startswith("web.") else log_in(app, f"Ada {number}", admin=True)
        assert_linear(client, endpoint, shape)


def test_routes_parameters_and_forms_are_found(app: Flask) -> None:
    found = {(endpoint.method, endpoint.rule.rule): endpoint for endpoint in endpoints(app)}
    assert "q" in found["GET", "/api/v1/works"].parameters
    assert found["POST", "/api/v1/works/similar"].body
    assert {"email", "password"} <= set(form_fields("accounts.login.pages"))
    assert {"bio"} <= set(form_fields("accounts.claims.pages"))
    assert len(found) > 100

"""OpenAPI against the app, both ways; and requests made up from it, which never break the service.

That answers fit their schemas is checked wherever a live test asks the sample: see `CheckedClient`.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.actors import SCOPES
from accounts.claims.models import Claim
from tests.people import accounts_of, log_in, program

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

KNOWN = {
    "works": "arxiv:1910.00744",
    "researchers": "konrad-p-kording-4bafdee5",
    "topics": "cs.LG",
    "institutions": "university-of-edinburgh",
}
#: Parameters without which there is no answer.
NEEDED = {"/api/v1/graph": "?topic=cs.LG"}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: Requests made up for each operation: 20 s in all. EXAMPLES=150 in the environment takes 80 s.
EXAMPLES = int(os.environ.get("EXAMPLES", "25"))


@pytest.fixture
def api(client: FlaskClient) -> dict[str, Any]:
    described: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return described


def test_the_description_is_valid(api: dict[str, Any]) -> None:
    assert api["openapi"].startswith("3.1")
    validate(api)


def test_every_route_for_programs_is_described_and_nothing_else(api: dict[str, Any], sample_app: Flask) -> None:
    pages = {"web", "accounts", "static"}
    rules = [rule for rule in sample_app.url_map.iter_rules() if rule.endpoint.partition(".")[0] not in pages]
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+?)_?>", r"{\1}", rule.rule), method.lower())
        for rule in rules
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}
    }
    described = {(path, method) for path, operations in api["paths"].items() for method in operations}
    assert described == routes


def test_every_described_read_answers(api: dict[str, Any], client: FlaskClient, sample_app: Flask) -> None:
    ada = log_in(sample_app, "Ada", admin=True)
    with accounts_of(sample_app).begin() as session:
        session.add(Claim(account_id=ada.account_id, researcher_id="ada", status="verified", proof="admin"))
    asked = [path for path, operations in api["paths"].items() if "get" in operations]
    assert len(asked) > 15
    for path in asked:
        if {"{token}", "{invitation_id}"} & set(path.replace(".", "/").split("/")):
            continue  # there is none that is known here; the tests of accounts make some
        kind = next((kind for kind in KNOWN if f"/{kind}/" in path), "")
        address = path.replace("{id}", KNOWN.get(kind, "")).replace("{group}", "works") + NEEDED.get(path, "")
        assert ada.get(address).status_code == 200, path
        assert client.get(address).status_code == (401 if "security" in api["paths"][path]["get"] else 200), path


def test_parameters_look_as_they_are_read(api: dict[str, Any]) -> None:
    parameters = {one["name"]: one for one in api["paths"]["/api/v1/works"]["get"]["parameters"]}
    assert {"q", "mode", "sort", "topic", "year", "facets", "select", "cursor"} <= parameters.keys()
    assert parameters["topic"]["explode"] is True
    assert parameters["facets"]["explode"] is False
    assert all("null" not in str(one["schema"]).lower() for one in parameters.values())


def test_bodies_are_shown_as_a_page(client: FlaskClient, api: dict[str, Any]) -> None:
    page = client.get("/api/docs").text
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            assert f"{method.upper()} {path}" in page
            if "requestBody" in operation:
                page_of_group = client.get(f"/api/docs/{operation['tags'][0]}").text
                (content,) = operation["requestBody"]["content"].values()
                assert f"#schema-{content['schema']['$ref'].rpartition('/')[2]}" in page_of_group


def ask_all(app: Flask, token: str | None, examples: int, *, only_scoped: bool) -> int:
    """Send made-up requests to every operation, with a token if there is one; return the number of operations."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    results: Any = schema.get_all_operations()
    operations = [result.ok() for result in results]
    if only_scoped:
        operations = [operation for operation in operations if "x-scope" in operation.definition.raw]
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def ask(case: schemathesis.Case[Any]) -> None:
            case.headers.pop("Authorization", None)
            case.cookies.clear()
            case.call_and_validate(checks=CHECKS, headers=headers)

        ask()
    return len(operations)


@pytest.mark.fuzz
def test_requests_made_up_from_it_never_break_the_service(sample_app: Flask) -> None:
    assert ask_all(sample_app, None, EXAMPLES, only_scoped=False) > 15


@pytest.mark.fuzz
@pytest.mark.parametrize("scope", [*SCOPES, "all"])
def test_nor_do_those_with_a_token(sample_app: Flask, scope: str) -> None:
    """For each scope a token that has it alone, and one that has all; of an administrator who owns a profile."""
    root = log_in(sample_app, f"Root {scope}", admin=True, email=f"{scope}@example.org")
    with accounts_of(sample_app).begin() as session:
        session.add(Claim(account_id=root.account_id, researcher_id=f"root-{scope}", status="verified", proof="admin"))
    client = program(sample_app, root.account_id, *(SCOPES if scope == "all" else [scope]))
    token = client.environ_base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    examples = max(2, EXAMPLES // (2 if scope == "all" else 10))
    assert ask_all(sample_app, token, examples, only_scoped=True) > 15


def test_only_methods_of_the_path_are_allowed(client: FlaskClient) -> None:
    """A rule with a wildcard, as `/researchers/<path:id>`, matches the paths below it too."""
    claim = "/api/v1/researchers/x/claim"
    for response in (client.options(claim), client.put(claim)):
        assert set(response.headers["Allow"].split(", ")) == {"POST", "DELETE", "OPTIONS"}
    assert set(client.options("/api/v1/researchers/x").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("value", ["a" * 1_000_000, "%00", "%E2%80%AE", "%C3%A9" * 500, "%ff", "%22%20OR%20*%3A*"])
def test_no_parameter_of_any_route_can_break_it(client: FlaskClient, api: dict[str, Any], value: str) -> None:
    for path, operations in api["paths"].items():
        known = KNOWN.get(next((kind for kind in KNOWN if f"/{kind}/" in path), ""), "")
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] == "path":
                address = path.replace("{id}", value)
            else:
                address = f"{path.replace('{id}', known)}?{parameter['name']}={value}"
            response = client.get(address)
            allowed = {401} if "security" in operations["get"] else {200, 400, 404}
            assert response.status_code in allowed, address[:200]
            assert response.status_code == 200 or response.mimetype == "application/problem+json"

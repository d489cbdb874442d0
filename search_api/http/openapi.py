"""The OpenAPI 3.1 document, built from the schemas that check arguments and serialize responses, and its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response, abort, current_app, json, render_template, request

from search_api.http import args as arguments
from search_api.http.args import Args
from search_api.http.endpoint import ATOM, Described, Plain, plain
from search_api.http.examples import request_example, response_example
from search_api.http.extensions import installed
from search_api.http.public_url import absolute
from search_api.http.schemas import ProblemSchema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

blueprint = Blueprint("openapi", __name__)

#: Key of `app.extensions`.
KEY = "peerscope-openapi"
#: Groups of routes at the beginning and the end of the page.
FIRST = ("works", "researchers", "topics", "institutions", "graphs", "autocomplete", "overview")
LAST = ("admin", "moderation", "health", "openapi")
ERRORS = {
    "400": "A parameter is invalid.",
    "401": "Authentication is missing, or the token is unknown or has expired.",
    "403": "This account or this token is not permitted to do that.",
    "404": "No object has this id.",
    "409": "The request conflicts with the current state; `detail` says why.",
    "413": "The request body is too large.",
    "414": "The URL is too long.",
    "422": "The request body is invalid.",
    "429": "Too many requests from one address; retry after `Retry-After` seconds.",
    "503": "The search engine is unavailable; retry after `Retry-After` seconds.",
}
#: Errors of requests with a body only.
BODY_ERRORS = {"413", "422"}
#: Errors of endpoints with a scope only.
ACCOUNT_ERRORS = {"401", "403", "409"}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@blueprint.get("/api/v1/openapi.json")
@plain("This description", "application/json", also=("304", "400", "429"))
def description() -> Response:
    """Return the description of the API."""
    arguments.parse(Args(), request.args)
    return Response(_document(current_app).text, content_type="application/json")


@blueprint.get("/api/docs")
@plain("This description as pages", "text/html")
def docs() -> str:
    """Show every route of the API, with a link to the page of its group."""
    api = _document(current_app).api
    operations = (operation for path in api["paths"].values() for operation in path.values())
    groups = dict.fromkeys(operation["tags"][0] for operation in operations)
    ordered = sorted(groups, key=lambda group: (FIRST.index(group) if group in FIRST else len(FIRST), group in LAST))
    return render_template("docs.html", api=api, groups=ordered, errors=ERRORS)


@blueprint.get("/api/docs/<group>")
@plain("One group of routes as a page", "text/html")
def docs_of(group: str) -> str:
    """Show one group of routes, with the schemas of their requests and responses."""
    api = _document(current_app).api
    paths = {
        path: of_group
        for path, operations in api["paths"].items()
        if (of_group := {method: operation for method, operation in operations.items() if group in operation["tags"]})
    }
    if not paths:
        abort(HTTPStatus.NOT_FOUND)
    schemas = api["components"]["schemas"]
    return render_template(
        "docs_group.html",
        api=api,
        group=group,
        paths=paths,
        schemas=_reached(paths, schemas),
        request_example=partial(request_example, schemas=schemas, origin=absolute("")),
        response_example=partial(response_example, schemas=schemas),
    )


def _reached(start: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas that a part of the document refers to, directly or through others, by name."""
    reached: dict[str, Any] = {}
    pending = [start]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in reached:
                reached[name] = schemas[name]
                pending.append(schemas[name])
            pending += node.values()
        elif isinstance(node, list):
            pending += node
    return dict(sorted(reached.items()))


@dataclass(frozen=True)
class _Document:
    """The document of an app, and its text."""

    api: dict[str, Any]
    text: str


def _document(app: Flask) -> _Document:
    """Return the document of an app, built at the first request: that takes 50 ms."""
    if KEY not in app.extensions:
        api = describe(app)
        app.extensions[KEY] = _Document(api, json.dumps(api))
    document: _Document = app.extensions[KEY]
    return document


def describe(app: Flask) -> dict[str, Any]:
    """Build the OpenAPI document of all views decorated with `endpoint` or `plain`."""
    spec = APISpec(
        title="Peerscope",
        version=version("peerscope"),
        openapi_version="3.1.0",
        info={"description": "Who works on this, what else is like this, and which researchers are like this one."},
        plugins=[MarshmallowPlugin()],
    )
    spec.components.schema("Problem", schema=ProblemSchema)
    schemes = {name: scheme for extension in installed(app) for name, scheme in extension.security_schemes.items()}
    for scheme, description in schemes.items():
        spec.components.security_scheme(scheme, description)
    views = {rule.endpoint: rule for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)}
    for name, rule in views.items():
        view = app.view_functions[name]
        path = re.sub(r"<(?:\w+:)?(\w+?)_?>", r"{\1}", rule.rule)
        described = getattr(view, "described", None)
        if isinstance(described, Described):
            (method,) = (rule.methods or set()) & METHODS
            operation = _operation(name, described, view.__doc__, path, schemes)
            spec.path(path=path, operations={method.lower(): operation})
        elif isinstance(described := getattr(view, "plain", None), Plain):
            spec.path(path=path, operations={"get": _plain(name, described, view.__doc__, path)})
    result: dict[str, Any] = spec.to_dict()
    for path_item in result["paths"].values():
        for operation in path_item.values():
            _tidy(operation, result["components"]["schemas"])
    return result


def _tidy(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Add what marshmallow's schemas cannot express: how a parameter is written in a URL, and what `select` does."""
    for parameter in operation["parameters"]:
        schema = parameter["schema"]
        # An absent parameter is loaded as null, which cannot be sent.
        if isinstance(schema.get("type"), list):
            schema["type"] = next(kind for kind in schema["type"] if kind != "null")
        if "enum" in schema:
            schema["enum"] = [value for value in schema["enum"] if value is not None]
            if parameter["in"] == "query" and schema.get("type") == "string" and not parameter.get("required"):
                schema["enum"].append("")  # an empty parameter counts as absent
        if schema.get("default", "") is None:
            del schema["default"]
        if schema.get("type") == "array" and "enum" in schema["items"]:
            parameter["explode"] = False
        if parameter["name"] == "select":
            answer = schemas[_name_of(operation["responses"]["200"])]
            _loosen(answer, schemas)


def _name_of(response: dict[str, Any]) -> str:
    reference: str = response["content"]["application/json"]["schema"]["$ref"]
    return reference.rpartition("/")[2]


def _loosen(answer: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Make the fields optional that `select` can leave out: of the object itself, or of the results of a list."""
    results = answer["properties"].get("results")
    schema = schemas[results["items"]["$ref"].rpartition("/")[2]] if results else answer
    if schema.pop("required", None):
        schema["description"] = "All fields are present unless `select` names some; unknown values are null."


def _plain(name: str, plain: Plain, text: str | None, path: str) -> dict[str, Any]:
    body = {"type": "object" if plain.media == "application/json" else "string"}
    content = {"content": {plain.media: {"schema": body}}}
    errors = _errors("{" in path, with_body=False)
    if plain.media != ATOM and "{" not in path:
        errors = {status: answer for status, answer in errors.items() if status in plain.also}
    return {
        "operationId": name.replace(".", "_"),
        "tags": [name.partition(".")[0]],
        "summary": plain.summary,
        "description": text or "",
        "parameters": [*_ids(path), {"in": "query", "schema": plain.args}],
        "responses": {
            "200": {"description": "Success.", **content},
            **errors,
        },
    }


def _ids(path: str) -> list[dict[str, Any]]:
    return [
        {"in": "path", "name": part, "required": True, "schema": {"type": "string", "minLength": 1}}
        for part in re.findall(r"{(\w+)}", path)
    ]


def _errors(with_id: bool, *, with_body: bool, with_account: bool = False) -> dict[str, Any]:
    moved = (
        {"301": {"description": "The id was merged into another; `Location` has the canonical one."}} if with_id else {}
    )
    never = (
        ({"404"} if not with_id else set())
        | (BODY_ERRORS if not with_body else set())
        | (ACCOUNT_ERRORS if not with_account else set())
    )
    return {
        **moved,
        **({} if with_account else {"304": {"description": "Not modified since the response with this ETag."}}),
        **{
            status: {"description": why, "content": {"application/problem+json": {"schema": "Problem"}}}
            for status, why in ERRORS.items()
            if status not in never
        },
    }


def _operation(name: str, described: Described, text: str | None, path: str, schemes: Iterable[str]) -> dict[str, Any]:
    texts = {media: {"schema": {} if media.endswith("+json") else {"type": "string"}} for media in described.media}
    with_id = "{" in path or getattr(described.args, "names_one", False)
    content = {"content": {"application/json": {"schema": described.answer}, **texts}}
    answer = {"description": "Success.", **(content if described.status != HTTPStatus.NO_CONTENT else {})}
    with_body, scope = described.body is not None, described.scope
    body = {"required": True, "content": {"application/json": {"schema": described.body}}}
    return {
        "operationId": name.replace(".", "_"),
        "tags": [name.partition(".")[0]],
        "summary": described.summary,
        "description": text or "",
        "parameters": [*_ids(path), {"in": "query", "schema": described.args}],
        **({"requestBody": body} if described.body else {}),
        **({"security": [{scheme: []} for scheme in schemes], "x-scope": scope} if scope else {}),
        "responses": {
            str(described.status): answer,
            **_errors(with_id, with_body=with_body, with_account=scope is not None),
        },
    }

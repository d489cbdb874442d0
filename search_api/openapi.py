"""OpenAPI 3.1, made from the same schemas that check arguments and dump answers, so it cannot say anything else."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint, Response, current_app, json, render_template

from search_api.endpoint import Described
from search_api.schemas import ProblemSchema

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("openapi", __name__)

ERRORS = {
    "400": "A parameter is wrong.",
    "404": "Nothing has this id.",
    "413": "The body is too large.",
    "422": "The body cannot be used.",
    "503": "The search engine is away.",
}
#: Errors that only a request with a body can meet.
BODY_ERRORS = {"413", "422"}


@blueprint.get("/api/v1/openapi.json")
def description() -> Response:
    """Give the description of the API."""
    return Response(json.dumps(describe(current_app)), content_type="application/json")


@blueprint.get("/api/docs")
def docs() -> str:
    """Show the description of the API as a page."""
    return render_template("docs.html", api=describe(current_app))


def describe(app: Flask) -> dict[str, Any]:
    """Give the OpenAPI document of all views made by `endpoint`."""
    spec = APISpec(
        title="Peerscope",
        version=version("peerscope"),
        openapi_version="3.1.0",
        info={"description": "Who works on this, what else is like this, and which researchers are like this one."},
        plugins=[MarshmallowPlugin()],
    )
    spec.components.schema("Problem", schema=ProblemSchema)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        described = getattr(view, "described", None)
        if isinstance(described, Described):
            path = re.sub(r"<(?:path:)?(\w+?)_?>", r"{\1}", rule.rule)
            operation = _operation(rule.endpoint, described, view.__doc__, path)
            spec.path(path=path, operations={"post" if described.body else "get": operation})
    result: dict[str, Any] = spec.to_dict()
    return result


def _operation(name: str, described: Described, text: str | None, path: str) -> dict[str, Any]:
    ids = [
        {"in": "path", "name": part, "required": True, "schema": {"type": "string"}}
        for part in re.findall(r"{(\w+)}", path)
    ]
    errors = {
        status: {"description": why, "content": {"application/problem+json": {"schema": "Problem"}}}
        for status, why in ERRORS.items()
        if (status != "404" or ids) and (status not in BODY_ERRORS or described.body)
    }
    texts = {media: {"schema": {"type": "string"}} for media in described.media}
    answer = {"description": "The answer.", "content": {"application/json": {"schema": described.answer}, **texts}}
    body = {"required": True, "content": {"application/json": {"schema": described.body}}}
    return {
        "operationId": name.replace(".", "_"),
        "tags": [name.partition(".")[0]],
        "summary": described.summary,
        "description": text or "",
        "parameters": [*ids, {"in": "query", "schema": described.args}],
        **({"requestBody": body} if described.body else {}),
        "responses": {"200": answer, **errors},
    }

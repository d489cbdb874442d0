"""Examples of requests and responses, derived from the OpenAPI document for the pages of the API documentation."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    Schema = Mapping[str, Any]

#: Nested objects and lists that are shown; deeper ones are empty.
DEPTH = 6
#: Values of strings by the name of their field; others are `...`.
TEXTS = {
    "id": "arxiv:1910.00744",
    "ids": "arxiv:1910.00744",
    "title": "Reverse-Engineering Deep ReLU Networks",
    "name": "David Rolnick",
    "preferred_name": "David Rolnick",
    "abstract": "The output of a neural network depends on its architecture ...",
    "text": "recording many neurons at once",
    "researcher_id": "david-rolnick-1a2b3c4d",
    "like": "david-rolnick-1a2b3c4d",
    "candidates": "david-rolnick-1a2b3c4d",
    "label": "Machine Learning",
    "key": "cs.LG",
    "topic": "cs.LG",
    "target": "cs.LG",
    "type": "preprint",
    "venue": "arXiv",
    "source": "arXiv",
    "language": "en",
    "doi": "10.48550/arXiv.1910.00744",
    "url": "https://arxiv.org/abs/1910.00744",
    "orcid": "0000-0002-1825-0097",
    "ror": "https://ror.org/00b30xv10",
    "affiliation": "University of Pennsylvania",
    "email": "you@example.org",
    "query": "q=neural+decoding&topic=cs.LG",
    "self": "/api/v1/works/arxiv:1910.00744",
    "html": "/works/arxiv:1910.00744",
    "count_relation": "eq",
    "mode": "hybrid",
    "date": "2019-10-02",
}
NUMBERS = {"year": 2019, "first_year": 2013, "last_year": 2025, "works_count": 23, "count": 120, "per_page": 25}
#: Values of parameters in an example's address, for those that a request has.
PARAMETERS = {"q": "neural decoding", "about": "neural decoding", "per_page": "2"}
FORMATS = {"date-time": "2026-01-31T12:00:00+00:00", "date": "2026-01-31", "uri": "https://example.org/"}


def example_of(schema: Schema, schemas: Mapping[str, Schema], name: str = "", depth: int = DEPTH) -> Any:
    """Return a value that a schema describes, with one element in each list; `name` is that of its field."""
    if reference := schema.get("$ref"):
        return example_of(schemas[reference.rpartition("/")[2]], schemas, name, depth)
    if choices := schema.get("anyOf"):
        return example_of(choices[0], schemas, name, depth)
    if "enum" in schema:
        return next((value for value in schema["enum"] if value is not None), None)
    kinds = schema.get("type", [])
    kind = next((kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"), None)
    if kind == "array":
        return [example_of(schema.get("items", {}), schemas, name, depth - 1)] if depth else []
    if kind == "object" or "properties" in schema:
        return _object(schema, schemas, depth)
    if kind == "string":
        return FORMATS.get(schema.get("format", ""), TEXTS.get(name, "..."))
    if kind == "boolean":
        return False
    if kind in {"integer", "number"}:
        return NUMBERS.get(name, max(1, schema.get("minimum", 1)) if kind == "integer" else 0.5)
    return None


def _object(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> dict[str, Any]:
    if not depth:
        return {}
    fields = schema.get("properties", {})
    values = {name: example_of(value, schemas, name, depth - 1) for name, value in fields.items()}
    others = schema.get("additionalProperties")
    return values or ({"...": example_of(others, schemas, "", depth - 1)} if isinstance(others, dict) else {})


def request_example(method: str, path: str, operation: Schema, schemas: Mapping[str, Schema], origin: str) -> str:
    """Return a request as a command of curl. `origin` is the scheme and host of the site."""
    parameters = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
    for name, parameter in parameters.items():
        if parameter["in"] == "path":
            value = example_of(parameter["schema"], schemas, "researcher_id" if "/researchers/" in path else name)
            path = path.replace(f"{{{name}}}", quote(str(value), safe=":."))
    chosen = {name: value for name, value in PARAMETERS.items() if name in parameters}
    if "q" in chosen:
        chosen.pop("about", None)
    words = ["curl", *(["-X", method.upper()] if method not in {"get", "post"} else [])]
    if operation.get("x-scope"):
        words += ["-H", "Authorization: Bearer psk_..."]
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        body = example_of(content["schema"], schemas)
        words += ["-H", f"Content-Type: {media}", "-d", json.dumps(body, ensure_ascii=False)]
    return shlex.join([*words, origin + path + (f"?{urlencode(chosen)}" if chosen else "")])


def response_example(operation: Schema, schemas: Mapping[str, Schema]) -> str | None:
    """Return the JSON of a successful response, indented; None if it has none."""
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json")
        if status < "300" and content:
            value = example_of(content["schema"], schemas)
            return json.dumps(value, indent=1, ensure_ascii=False) if value else None
    return None

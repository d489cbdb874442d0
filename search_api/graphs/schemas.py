"""The question for a graph around a thing of any kind."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from search_api.graph import KINDS
from search_api.graph_schemas import GraphArgs


def _centre(kind: str) -> fields.String:
    return fields.String(
        load_default=None, validate=validate.Length(min=1, max=1_000), metadata={"description": f"Id of a {kind}."}
    )


class AroundArgs(GraphArgs):
    """The centre, which is exactly one thing, and how much around it."""

    #: The parameters name one thing, so the answer may be 404 or 301 as with an id in the path.
    names_one = True

    work = _centre("work")
    researcher = _centre("researcher")
    topic = _centre("topic")
    institution = _centre("institution")

    @validates_schema
    def _one_centre(self, data: dict[str, Any], **_: Any) -> None:
        given = [kind for kind in KINDS if data.get(kind)]
        if len(given) != 1:
            raise ValidationError({kind: [f"Exactly one of {', '.join(KINDS)}."] for kind in given or ["researcher"]})

"""Schemas of graphs: parameters and results."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from search_api.graphs.around import EDGES, KINDS
from search_api.http.args import Args, CommaList, Whole
from search_api.http.schemas import Links


class Node(Schema):
    """An entity in a graph."""

    id = fields.String(
        required=True, metadata={"description": "Id of the entity; `kind:id` if another node has that id."}
    )
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    label = fields.String(required=True)
    weight = fields.Float(
        required=True, metadata={"description": "In [0, 1]: how strongly it is connected to the centre."}
    )


class Edge(Schema):
    """A relation between two nodes."""

    source = fields.String(required=True)
    target = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(EDGES))
    weight = fields.Integer(
        required=True, metadata={"description": "Number of works it is based on, of those that were read."}
    )


class Graph(Schema):
    """Nodes, the centre first, and edges between them."""

    nodes = fields.List(fields.Nested(Node), required=True)
    edges = fields.List(fields.Nested(Edge), required=True)
    links = fields.Nested(Links, required=True)


class GraphArgs(Args):
    """Parameters of the graph around an entity."""

    depth = Whole(
        load_default=1, validate=validate.Range(min=1, max=2), metadata={"description": "Steps from the centre."}
    )
    limit = Whole(
        load_default=60,
        validate=validate.Range(min=1, max=200),
        metadata={"description": "Nodes, including the centre."},
    )
    kind = CommaList(KINDS, metadata={"description": "Only nodes of these kinds, besides the centre."})


def _centre(kind: str) -> fields.String:
    return fields.String(
        load_default=None, validate=validate.Length(min=1, max=1_000), metadata={"description": f"Id of a {kind}."}
    )


class AroundArgs(GraphArgs):
    """Parameters of a graph: exactly one centre, and how much around it."""

    #: The parameters name one entity, so the response may be 404 or 301 as with an id in the path.
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

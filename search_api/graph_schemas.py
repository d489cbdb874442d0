"""A graph over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from search_api.args import Args, CommaList
from search_api.graph import EDGES, KINDS
from search_api.schemas import Links


class Node(Schema):
    """A thing in a graph."""

    id = fields.String(required=True, metadata={"description": "Its own id; `kind:id` where another node has that."})
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    label = fields.String(required=True)
    weight = fields.Float(required=True, metadata={"description": "In [0, 1]: how strongly it hangs on the centre."})


class Edge(Schema):
    """What joins two nodes."""

    source = fields.String(required=True)
    target = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(EDGES))
    weight = fields.Integer(required=True, metadata={"description": "Works behind it, of those that were read."})


class Graph(Schema):
    """Nodes, the centre first, and edges between them."""

    nodes = fields.List(fields.Nested(Node), required=True)
    edges = fields.List(fields.Nested(Edge), required=True)
    links = fields.Nested(Links, required=True)


class GraphArgs(Args):
    """How much around the centre."""

    depth = fields.Integer(
        load_default=1, validate=validate.Range(min=1, max=2), metadata={"description": "Steps from the centre."}
    )
    limit = fields.Integer(
        load_default=60,
        validate=validate.Range(min=1, max=200),
        metadata={"description": "Nodes, the centre included."},
    )
    kind = CommaList(KINDS, metadata={"description": "Only nodes of these kinds, besides the centre."})

"""Schemas that all responses share: the envelope of a list, facets, links, and problems."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields


class Links(Schema):
    """URLs of this response and of the previous and next page."""

    self = fields.String(required=True)
    next = fields.String(allow_none=True)
    prev = fields.String(allow_none=True)


class Interpreted(Schema):
    """The item that an identifier given as query identifies."""

    kind = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "`work`, `researcher` or `institution`; null if unknown."},
    )
    id = fields.String(required=True, metadata={"description": "The id of the item; of an unknown one, normalized."})


class EntityLinks(Schema):
    """Links of an entity."""

    self = fields.String(required=True)
    html = fields.String(required=True)


class Entity(Schema):
    """A researcher, topic or institution that a query names."""

    kind = fields.String(required=True, metadata={"description": "`researcher`, `topic` or `institution`."})
    id = fields.String(required=True)
    label = fields.String(required=True)
    hint = fields.String(required=True, metadata={"description": "Distinguishes it from others of the same name."})
    links = fields.Nested(EntityLinks, required=True)


class Nearest(Schema):
    """A work that is too far from the query to be a result."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    semantic = fields.Float(required=True, metadata={"description": "Its cosine to the query."})


class Expansion(Schema):
    """An abbreviation and its long form, as works of the collection define it."""

    short = fields.String(required=True)
    long = fields.String(required=True)


class Aspect(Schema):
    """A part of a text, and how well a team covers it."""

    text = fields.String(required=True)
    covered = fields.Float(
        required=True, metadata={"description": "Score of the best member of the team, in [0, 1], as experts have it."}
    )
    member = fields.String(
        required=True, allow_none=True, metadata={"description": "Id of that member; null if no work matches."}
    )


class Meta(Schema):
    """Facts about a list."""

    count = fields.Integer(required=True, metadata={"description": "Number of results."})
    count_relation = fields.String(required=True, metadata={"description": "`eq`; `gte` if counting stopped there."})
    page = fields.Integer(allow_none=True)
    per_page = fields.Integer(required=True)
    mode = fields.String(allow_none=True, metadata={"description": "How the query was matched."})
    took_ms = fields.Integer(
        required=True,
        metadata={"description": "Milliseconds in the server from the arrival of the request until the results."},
    )
    next_cursor = fields.String(allow_none=True)
    degraded = fields.List(fields.String(), metadata={"description": "Parts that are unavailable, such as `semantic`."})
    did_you_mean = fields.String(
        metadata={"description": "The query in a spelling that has matches; present when a word of it matches nothing."}
    )
    entities = fields.List(
        fields.Nested(Entity), metadata={"description": "Up to three entities that the query names."}
    )
    expanded = fields.List(
        fields.Nested(Expansion), metadata={"description": "Abbreviations that were searched in both forms."}
    )
    author = fields.String(
        metadata={"description": "Words of the query that were understood as a name; all works are by people of it."}
    )
    unknown = fields.List(  # type: ignore[assignment]  # marshmallow moves fields off the class
        fields.String(), metadata={"description": "Ids in the request that the collection does not contain."}
    )
    nearest = fields.List(
        fields.Nested(Nearest), metadata={"description": "Up to five works that are nearest, when nothing is found."}
    )
    aspects = fields.List(
        fields.Nested(Aspect), metadata={"description": "Parts of the text that a team is to be completed for."}
    )
    interpreted = fields.Nested(Interpreted, metadata={"description": "Present when the query is an identifier."})


class FacetValue(Schema):
    """One value of a facet."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    count = fields.Integer(required=True)
    is_selected = fields.Boolean(required=True)


class Named(Schema):
    """An object with an id and a name."""

    id = fields.String(required=True)
    name = fields.String(required=True)


def list_of(result: type[Schema], name: str) -> type[Schema]:
    """Make the envelope schema of a list of `result`, under a name for OpenAPI."""
    parts: dict[str, Any] = {
        "meta": fields.Nested(Meta, required=True),
        "results": fields.List(fields.Nested(result), required=True),
        "facets": fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(FacetValue)), required=True),
        "links": fields.Nested(Links, required=True),
    }
    return Schema.from_dict(parts, name=name)


class ProblemSchema(Schema):
    """RFC 9457 problem details."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    request_id = fields.String(allow_none=True)

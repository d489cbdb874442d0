"""The first page: what is in the index, as numbers and pictures, and where to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template

from search_api.graphs.around import around
from search_api.http.services import services
from search_api.overview.search import overview
from search_api.web.blueprint import blueprint
from search_api.web.picture import Picture, picture

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Nodes of the picture.
NODES = 24


@blueprint.get("/")
def home() -> str:
    """Say what this is, how much there is, and where to begin."""
    found = overview(services())
    return render_template("home.html", found=found, graph=_picture(found["researchers"]))


def _picture(people: Sequence[dict[str, Any]]) -> Picture | None:
    """Draw what is around the first of these; nothing without works that join things."""
    if not people:
        return None
    first = people[0]
    drawn = picture(around(services(), ("researcher", first["id"]), first["name"], limit=NODES))
    return drawn if len(drawn.dots) > 1 else None

"""The route of graphs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from search_api.endpoint import endpoint
from search_api.graph_schemas import Graph
from search_api.graphs import search
from search_api.graphs.schemas import AroundArgs
from search_api.listing import address
from search_api.services import services

blueprint = Blueprint("graphs", __name__, url_prefix="/api/v1")


@blueprint.get("/graph")
@endpoint(AroundArgs, Graph, "What is around a work, researcher, topic or institution")
def graph(args: dict[str, Any]) -> Any:
    """Give nodes and edges around one thing; those that hang on it most strongly, within `limit`."""
    return {**search.graph(services(), args), "links": {"self": address(), "next": None, "prev": None}}

"""Routes of graphs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect

from search_api.graphs import search
from search_api.graphs.schemas import AroundArgs, Graph, GraphArgs
from search_api.http.endpoint import endpoint
from search_api.http.errors import RedirectError
from search_api.http.services import services
from search_api.retrieval.listing import address

blueprint = Blueprint("graphs", __name__, url_prefix="/api/v1")


@blueprint.get("/graph")
@endpoint(AroundArgs, Graph, "Graph around a work, researcher, topic or institution")
def graph(args: dict[str, Any]) -> Any:
    """Return the nodes most strongly connected to one entity, within `limit`, and the edges between them."""
    try:
        return _with_links(search.graph(services(), args))
    except RedirectError as merged:
        return redirect(address({"researcher": merged.id}), HTTPStatus.MOVED_PERMANENTLY)


@blueprint.get("/researchers/<path:id_>/graph")
@endpoint(GraphArgs, Graph, "Graph around a researcher")
def researcher_graph(args: dict[str, Any], id_: str) -> Any:
    """Return the nodes most strongly connected to a researcher, within `limit`, and the edges between them."""
    return _with_links(search.graph_of(services(), "researcher", id_, args))


def _with_links(graph: dict[str, Any]) -> dict[str, Any]:
    return {**graph, "links": {"self": address(), "next": None, "prev": None}}

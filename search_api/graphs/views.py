"""The route of graphs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect

from search_api.graphs import search
from search_api.graphs.schemas import AroundArgs, Graph
from search_api.http.endpoint import endpoint
from search_api.http.errors import MovedError
from search_api.http.services import services
from search_api.retrieval.listing import address

blueprint = Blueprint("graphs", __name__, url_prefix="/api/v1")


@blueprint.get("/graph")
@endpoint(AroundArgs, Graph, "What is around a work, researcher, topic or institution")
def graph(args: dict[str, Any]) -> Any:
    """Return nodes and edges around one thing; those that hang on it most strongly, within `limit`."""
    try:
        found = search.graph(services(), args)
    except MovedError as merged:
        return redirect(address({"researcher": merged.id}), HTTPStatus.MOVED_PERMANENTLY)
    return {**found, "links": {"self": address(), "next": None, "prev": None}}

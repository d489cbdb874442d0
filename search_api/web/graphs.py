"""The page to wander through the graph of works, people, topics and institutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from search_api.graphs import search
from search_api.graphs.around import KINDS
from search_api.graphs.schemas import AroundArgs
from search_api.http.errors import MovedError
from search_api.http.services import services
from search_api.web.blueprint import blueprint, parse
from search_api.web.picture import picture

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

#: Numbers of nodes to choose from.
SIZES = (30, 60, 120, 200)


@blueprint.get("/graph")
def graph() -> str | Response:
    """Show what is around one thing; without one, where to begin."""
    if not any(request.args.get(kind, "").strip() for kind in KINDS):
        return render_template("graph_start.html")
    args = parse(AroundArgs())
    try:
        found = search.graph(services(), args)
    except MovedError as merged:
        return redirect(url_for("web.graph", researcher=merged.id, **_how(args)), 301)
    drawn = picture(found, **_how(args))
    return render_template("graph.html", args=args, picture=drawn, kinds=KINDS, sizes=SIZES, chosen=args["kind"])


def _how(args: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that stay when another centre is chosen."""
    how = {"depth": args["depth"] if args["depth"] > 1 else None, "limit": request.args.get("limit", type=int)}
    return {**how, "kind": ",".join(args["kind"]) or None}

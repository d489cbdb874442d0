"""Pages that list and search, the home page and error pages. They call the same functions as the JSON views."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, g, redirect, render_template, request, url_for
from marshmallow import fields, validate

from search_api.graphs.around import around
from search_api.http.paging import own_cursor
from search_api.http.services import services
from search_api.institutions import search as institutions_search
from search_api.institutions.schemas import InstitutionsArgs
from search_api.overview.search import overview
from search_api.researchers import search as researchers_search
from search_api.researchers.fields import FACETS as RESEARCHER_FACETS
from search_api.researchers.fields import FIELDS as RESEARCHER_FIELDS
from search_api.researchers.fields import SORTS as RESEARCHER_SORTS
from search_api.researchers.schemas import ResearchersArgs
from search_api.retrieval import browse, filters
from search_api.topics import search as topics_search
from search_api.topics.schemas import TopicsArgs
from search_api.understanding.interpret import interpret
from search_api.web import addresses, by_example, detail, query_help, related, site, topic_fields, years
from search_api.web.blueprint import blueprint, parse, read_list, sort_choices
from search_api.web.picture import picture
from search_api.works import search as works_search
from search_api.works.fields import FACETS as WORK_FACETS
from search_api.works.fields import FIELDS as WORK_FIELDS
from search_api.works.fields import SORTS as WORK_SORTS
from search_api.works.plan import parse_filters
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response as AnyResponse

    from search_api.http.errors import Problem
    from search_api.web.picture import Picture

__all__ = ["blueprint", "by_example", "detail", "error_page", "query_help", "related", "site"]

#: Nodes of the graph on the home page.
HOME_NODES = 24
#: Tiles on a page of topics or institutions.
TILES = 24
#: Sources of works listed on the page about the collection.
SOURCES = 20


@blueprint.get("/")
def home() -> str:
    """Show what is in the index, and where to start."""
    result = overview(services())
    return render_template("home.html", overview=result, graph=_home_graph(result["researchers"]))


def _home_graph(researchers: Sequence[Mapping[str, Any]]) -> Picture | None:
    """Return the graph around the first researcher; None if nothing is connected to them."""
    if not researchers:
        return None
    first = researchers[0]
    drawn = picture(around(services(), ("researcher", first["id"]), first["name"], limit=HOME_NODES))
    return drawn if len(drawn.dots) > 1 else None


@blueprint.get("/about")
def about() -> str:
    """Show what the collection contains, where to report errors, and what is stored about readers."""
    sources = {"terms": {"field": "source", "size": SOURCES}}
    counted: dict[str, Any] = {"size": 0, "track_total_hits": True}
    names = services().names
    works, researchers = services().search_together(
        [(names.works, {**counted, "aggs": {"sources": sources}}), (names.researchers, counted)]
    )
    counts = {"works": works["hits"]["total"]["value"], "researchers": researchers["hits"]["total"]["value"]}
    return render_template("about.html", counts=counts, sources=works["aggregations"]["sources"]["buckets"])


@blueprint.get("/search")
def search() -> str | AnyResponse:
    """Search works, with facets. An identifier in the place of a query leads to its item."""
    if address := years.respelled_address():
        return redirect(address, HTTPStatus.SEE_OTHER)
    args = parse(WorksArgs()) | {"facets": WORK_FACETS, "highlight": True, "explain": False}
    if (named := interpret(services(), args["q"])) and named.kind:
        return redirect(url_for(f"web.{named.kind}", id_=named.id), HTTPStatus.SEE_OTHER)
    found = read_list(args, partial(works_search.search, services()))
    return render_template(
        "search.html",
        args=args,
        found=found,
        chips=addresses.chips(parse_filters(services(), args), found["facets"]),
        facets=WORK_FACETS,
        fields=WORK_FIELDS,
        sorts=sort_choices(found["results"], WORK_SORTS),
    )


class ResearchersPageArgs(ResearchersArgs):
    """Parameters of the page; `conflict` is a name that is looked up and added to `conflicts`."""

    conflict = fields.String(load_default="", validate=validate.Length(max=500))


@blueprint.get("/researchers")
def researchers() -> str | AnyResponse:
    """Search researchers by name or by research interest, with facets."""
    if address := years.respelled_address():
        return redirect(address, HTTPStatus.SEE_OTHER)
    args = parse(ResearchersPageArgs()) | {"facets": RESEARCHER_FACETS}
    namesakes = by_example.namesakes_of(args.pop("conflict"))
    if len(namesakes) == 1:
        added = addresses.replacing(("conflict",), ("conflicts", namesakes[0]["id"]))
        return redirect(added, HTTPStatus.SEE_OTHER)
    args["teams"] = request.args.get("teams") != "false" and not args["sort"]
    found = read_list(args, partial(researchers_search.search, services()))
    return render_template(
        "researchers.html",
        args=args,
        found=found,
        namesakes=namesakes,
        conflicts=by_example.names_of(args["conflicts"]),
        chips=addresses.chips(filters.parse(RESEARCHER_FIELDS, args), found["facets"]),
        facets=RESEARCHER_FACETS,
        fields=RESEARCHER_FIELDS,
        sorts=sort_choices(found["results"], RESEARCHER_SORTS),
    )


@blueprint.get("/topics")
def topics() -> str:
    """Browse topics; the first page starts with the fields above them."""
    args = _tiled(parse(TopicsArgs()))
    is_start = not args["q"].strip() and not args["parent"] and args["page"] == 1
    if not is_start:
        found = read_list(args, partial(topics_search.search, services()))
        return render_template("topics.html", args=args, found=found, fields=[])
    requests = [topics_search.request(args), topic_fields.request()]
    with own_cursor(browse.pagination_of(args)):
        response, above = services().search_together([(services().names.topics, body) for body in requests])
    found = topics_search.to_list(response, args)
    return render_template("topics.html", args=args, found=found, fields=topic_fields.read(above))


def _tiled(args: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a list of tiles: a page fills rows of two, three and four of them."""
    return args if "per_page" in request.args else {**args, "per_page": TILES}


@blueprint.get("/institutions")
def institutions() -> str:
    """Browse institutions."""
    args = _tiled(parse(InstitutionsArgs()))
    found = read_list(args, partial(institutions_search.search, services()))
    return render_template("institutions.html", args=args, found=found)


def error_page(problem: Problem) -> Response:
    """Return a problem as a page, with the status and headers of the API's response."""
    page = render_template("error.html", problem=problem, request_id=g.get("request_id"))
    return Response(page, problem.status, headers=problem.headers, content_type="text/html; charset=utf-8")

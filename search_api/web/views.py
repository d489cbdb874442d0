"""Routes of the pages. They ask what the JSON views ask, by the same functions, and show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, g, render_template

from search_api.http.paging import own_cursor
from search_api.http.services import services
from search_api.institutions import search as institutions_search
from search_api.institutions.schemas import InstitutionsArgs
from search_api.researchers import schemas as researchers_schemas
from search_api.researchers import search as researchers_search
from search_api.researchers.fields import FACETS as RESEARCHER_FACETS
from search_api.researchers.fields import FIELDS as RESEARCHER_FIELDS
from search_api.retrieval import browse, filters
from search_api.topics import schemas as topics_schemas
from search_api.topics import search as topics_search
from search_api.web import addresses, detail, graphs, home, profile, related, site, topic_fields
from search_api.web.blueprint import blueprint, parse
from search_api.works import schemas as works_schemas
from search_api.works import search as works_search
from search_api.works.fields import FACETS as WORK_FACETS
from search_api.works.plan import parse_filters

if TYPE_CHECKING:
    from search_api.http.errors import Problem

__all__ = ["blueprint", "detail", "error_page", "graphs", "home", "profile", "related", "site"]


@blueprint.get("/search")
def search() -> str:
    """Search works, with facets."""
    args = parse(works_schemas.WorksArgs()) | {"facets": WORK_FACETS, "highlight": True, "explain": False}
    found = works_search.search(services(), args)
    chips = addresses.chips(parse_filters(services(), args), found["facets"])
    return render_template("search.html", args=args, found=found, chips=chips, facets=WORK_FACETS)


@blueprint.get("/researchers")
def researchers() -> str:
    """Find researchers by name, or by what they work on."""
    args = parse(researchers_schemas.ResearchersArgs()) | {"facets": RESEARCHER_FACETS}
    found = researchers_search.search(services(), args)
    chips = addresses.chips(filters.parse(RESEARCHER_FIELDS, args), found["facets"])
    return render_template("researchers.html", args=args, found=found, chips=chips, facets=RESEARCHER_FACETS)


@blueprint.get("/topics")
def topics() -> str:
    """Browse topics."""
    args = parse(topics_schemas.TopicsArgs())
    is_start = not args["q"].strip() and not args["parent"] and args["page"] == 1
    index = services().names.topics
    bodies = [topics_search.request(args), *([topic_fields.request()] if is_start else [])]
    with own_cursor(browse.pagination_of(args)):
        listed, *top = services().search_together([(index, body) for body in bodies])
    return render_template(
        "topics.html",
        args=args,
        found=topics_search.to_list(listed, args),
        fields=[field for answer in top for field in topic_fields.fields(answer)],
    )


@blueprint.get("/institutions")
def institutions() -> str:
    """Browse institutions."""
    args = parse(InstitutionsArgs())
    return render_template("institutions.html", args=args, found=institutions_search.search(services(), args))


def error_page(problem: Problem) -> Response:
    """Return a problem as a page, with the status, facts and headers that the API gives."""
    page = render_template("error.html", problem=problem, request_id=g.get("request_id"))
    return Response(page, problem.status, headers=problem.headers, content_type="text/html; charset=utf-8")

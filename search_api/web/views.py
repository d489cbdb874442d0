"""Routes of the pages. They ask what the JSON views ask, by the same functions, and show it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from search_api import args as arguments
from search_api import filters
from search_api.researchers import queries as researchers_queries
from search_api.researchers import schemas as researchers_schemas
from search_api.researchers import search as researchers_search
from search_api.researchers import similar as likeness
from search_api.services import services
from search_api.topics import schemas as topics_schemas
from search_api.topics import search as topics_search
from search_api.web import addresses
from search_api.web.charts import year_chart
from search_api.web.formatting import FILTERS
from search_api.web.schemas import ProfileArgs
from search_api.works import plan as works_plan
from search_api.works import queries as works_queries
from search_api.works import schemas as works_schemas
from search_api.works import search as works_search
from search_api.works import similar as works_similar

if TYPE_CHECKING:
    from marshmallow import Schema
    from werkzeug.wrappers import Response as AnyResponse

    from search_api.errors import Problem

blueprint = Blueprint("web", __name__)

#: Nothing but our own stylesheet and images, and forms that stay here: what gets past escaping still cannot run.
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
WORK_FACETS = ["topic", "year", "researcher", "venue", "type", "institution"]
RESEARCHER_FACETS = ["topic", "institution", "verification"]
#: First searches on the home page, and things like the one that a page is about.
FIRST_TOPICS = 12
ALIKE = 6

for _filter in FILTERS.items():
    blueprint.add_app_template_filter(_filter[1], _filter[0])
for _function in (
    addresses.kept,
    addresses.leaving_out,
    addresses.setting,
    addresses.toggling,
    addresses.twin,
    year_chart,
):
    blueprint.add_app_template_global(_function)


@blueprint.after_app_request
def _protect(response: Response) -> Response:
    """Put the policy on every page, those of errors and of the API's description included."""
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    return response


def _parse(schema: Schema) -> dict[str, Any]:
    """Check this page's parameters; a form's empty fields do not count."""
    given = [(name, value) for name, value in request.args.items(multi=True) if value.strip()]
    return arguments.parse(schema, MultiDict(given))


def _moved(endpoint: str, id_: str) -> AnyResponse:
    """Send another spelling of an id to the one address of the thing."""
    query = request.query_string.decode()
    return redirect(url_for(endpoint, id_=id_) + (f"?{query}" if query else ""), HTTPStatus.MOVED_PERMANENTLY)


@blueprint.get("/")
def home() -> str:
    """Say what this is, how much there is, and where to begin."""
    topics = topics_search.search(services(), topics_schemas.TopicsArgs().load({"per_page": FIRST_TOPICS}))
    works = works_search.search(services(), works_schemas.WorksArgs().load({"per_page": 1}))
    people = researchers_search.search(services(), researchers_schemas.ResearchersArgs().load({"per_page": 1}))
    counts = [found["meta"]["count"] for found in (works, people, topics)]
    return render_template("home.html", counts=counts, topics=topics["results"])


@blueprint.get("/search")
def search() -> str:
    """Search works, with facets."""
    args = _parse(works_schemas.WorksArgs()) | {"facets": WORK_FACETS, "highlight": True, "explain": False}
    found = works_search.search(services(), args)
    asked = filters.parse(works_queries.FILTERS, works_plan.own_ids(services(), args))
    chips = addresses.chips(asked, works_queries.FACETS, found["facets"])
    return render_template("search.html", args=args, found=found, chips=chips, facets=WORK_FACETS)


@blueprint.get("/researchers")
def researchers() -> str:
    """Find researchers by name, or by what they work on."""
    args = _parse(researchers_schemas.ResearchersArgs()) | {"facets": RESEARCHER_FACETS}
    found = researchers_search.search(services(), args)
    asked = filters.parse(researchers_queries.FILTERS, args)
    chips = addresses.chips(asked, researchers_queries.FACETS, found["facets"])
    return render_template("researchers.html", args=args, found=found, chips=chips, facets=RESEARCHER_FACETS)


@blueprint.get("/topics")
def topics() -> str:
    """Browse topics."""
    args = _parse(topics_schemas.TopicsArgs())
    return render_template("topics.html", args=args, found=topics_search.search(services(), args))


@blueprint.get("/works/<path:id_>")
def work(id_: str) -> str | AnyResponse:
    """Show one work and those like it."""
    stored = works_search.find(services(), id_)
    if stored["id"] != id_:
        return _moved("web.work", stored["id"])
    similar = works_similar.similar(services(), id_, works_schemas.SimilarArgs().load({"per_page": ALIKE}))
    return render_template("work.html", work=works_search.dressed(stored), similar=similar["results"])


@blueprint.get("/researchers/<path:id_>")
def researcher(id_: str) -> str | AnyResponse:
    """Show one researcher: who they are, what they published, and who is like them."""
    args = _parse(ProfileArgs())
    stored = researchers_search.find(services(), id_)
    if stored["id"] != id_:
        return _moved("web.researcher", stored["id"])
    own = {"researcher": [id_], "page": args["page"], "per_page": args["per_page"]}
    works = works_search.search(services(), works_schemas.WorksArgs().load(own))
    like = researchers_schemas.SimilarArgs().load({"per_page": ALIKE, "exclude": args["exclude"]})
    similar = likeness.similar(services(), id_, like)
    person = researchers_search.dressed(stored)
    return render_template("researcher.html", args=args, person=person, works=works, similar=similar["results"])


@blueprint.get("/topics/<path:id_>")
def topic(id_: str) -> str:
    """Show one topic: when, by whom, and what is beside it."""
    return render_template("topic.html", topic=topics_search.topic(services(), id_))


def error_page(problem: Problem) -> Response:
    """Give a problem as a page, with the status, facts and headers that the API gives."""
    page = render_template("error.html", problem=problem, request_id=g.get("request_id"))
    return Response(page, problem.status, headers=problem.headers, content_type="text/html; charset=utf-8")

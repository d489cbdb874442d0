"""Pages about one work, researcher, topic or institution, and the graph around it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for
from marshmallow import fields, validate

from search_api.graphs.around import KINDS, around
from search_api.graphs.schemas import AroundArgs
from search_api.graphs.search import graph as search_graph
from search_api.http.args import MAX_QUERY, Args, CommaList, PageArgs, Repeated, Whole
from search_api.http.errors import RedirectError
from search_api.http.paging import MAX_PER_PAGE
from search_api.http.services import services
from search_api.institutions.search import read_institution
from search_api.overview.search import overview
from search_api.researchers import documents as researcher_documents
from search_api.researchers import similar as researchers_similar
from search_api.researchers.experts import experts, serialize_experts
from search_api.researchers.schemas import SimilarArgs as SimilarResearchersArgs
from search_api.researchers.trust import LEVELS
from search_api.retrieval import filters
from search_api.topics.search import read_topic
from search_api.web import addresses, metadata, representative_works
from search_api.web.blueprint import blueprint, parse, read_list, redirect_to_id, sort_choices
from search_api.web.picture import picture
from search_api.works import documents as work_documents
from search_api.works import search as works_search
from search_api.works import similar as works_similar
from search_api.works.fields import FIELDS, SORTS
from search_api.works.queries import not_these
from search_api.works.schemas import SimilarArgs as SimilarWorksArgs
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Response

    from mappings.documents import WorkDocument
    from search_api.researchers.documents import ResearcherResult

#: Similar works or researchers shown on a page, and works in a short list.
SIMILAR, SHORT_LIST = 6, 5
#: Works per page of a profile; each comes with its full abstract.
PROFILE_WORKS = 10
#: Groups of works that explain an identity, and works shown of each.
IDENTITY_GROUPS, IDENTITY_WORKS = 6, 3
#: Filters for the works on a profile.
PROFILE_FILTERS = ("topic", "year")
#: Nodes of the small graph on a profile, and the numbers of nodes that the graph page offers.
PROFILE_NODES = 30
GRAPH_SIZES = (30, 60, 120, 200)


class ProfileArgs(PageArgs):
    """Parameters of a profile: which works to list and how, and whether similar researchers may be collaborators."""

    q = fields.String(load_default="", validate=validate.Length(max=MAX_QUERY))
    sort = fields.String(load_default=None, validate=validate.OneOf(tuple(SORTS)))
    abstracts = fields.String(load_default=None, validate=validate.OneOf(("full",)))

    per_page = Whole(load_default=PROFILE_WORKS, validate=validate.Range(min=1, max=MAX_PER_PAGE))
    exclude = CommaList(("collaborators",))  # type: ignore[assignment]  # marshmallow moves fields off the class
    topic = Repeated()
    year = Repeated()


class NodeArgs(Args):
    """Parameters of a node of a graph; `id` may be a node's id, which can begin with its kind."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    id = fields.String(required=True, validate=validate.Length(min=1, max=1_000))


@blueprint.get("/works/<path:id_>")
def work(id_: str) -> str | Response:
    """Show a work, similar works, and other researchers on its subject."""
    document = work_documents.find_canonical(services(), id_)
    if document["id"] != id_:
        return redirect_to_id("web.work", document["id"])
    similar = works_similar.similar(services(), id_, SimilarWorksArgs().load({"per_page": SIMILAR}))
    result = work_documents.serialize_work(document)
    return render_template(
        "work.html",
        work=result,
        similar=similar["results"],
        experts=_experts(document),
        described=metadata.article(result),
    )


def _experts(work: WorkDocument) -> list[ResearcherResult]:
    """Return the experts on the subject of a work, ranked as by `/researchers/rank`, without its authors."""
    text = f"{work['title']} {work['abstract'] or ''}"
    ranked = experts(services(), text, work["embedding"], filters=[not_these([work["id"]])])
    authors = {author["id"] for author in work["researchers"]}
    return serialize_experts(services(), [expert for expert in ranked if expert.id not in authors][:SIMILAR])


@blueprint.get("/researchers/<path:id_>")
def researcher(id_: str) -> str | Response:
    """Show a researcher's profile: identity, graph, works, and similar researchers."""
    args = parse(ProfileArgs())
    document = researcher_documents.find(services(), id_)
    if document["id"] != id_:
        return redirect_to_id("web.researcher", document["id"])
    chosen = {name: args[name] for name in PROFILE_FILTERS}
    # Within the works of one person every match of the words counts; works near in meaning would be all of them.
    listing = {"page": args["page"], "per_page": args["per_page"], "q": args["q"], "mode": "keyword", **chosen}
    listing |= {"facets": list(PROFILE_FILTERS)} | ({"sort": args["sort"]} if args["sort"] else {})
    own = researcher_documents.works_clause(document)
    works = read_list(WorksArgs().load(listing), partial(works_search.search, services(), fixed=[own]))
    similar_args = SimilarResearchersArgs().load({"per_page": SIMILAR, "exclude": args["exclude"]})
    person = researcher_documents.serialize_researcher(services(), document)
    if not args["q"] and not any(chosen.values()):
        # Includes what decisions and the owner have changed since the last run.
        person["counts"]["works"] = works["meta"]["count"]
    return render_template(
        "researcher.html",
        args=args,
        person=person,
        works=works,
        narrowing={"q": args["q"], "mode": "keyword", **chosen} if args["q"] or any(chosen.values()) else {},
        sorts=sort_choices(works["results"], SORTS),
        chips=addresses.chips(filters.parse(FIELDS, chosen), works["facets"]),
        similar=researchers_similar.similar(services(), id_, similar_args)["results"],
        graph=picture(around(services(), ("researcher", id_), document["name"], limit=PROFILE_NODES)),
        identity_groups=_identity_groups(person),
        levels={level: label for level, (_, label) in LEVELS.items()},
        described=metadata.person(person),
    )


def _identity_groups(person: ResearcherResult) -> list[dict[str, Any]]:
    """Return the first groups of works of a person, with the titles of some works of each."""
    groups = person.get("identity", {"groups": []})["groups"][:IDENTITY_GROUPS]
    wanted = [id_ for group in groups for id_ in group["works"][:IDENTITY_WORKS]]
    stored = researcher_documents.read(services(), services().names.works, wanted, {"includes": ["title"]})
    return [
        {
            "count": len(group["works"]),
            "evidence": group["evidence"],
            "works": [{"id": id_, **stored[id_]} for id_ in group["works"][:IDENTITY_WORKS] if id_ in stored],
        }
        for group in groups
    ]


@blueprint.get("/topics/<path:id_>")
def topic(id_: str) -> str | Response:
    """Show a topic: works per year, leading researchers, representative and newest works, related topics."""
    result = read_topic(services(), id_)
    if result["id"] != id_:
        return redirect_to_id("web.topic", result["id"])
    newest, representative = representative_works.newest_and_representative(
        services(), {"term": {"topics.id": id_}}, SHORT_LIST
    )
    return render_template("topic.html", topic=result, newest=newest, representative=representative)


@blueprint.get("/institutions/<path:id_>")
def institution(id_: str) -> str | Response:
    """Show an institution: works per year, leading researchers, main topics and newest works."""
    result = read_institution(services(), id_)
    if result["id"] != id_:
        return redirect_to_id("web.institution", result["id"])
    more = url_for("web.search", institution=id_)
    newest = representative_works.newest(services(), {"term": {"institutions.id": id_}}, SHORT_LIST)
    return render_template("institution.html", institution=result, newest=newest, more=more)


@blueprint.get("/graph")
def graph() -> str | Response:
    """Show the graph around a work, researcher, topic or institution; without one, a search box to find it."""
    if not any(request.args.get(kind, "").strip() for kind in KINDS):
        return render_template("graph_start.html", overview=overview(services()))
    args = parse(AroundArgs())
    options = _graph_options(args)
    try:
        result = search_graph(services(), args)
    except RedirectError as merged:
        return redirect(url_for("web.graph", researcher=merged.id, **options), 301)
    return render_template(
        "graph.html",
        args=args,
        picture=picture(result, **options),
        kinds=KINDS,
        sizes=GRAPH_SIZES,
        chosen=args["kind"],
    )


@blueprint.get("/graph/node")
def graph_node() -> str:
    """Show the details of one node of a graph, as a fragment that the graph page loads into its panel."""
    args = parse(NodeArgs())
    kind = args["kind"]
    return render_template("_node.html", kind=kind, item=NODES[kind](args["id"].removeprefix(f"{kind}:")))


#: Functions that return the entity of a node as the API does, by kind; each raises Problem (404) for an unknown id.
NODES: dict[str, Callable[[str], Mapping[str, Any]]] = {
    "work": lambda id_: work_documents.serialize_work(work_documents.find(services(), id_)),
    "researcher": lambda id_: researcher_documents.serialize_researcher(
        services(), researcher_documents.find(services(), id_)
    ),
    "topic": lambda id_: read_topic(services(), id_),
    "institution": lambda id_: read_institution(services(), id_),
}


def _graph_options(args: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that stay the same when another centre is chosen."""
    return {
        "depth": args["depth"] if args["depth"] > 1 else None,
        "limit": request.args.get("limit", type=int),
        "kind": ",".join(args["kind"]) or None,
    }

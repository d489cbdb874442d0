"""Routes of researchers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from search_api.graphs.around import KINDS, around
from search_api.graphs.schemas import Graph, GraphArgs
from search_api.http.endpoint import endpoint
from search_api.http.services import services
from search_api.researchers import rank as ranked
from search_api.researchers import schemas, search
from search_api.researchers import similar as likeness
from search_api.researchers.rank_schemas import RankArgs, RankBody
from search_api.retrieval.listing import address
from search_api.works import export
from search_api.works.schemas import WorkList, WorksArgs

blueprint = Blueprint("researchers", __name__, url_prefix="/api/v1")


@blueprint.get("/researchers")
@endpoint(schemas.ResearchersArgs, schemas.ResearcherList, "Search researchers")
def researchers(args: dict[str, Any]) -> Any:
    """Search by name (`q`), by what they work on (`about`), or both."""
    return search.search(services(), args)


@blueprint.post("/researchers/rank")
@endpoint(RankArgs, schemas.ResearcherList, "Experts for a text or a work", body=RankBody, reads_only=True)
def rank(args: dict[str, Any], body: dict[str, Any]) -> Any:
    """Rank experts for a text or a work, or score given candidates; conflicts of interest can be left out."""
    return ranked.rank(services(), args, body)


@blueprint.get("/researchers/<path:id_>/works")
@endpoint(WorksArgs, WorkList, "Works of a researcher", media=export.LIST_MEDIA)
def works(args: dict[str, Any], id_: str) -> Any:
    """List or search the works of a researcher, newest first, then by title. Exports give everything that is found."""
    own = {"term": {"researchers.id": search.find(services(), id_)["id"]}}
    return export.works(services(), args, fixed=[own])


@blueprint.get("/researchers/<path:id_>/similar")
@endpoint(schemas.SimilarArgs, schemas.ResearcherList, "Researchers like this one")
def similar(args: dict[str, Any], id_: str) -> Any:
    """Find researchers like one, each with the reasons."""
    return likeness.similar(services(), id_, args)


@blueprint.get("/researchers/<path:id_>/collaborators")
@endpoint(schemas.CollaboratorsArgs, schemas.CollaboratorList, "Collaborators of a researcher")
def collaborators(args: dict[str, Any], id_: str) -> Any:
    """List who is on works with a researcher, with how many and when."""
    return search.collaborators(services(), id_, args)


@blueprint.get("/researchers/<path:id_>/graph")
@endpoint(GraphArgs, Graph, "The works, people, topics and institutions around a researcher")
def graph(args: dict[str, Any], id_: str) -> Any:
    """Return nodes and edges around a researcher; those that hang on them most strongly, within `limit`."""
    one = search.find(services(), id_)
    centre = ("researcher", one["id"])
    kinds = args["kind"] or KINDS
    found = around(services(), centre, one["name"], depth=args["depth"], limit=args["limit"], kinds=kinds)
    return {**found, "links": {"self": address(), "next": None, "prev": None}}


@blueprint.get("/researchers/<path:id_>")
@endpoint(schemas.ResearcherArgs, schemas.Researcher, "A researcher's profile")
def researcher(id_: str) -> Any:
    """Return a profile by the researcher's id, an id of a source, or an ORCID iD."""
    return search.dressed(search.find(services(), id_))

"""Routes of researchers."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint

from search_api.http.endpoint import endpoint
from search_api.http.services import services
from search_api.researchers import complement as complementing
from search_api.researchers import documents, schemas, search
from search_api.researchers import rank as ranking
from search_api.researchers import similar as similarity
from search_api.works import export
from search_api.works import search as works_search
from search_api.works.schemas import WorkList, WorksArgs

blueprint = Blueprint("researchers", __name__, url_prefix="/api/v1")


@blueprint.get("/researchers")
@endpoint(schemas.ResearchersArgs, schemas.ResearcherList, "Search researchers")
def researchers(args: dict[str, Any]) -> Any:
    """Search by name (`q`), by what they work on (`about`), or both."""
    return search.search(services(), args)


@blueprint.post("/researchers/rank")
@endpoint(
    schemas.RankArgs,
    schemas.ResearcherList,
    "Rank experts for a text or a work",
    body=schemas.RankBody,
    reads_only=True,
)
def rank(args: dict[str, Any], body: dict[str, Any]) -> Any:
    """Rank experts for a text or a work, or score given candidates; conflicts of interest can be excluded."""
    return ranking.rank(services(), args, body)


@blueprint.post("/researchers/similar")
@endpoint(
    schemas.SimilarArgs,
    schemas.ResearcherList,
    "Similar researchers (group)",
    body=schemas.SimilarToResearchers,
    reads_only=True,
)
def similar_to(args: dict[str, Any], body: dict[str, Any]) -> Any:
    """Find researchers similar to a group and to a text, and unlike others, each with reasons."""
    return similarity.similar_to(services(), body, args)


@blueprint.post("/researchers/complement")
@endpoint(
    schemas.ComplementArgs,
    schemas.ResearcherList,
    "Whom a team lacks for a text",
    body=schemas.ComplementBody,
    reads_only=True,
)
def complement(args: dict[str, Any], body: dict[str, Any]) -> Any:
    """Rank researchers by what they add to a team for a text: expertise that no member has to the same extent."""
    return complementing.complement(services(), args, body)


@blueprint.get("/researchers/<path:id_>/works")
@endpoint(WorksArgs, WorkList, "Works of a researcher", media=export.LIST_MEDIA)
def works(args: dict[str, Any], id_: str) -> Any:
    """List or search the works of a researcher, newest first, then by title. Exports contain all results."""
    own = [documents.works_clause(documents.find(services(), id_))]
    one_page = partial(works_search.search, services(), args, fixed=own)
    return export.negotiate_search(args, one_page, partial(works_search.search_all, services(), args, fixed=own))


@blueprint.get("/researchers/<path:id_>/similar")
@endpoint(schemas.SimilarArgs, schemas.ResearcherList, "Similar researchers")
def similar(args: dict[str, Any], id_: str) -> Any:
    """Find researchers similar to one, each with reasons."""
    return similarity.similar(services(), id_, args)


@blueprint.get("/researchers/<path:id_>/collaborators")
@endpoint(schemas.CollaboratorsArgs, schemas.CollaboratorList, "Collaborators of a researcher")
def collaborators(args: dict[str, Any], id_: str) -> Any:
    """List the co-authors of a researcher with the number and years of their joint works."""
    return documents.collaborators(services(), id_, args)


@blueprint.get("/researchers/<path:id_>")
@endpoint(schemas.ResearcherArgs, schemas.Researcher, "Get a researcher's profile")
def researcher(id_: str) -> Any:
    """Return a profile by the researcher's id, an id of a source, or an ORCID iD."""
    return documents.serialize_researcher(services(), documents.find(services(), id_))

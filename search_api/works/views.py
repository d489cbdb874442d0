"""Routes of works."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from search_api.http.endpoint import endpoint
from search_api.http.services import services
from search_api.works import export, schemas, search
from search_api.works import similar as likeness

blueprint = Blueprint("works", __name__, url_prefix="/api/v1")


@blueprint.get("/works")
@endpoint(schemas.WorksArgs, schemas.WorkList, "Search works", media=export.LIST_MEDIA)
def works(args: dict[str, Any]) -> Any:
    """Search by words, by meaning or by both, with filters and facets. Exports give everything that is found."""
    return export.works(services(), args)


@blueprint.get("/works/<path:id_>/similar")
@endpoint(schemas.SimilarArgs, schemas.WorkList, "Works like this one", media=export.LIST_MEDIA)
def similar(args: dict[str, Any], id_: str) -> Any:
    """Find works like one, each with the reasons. Exports give the page that is asked for."""
    return export.listed(args, likeness.similar(services(), id_, args))


@blueprint.post("/works/similar")
@endpoint(
    schemas.SimilarArgs,
    schemas.WorkList,
    "Works like these",
    body=schemas.SimilarTo,
    media=export.LIST_MEDIA,
    reads_only=True,
)
def similar_to(args: dict[str, Any], body: dict[str, Any]) -> Any:
    """Find works like a text and some works, and unlike others; or score given candidates, all of them."""
    return export.listed(args, likeness.similar_to(services(), body, args))


@blueprint.get("/works/<path:id_>")
@endpoint(schemas.WorkArgs, schemas.Work, "One work", media=export.WORK_MEDIA)
def work(args: dict[str, Any], id_: str) -> Any:
    """Return one work by its id, in any spelling."""
    return export.work(search.find(services(), id_), args)

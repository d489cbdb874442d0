"""Routes of works."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint

from search_api.http.endpoint import endpoint
from search_api.http.services import services
from search_api.works import documents, export, schemas, search
from search_api.works import similar as similarity

blueprint = Blueprint("works", __name__, url_prefix="/api/v1")


@blueprint.get("/works")
@endpoint(schemas.WorksArgs, schemas.WorkList, "Search works", media=export.LIST_MEDIA)
def works(args: dict[str, Any]) -> Any:
    """Search by keywords, by meaning or by both, with filters and facets. Exports contain all results."""
    one_page = partial(search.search, services(), args, fields=export.fields_of(args))
    return export.negotiate_search(args, one_page, partial(search.search_all, services(), args))


@blueprint.get("/works/<path:id_>/similar")
@endpoint(schemas.SimilarArgs, schemas.WorkList, "Similar works", media=export.LIST_MEDIA)
def similar(args: dict[str, Any], id_: str) -> Any:
    """Find works similar to one, each with reasons. Exports contain the requested page."""
    return export.negotiate_list(args, similarity.similar(services(), id_, args))


@blueprint.post("/works/similar")
@endpoint(
    schemas.SimilarArgs,
    schemas.WorkList,
    "Similar works (multiple)",
    body=schemas.SimilarTo,
    media=export.LIST_MEDIA,
    reads_only=True,
)
def similar_to(args: dict[str, Any], body: dict[str, Any]) -> Any:
    """Find works similar to a text and to some works, and unlike others; or score given candidates, all of them."""
    return export.negotiate_list(args, similarity.similar_to(services(), body, args))


@blueprint.get("/works/<path:id_>")
@endpoint(schemas.WorkArgs, schemas.Work, "Get a work", media=export.WORK_MEDIA)
def work(args: dict[str, Any], id_: str) -> Any:
    """Return one work by its id, in any spelling."""
    return export.negotiate_work(args, documents.find_canonical(services(), id_))

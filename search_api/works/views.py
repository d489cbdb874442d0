"""Routes of works."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from search_api.endpoint import endpoint
from search_api.services import services
from search_api.works import schemas, search
from search_api.works import similar as likeness

blueprint = Blueprint("works", __name__, url_prefix="/api/v1")


@blueprint.get("/works")
@endpoint(schemas.WorksArgs, schemas.WorkList, "Search works")
def works(args: dict[str, Any]) -> Any:
    """Search by words, by meaning or by both, with filters and facets."""
    return search.search(services(), args)


@blueprint.get("/works/<path:id_>/similar")
@endpoint(schemas.SimilarArgs, schemas.WorkList, "Works like this one")
def similar(args: dict[str, Any], id_: str) -> Any:
    """Find works like one, each with the reasons."""
    return likeness.similar(services(), id_, args)


@blueprint.get("/works/<path:id_>")
@endpoint(schemas.WorkArgs, schemas.Work, "One work")
def work(args: dict[str, Any], id_: str) -> Any:  # noqa: ARG001 (select is applied when the answer is dumped)
    """Give one work by its id, in any spelling."""
    return search.dressed(search.find(services(), id_))

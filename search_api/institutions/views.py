"""Routes of institutions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from search_api.http.endpoint import endpoint
from search_api.http.services import services
from search_api.institutions import schemas, search

blueprint = Blueprint("institutions", __name__, url_prefix="/api/v1")


@blueprint.get("/institutions")
@endpoint(schemas.InstitutionsArgs, schemas.InstitutionList, "Browse institutions")
def institutions(args: dict[str, Any]) -> Any:
    """List institutions by number of works or by name, or search them by name."""
    return search.search(services(), args)


@blueprint.get("/institutions/<path:id_>")
@endpoint(schemas.InstitutionArgs, schemas.Institution, "Get an institution")
def institution(id_: str) -> Any:
    """Return an institution, by its id or ROR id, with its works by year, leading researchers and main topics."""
    return search.read_institution(services(), id_)

"""The route of the overview."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from search_api.http.endpoint import endpoint
from search_api.http.services import services
from search_api.overview import schemas, search

blueprint = Blueprint("overview", __name__, url_prefix="/api/v1")


@blueprint.get("/overview")
@endpoint(schemas.OverviewArgs, schemas.Overview, "Overview of the index")
def overview() -> Any:
    """Return totals, works by year, the largest topics and the most prolific researchers."""
    return search.overview(services())

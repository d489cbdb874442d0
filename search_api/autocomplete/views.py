"""The route of autocompletion."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from search_api.autocomplete import schemas, search
from search_api.http.endpoint import endpoint
from search_api.http.services import services

blueprint = Blueprint("autocomplete", __name__, url_prefix="/api/v1")


@blueprint.get("/autocomplete")
@endpoint(schemas.AutocompleteArgs, schemas.SuggestionList, "Autocomplete")
def autocomplete(args: dict[str, Any]) -> Any:
    """Suggest works, researchers, topics and institutions for the text typed so far, each with a hint."""
    return search.suggest(services(), args)

"""Routes of topics."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from search_api.http.endpoint import endpoint
from search_api.http.services import services
from search_api.topics import schemas, search

blueprint = Blueprint("topics", __name__, url_prefix="/api/v1")


@blueprint.get("/topics")
@endpoint(schemas.TopicsArgs, schemas.TopicList, "Browse topics")
def topics(args: dict[str, Any]) -> Any:
    """List topics by number of works or by name, search them by name, or list those below a field."""
    return search.search(services(), args)


@blueprint.get("/topics/<path:id_>")
@endpoint(schemas.TopicArgs, schemas.Topic, "Get a topic")
def topic(id_: str) -> Any:
    """Return a topic with its works by year, leading researchers, related topics and the topics below it."""
    return search.read_topic(services(), id_)

"""Is the process alive, and can it answer? For load balancers and the containers' health checks."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from opensearchpy.exceptions import OpenSearchException

from embedding import EmbeddingError
from search_api.services import Services, services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process is alive; asks nothing of anyone."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Say whether searches can be answered, part by part; 503 when one is missing."""
    parts = {"opensearch": _opensearch(services()), "embedding": _embedding(services())}
    ready = all(state == "ok" for state in parts.values())
    response = jsonify(status="ready" if ready else "not ready", parts=parts)
    if not ready:
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        response.headers["Retry-After"] = "5"
    return response


def _opensearch(services: Services) -> str:
    try:
        there = services.client.indices.exists_alias(name=services.names.works)
    except OpenSearchException:
        return "does not answer"
    return "ok" if there else "nothing is indexed yet"


def _embedding(services: Services) -> str:
    try:
        services.embedder()
    except EmbeddingError as error:
        return str(error)
    return "ok"

"""Health checks for load balancers and containers: liveness, and readiness to answer searches."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request
from opensearchpy.exceptions import OpenSearchException

from peerscope.embedding import EmbeddingError
from search_api.http import extensions
from search_api.http.args import Args, parse
from search_api.http.endpoint import plain
from search_api.http.errors import unavailable
from search_api.http.services import Services, services

blueprint = Blueprint("health", __name__)

#: Retry-After in seconds: shorter than for searches, since no user waits.
RETRY_AFTER = 5


@blueprint.get("/healthz")
@plain("Is the process alive?", "application/json", also=("400",))
def healthz() -> Response:
    """Return that the process is alive, without a request to any other service."""
    parse(Args(), request.args)
    return jsonify(status="ok")


@blueprint.get("/readyz")
@plain("Can searches be answered?", "application/json", also=("400", "503"))
def readyz() -> Response:
    """Return whether searches can be answered, part by part; 503 while the search engine cannot.

    Searches work without the embedding model and without accounts, so the service is ready then; `degraded` names what
    is missing.
    """
    parse(Args(), request.args)
    parts = {"opensearch": _opensearch(services()), "embedding": _embedding(services())}
    if parts["opensearch"] != "ok":
        raise unavailable(f"Searches cannot be answered: opensearch {parts['opensearch']}.", RETRY_AFTER)
    if (index := services().index) and (problem := index.problem()):
        raise unavailable(problem, RETRY_AFTER)
    degraded = ["semantic"] if parts["embedding"] != "ok" else []
    for extension in extensions.installed(current_app):
        problems = extension.problems(current_app)
        parts |= problems
        degraded += problems
    return jsonify(status="ready", parts=parts, degraded=degraded)


def _opensearch(services: Services) -> str:
    try:
        there = services.client.indices.exists_alias(name=services.names.works)
    except OpenSearchException:
        return "does not answer"
    return "ok" if there else "nothing is indexed yet"


def _embedding(services: Services) -> str:
    try:
        model = services.embedder().model
    except EmbeddingError as error:
        return str(error)
    return (services.index and services.index.model_problem(model)) or "ok"

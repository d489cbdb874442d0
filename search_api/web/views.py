"""Routes of the pages."""

from __future__ import annotations

from flask import Blueprint, Response

from search_api.errors import Problem

blueprint = Blueprint("web", __name__)


@blueprint.get("/works/<path:id_>")
def work(id_: str) -> str:
    return id_


@blueprint.get("/researchers/<path:id_>")
def researcher(id_: str) -> str:
    return id_


@blueprint.get("/topics/<path:id_>")
def topic(id_: str) -> str:
    return id_


def error_page(problem: Problem) -> Response:
    return problem.response()

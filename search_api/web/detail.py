"""Pages of one work, one topic, one institution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template, url_for

from search_api.http.services import services
from search_api.institutions import search as institutions_search
from search_api.researchers.experts import experts, serialize_experts
from search_api.topics import search as topics_search
from search_api.web import metadata, representative_works
from search_api.web.blueprint import blueprint, moved
from search_api.works import documents as works_documents
from search_api.works import queries as works_queries
from search_api.works import schemas as works_schemas
from search_api.works import similar as works_similar

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from mappings.documents import WorkDocument
    from search_api.researchers.documents import ResearcherResult

#: Things beside the one that a page is about, and works that it begins with.
ALIKE, SHOWN = 6, 5


@blueprint.get("/works/<path:id_>")
def work(id_: str) -> str | Response:
    """Show one work, those like it, and who else knows about it."""
    stored = works_documents.find(services(), id_)
    if stored["id"] != id_:
        return moved("web.work", stored["id"])
    similar = works_similar.similar(services(), id_, works_schemas.SimilarArgs().load({"per_page": ALIKE}))
    result = works_documents.serialize_work(stored)
    return render_template(
        "work.html",
        work=result,
        similar=similar["results"],
        experts=_experts(stored),
        described=metadata.article(result),
    )


def _experts(stored: WorkDocument) -> list[ResearcherResult]:
    """Return who else works on what this work is about: as `/researchers/rank` ranks them, its own authors left out."""
    text = f"{stored['title']} {stored['abstract'] or ''}"
    found = experts(services(), text, stored["embedding"], filters=[works_queries.not_these([stored["id"]])])
    authors = {one["id"] for one in stored["researchers"]}
    return serialize_experts(services(), [one for one in found if one.id not in authors][:ALIKE])


@blueprint.get("/topics/<path:id_>")
def topic(id_: str) -> str | Response:
    """Show one topic: when, by whom, which works to begin with, and what is beside it."""
    found = topics_search.read_topic(services(), id_)
    if found["id"] != id_:
        return moved("web.topic", found["id"])
    newest, middle = representative_works.newest_and_central(services(), {"term": {"topics.id": id_}}, SHOWN)
    return render_template("topic.html", topic=found, newest=newest, representative=middle)


@blueprint.get("/institutions/<path:id_>")
def institution(id_: str) -> str | Response:
    """Show one institution: when, who, what on."""
    found = institutions_search.read_institution(services(), id_)
    if found["id"] != id_:
        return moved("web.institution", found["id"])
    more = url_for("web.search", institution=id_)
    newest = representative_works.newest(services(), {"term": {"institutions.id": id_}}, SHOWN)
    return render_template("institution.html", place=found, newest=newest, more=more)

"""A researcher's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template

from search_api.graphs.around import around
from search_api.http.services import services
from search_api.researchers import documents as people
from search_api.researchers import similar as likeness
from search_api.researchers.schemas import SimilarArgs
from search_api.researchers.trust import LEVELS
from search_api.retrieval import filters
from search_api.web import addresses, metadata
from search_api.web.blueprint import blueprint, moved, parse
from search_api.web.picture import picture
from search_api.web.schemas import ProfileArgs
from search_api.works import search as works_search
from search_api.works.fields import FIELDS
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

#: Researchers like this one, and nodes of the small picture.
ALIKE = 6
NODES = 30
#: What narrows down the works on a profile.
NARROW = ("topic", "year")


@blueprint.get("/researchers/<path:id_>")
def researcher(id_: str) -> str | Response:
    """Show one researcher: who they are, what is around them, what they published, and who is like them."""
    args = parse(ProfileArgs())
    stored = people.find(services(), id_)
    if stored["id"] != id_:
        return moved("web.researcher", stored["id"])
    narrow = {name: args[name] for name in NARROW}
    listed = {"page": args["page"], "per_page": args["per_page"], "facets": list(NARROW), **narrow}
    works = works_search.search(services(), WorksArgs().load(listed), fixed=[{"term": {"researchers.id": id_}}])
    like = SimilarArgs().load({"per_page": ALIKE, "exclude": args["exclude"]})
    person = people.serialize_researcher(stored)
    return render_template(
        "researcher.html",
        args=args,
        person=person,
        works=works,
        chips=addresses.chips(filters.parse(FIELDS, narrow), works["facets"]),
        similar=likeness.similar(services(), id_, like)["results"],
        graph=picture(around(services(), ("researcher", id_), stored["name"], limit=NODES)),
        levels={level: words for level, (_, words) in LEVELS.items()},
        described=metadata.person(person),
    )

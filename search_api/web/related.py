"""A pasted text, and who works on it and which works are near: a form, since an abstract is too long for an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, request

from search_api.http.args import MAX_QUERY
from search_api.http.endpoint import reads_only
from search_api.http.services import services
from search_api.researchers import rank
from search_api.researchers.schemas import RankArgs, RankBody
from search_api.web.blueprint import blueprint
from search_api.works import search as works_search
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Researchers and works shown.
EACH = 10


@blueprint.get("/related")
def related() -> str:
    """Show the form."""
    return render_template("related.html", text="", people=None, most=MAX_QUERY, each=EACH)


@blueprint.post("/related")
@reads_only
def related_to() -> str:
    """Show experts and works for the text of the form."""
    text = request.form.get("text", "").strip()[:MAX_QUERY]
    found: Mapping[str, Any] = {"people": None}
    if text:
        found = {
            "people": rank.rank(services(), RankArgs().load({"per_page": EACH}), RankBody().load({"text": text})),
            "works": works_search.search(services(), WorksArgs().load({"q": text, "per_page": EACH})),
        }
    return render_template("related.html", text=text, most=MAX_QUERY, each=EACH, **found)

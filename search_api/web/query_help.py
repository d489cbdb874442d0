"""The pages that help with searching: the query syntax, and a form for everything a query can require."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request, url_for

from search_api.http.services import services
from search_api.web.blueprint import blueprint
from search_api.web.years import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

#: Types of works and languages offered by the form, the most frequent ones.
MAX_CHOICES = 12
#: Fields with such choices.
TERMS = ("type", "language")


@blueprint.get("/search/help")
def search_help() -> str:
    """Explain what a query may contain."""
    return render_template("search_help.html")


@blueprint.get("/search/advanced")
def advanced_search() -> str | Response:
    """Show the form; once it is filled in, redirect to the search that it describes."""
    query, others = composed(request.args)
    if query or others:
        values: dict[str, Any] = {**({"q": query} if query else {}), **others}
        return redirect(url_for("web.search", **values), HTTPStatus.SEE_OTHER)
    return render_template("advanced.html", choices=_choices())


def composed(given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the query in the syntax of the search box, and the other parameters, that the fields of the form mean."""
    fields = {name: " ".join(value.split()) for name, value in given.items()}
    parts = [
        fields.get("words", ""),
        _quoted(fields.get("phrase", "")),
        *(f"title:{_quoted(part)}" for part in _alternatives(fields.get("title", ""))),
        *(f"author:{_quoted(part)}" for part in _alternatives(fields.get("author", ""))),
        *(f"-{word}" for word in re.findall(r"[^\s,;]+", fields.get("without", ""))),
    ]
    first, last = fields.get("from", ""), fields.get("until", "")
    year = f"{first}-{last}" if first != last else first
    others = {name: fields[name] for name in ("type", "language", "mode", "sort") if fields.get(name)}
    return " ".join(filter(None, parts)), others | ({"year": spelled(year)} if first or last else {})


def _alternatives(text: str) -> list[str]:
    """Return the parts of a text that semicolons separate: several authors, or several phrases."""
    return [part.strip() for part in text.split(";") if part.strip()]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "") + '"' if text.strip('" ') else ""


def _choices() -> dict[str, list[tuple[str, str]]]:
    """Return value and label of the most frequent types and languages of the works here, after that for any.

    `sort` has the orders; by citations only if any are known.
    """
    aggregations: dict[str, Any] = {name: {"terms": {"field": name, "size": MAX_CHOICES}} for name in TERMS}
    aggregations["citations"] = {"max": {"field": "cited_by_count"}}
    body = {"size": 0, "query": {"match_all": {}}, "aggs": aggregations, "track_total_hits": False}
    counted = services().search(services().names.works, body)["aggregations"]
    keys = {name: [bucket["key"] for bucket in counted[name]["buckets"]] for name in TERMS}
    choices = {name: [("", "Any"), *((key, key) for key in found)] if found else [] for name, found in keys.items()}
    cited = [("most_cited", "Most cited")] if counted["citations"].get("value") else []
    return {**choices, "sort": [("", "Relevance"), ("newest", "Newest"), ("oldest", "Oldest"), *cited]}

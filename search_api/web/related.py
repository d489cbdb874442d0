"""The page for a pasted text: experts on it and related works, with filters, exports and conflict exclusion.

The text is in the address of the results, so they can be shared, and nothing is stored. Lists are narrowed by one form
that contains the text once: as links, a page would repeat it for each value of a facet.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from search_api.http import args as arguments
from search_api.http.args import MAX_QUERY
from search_api.http.endpoint import reads_only
from search_api.http.paging import MAX_PER_PAGE
from search_api.http.services import services
from search_api.researchers import search as researchers_search
from search_api.researchers.fields import FACETS as RESEARCHER_FACETS
from search_api.researchers.fields import FIELDS as RESEARCHER_FIELDS
from search_api.researchers.schemas import ResearchersArgs
from search_api.retrieval import filters
from search_api.understanding.interpret import interpret
from search_api.web import pasted
from search_api.web.blueprint import blueprint, read_list
from search_api.works import export
from search_api.works import search as works_search
from search_api.works.export import table_cell, table_line
from search_api.works.fields import FACETS as WORK_FACETS
from search_api.works.fields import FIELDS as WORK_FIELDS
from search_api.works.plan import parse_filters, with_names
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response as AnyResponse

    from search_api.retrieval.filters import Field, Filter
    from search_api.web.pasted import Conflicts

Page = str | tuple[str, int]

#: Researchers and works on the overview.
EACH = 10
#: Parameters of the page itself; all others filter its lists.
OWN = ("text", "packed", "authors", "show", "teams")
#: Columns of the export of experts; several values are in one cell, separated by semicolons.
COLUMNS = ("id", "name", "affiliation", "orcid", "works_count", "score", "supporting_works", "team")


blueprint.add_app_template_filter(pasted.address_of, "pasted_address")


@blueprint.get("/related")
def related() -> Page | AnyResponse:
    """Show experts and works for the text in the address, all of one kind with `show`; without a text, the form."""
    packed = request.args.get("packed", "")
    text = (pasted.unpack(packed) if packed else request.args.get("text", "")).strip()[:MAX_QUERY]
    conflicts = pasted.find_conflicts(services(), request.args.get("authors", ""))
    show = request.args.get("show", "")
    if not text:
        return _page(text, conflicts)
    if show == "experts":
        return _experts(text, conflicts)
    if show == "works":
        return _works(text, conflicts)
    _filters(arguments.Args())
    return _overview(text, conflicts)


@blueprint.post("/related")
@reads_only
def related_to() -> Page | AnyResponse:
    """Redirect to the results for a pasted text; show them here if it is too long for an address or to be private."""
    text = request.form.get("text", "").strip()[:MAX_QUERY]
    authors = request.form.get("authors", "").strip()
    named = interpret(services(), text) if text else None
    if named and named.kind:
        return redirect(url_for(f"web.{named.kind}", id_=named.id), HTTPStatus.SEE_OTHER)
    in_address = pasted.address_of(text)
    if in_address and not request.form.get("private"):
        pairs: dict[str, Any] = {**in_address, "authors": authors or None, "teams": None if _in_teams() else "false"}
        return redirect(url_for("web.related", **pairs), HTTPStatus.SEE_OTHER)
    conflicts = pasted.find_conflicts(services(), authors)
    if not text:
        return _page(text, conflicts)
    return _overview(text, conflicts, is_long=in_address is None)


def _in_teams() -> bool:
    """Return whether experts are grouped by the papers that support them, as they are unless `teams` is `false`."""
    return request.values.get("teams") != "false"


def _page(text: str, conflicts: Conflicts, **more: Any) -> str:
    return render_template("related.html", text=text, conflicts=conflicts, most=MAX_QUERY, in_teams=_in_teams(), **more)


def _overview(text: str, conflicts: Conflicts, *, is_long: bool = False) -> str:
    """Return the page with the first experts and works."""
    people = ResearchersArgs().load({"about": text, "per_page": EACH, "teams": _in_teams()})
    return _page(
        text,
        conflicts,
        people=researchers_search.search(services(), people, conflicts.clauses),
        works=works_search.search(services(), WorksArgs().load({"q": text, "per_page": EACH})),
        is_long=is_long,
    )


def _experts(text: str, conflicts: Conflicts) -> Page | AnyResponse:
    """Return the page, or with `format=csv` the export, of all experts."""
    given = _given()
    as_csv = given.pop("format", None)
    args = arguments.parse(ResearchersArgs(), given)
    args |= {"about": text, "facets": RESEARCHER_FACETS, "teams": _in_teams() and not args["sort"]}
    if as_csv:
        args |= {"page": 1, "per_page": MAX_PER_PAGE, "facets": []}
        return _csv(researchers_search.search(services(), args, conflicts.clauses)["results"])
    found = read_list(args, lambda wanted: researchers_search.search(services(), wanted, conflicts.clauses))
    chosen = filters.parse(RESEARCHER_FIELDS, args)
    return _list_page(text, conflicts, found, args, chosen, show="experts", fields=RESEARCHER_FIELDS, q="about")


def _works(text: str, conflicts: Conflicts) -> Page | AnyResponse:
    """Return the page, or with `format` the export, of all related works."""
    args = _filters(WorksArgs()) | {"q": text}
    if args["format"]:
        one_page = partial(works_search.search, services(), args)
        answer: Response = export.negotiate_search(args, one_page, partial(works_search.search_all, services(), args))
        return answer
    args |= {"facets": WORK_FACETS}
    found = read_list(args, partial(works_search.search, services()))
    chosen = parse_filters(services(), args)
    return _list_page(text, conflicts, found, args, chosen, show="works", fields=WORK_FIELDS, q="q")


def _list_page(
    text: str,
    conflicts: Conflicts,
    found: Mapping[str, Any],
    args: dict[str, Any],
    chosen: Sequence[Filter],
    *,
    show: str,
    fields: Mapping[str, Field],
    q: str,
) -> str:
    """Return the page of one list; `q` is the parameter of the API for the text."""
    twin = url_for("researchers.researchers" if show == "experts" else "works.works")
    teams = [("teams", "true")] if args.get("teams") else []
    return _page(
        text,
        conflicts,
        show=show,
        found=found,
        args=args,
        fields=fields,
        chosen=[with_names(services(), filter_).sentence() for filter_ in chosen],
        twin_of_list=f"{twin}?{urlencode([(q, text), *_given().items(multi=True), *teams])}",
    )


def _given() -> MultiDict[str, str]:
    """Return the parameters that are not the page's own, without the empty fields of its form."""
    pairs = request.args.items(multi=True)
    return MultiDict([(name, value) for name, value in pairs if value.strip() and name not in OWN])


def _filters(schema: arguments.Args) -> dict[str, Any]:
    """Return the checked filters and position of a list. Raises Problem (400)."""
    return arguments.parse(schema, _given())


def _csv(people: list[dict[str, Any]]) -> Response:
    """Return experts, best first, as a table with their supporting works and the other members of their teams."""
    lines = [",".join(COLUMNS) + "\r\n"]
    for person in people:
        affiliation = person["affiliations"][0]["name"] if person["affiliations"] else ""
        titles = "; ".join(work["title"] for work in person.get("works", ()))
        team = "; ".join(member["name"] for member in person.get("members", ()))
        who = (person["id"], person["name"], affiliation, person["orcid"] or "")
        numbers = (str(person["works_count"]), f"{person['score']:.4f}")
        lines.append(table_line([*map(table_cell, who), *numbers, table_cell(titles), table_cell(team)]))
    headers = {"Content-Disposition": "attachment; filename=peerscope-experts.csv"}
    return Response("".join(lines), content_type="text/csv; charset=utf-8", headers=headers)

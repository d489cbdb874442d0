"""The page that finds people by example: like some and unlike others, or whom a team lacks for a text."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template
from marshmallow import fields, validate

from search_api.http.args import CommaList, PageArgs, Repeated, Whole
from search_api.http.paging import MAX_PER_PAGE
from search_api.http.services import services
from search_api.researchers import complement, similar
from search_api.researchers import search as researchers_search
from search_api.researchers.documents import canonical_ids, read
from search_api.researchers.schemas import (
    MAX_EXAMPLES,
    ComplementArgs,
    ComplementBody,
    ResearchersArgs,
    SimilarArgs,
    SimilarToResearchers,
)
from search_api.web import addresses
from search_api.web.blueprint import blueprint, parse, read_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response

#: Researchers on a page, and people of a name that the reader chooses from.
#: Twelve cards fill rows of two, three and four.
RESULTS, NAMESAKES = 12, 8
#: Characters of the text, which is a parameter of the address.
MAX_TEXT = 3_000
ROLES = ("like", "unlike")


def _people() -> Repeated:
    return Repeated(metadata={"description": "Ids of researchers."})


class ByExampleArgs(PageArgs):
    """Parameters of the page; `name` is looked up and added to the people of `role`."""

    like = _people()
    unlike = _people()
    text = fields.String(load_default="", validate=validate.Length(max=MAX_TEXT))
    find = fields.String(load_default="similar", validate=validate.OneOf(("similar", "missing")))
    name = fields.String(load_default="", validate=validate.Length(max=500))
    role = fields.String(load_default="like", validate=validate.OneOf(ROLES))
    exclude = CommaList(("collaborators",))  # type: ignore[assignment]  # marshmallow moves fields off the class
    per_page = Whole(load_default=RESULTS, validate=validate.Range(min=1, max=MAX_PER_PAGE))


@blueprint.get("/similar-researchers")
def by_example() -> str | Response:
    """Show the people who were chosen, a form to add more, and who is like them or completes their team."""
    args = parse(ByExampleArgs())
    ids, unknown = canonical_ids(services(), {role: args[role][:MAX_EXAMPLES] for role in ROLES})
    namesakes = namesakes_of(args["name"])
    if len(namesakes) == 1:
        return redirect(addresses.replacing(("name", "role"), (args["role"], namesakes[0]["id"])), HTTPStatus.SEE_OTHER)
    is_team = args["find"] == "missing"
    return render_template(
        "by_example.html",
        args=args,
        chosen=_chosen(ids),
        unknown=[id_ for missing in unknown.values() for id_ in missing],
        namesakes=namesakes,
        found=_team(ids, args) if is_team else _similar(ids, args),
        is_team=is_team,
        most=MAX_TEXT,
    )


def namesakes_of(name: str) -> Sequence[Mapping[str, Any]]:
    """Return the people whom a name or an id may mean; one alone if it is an id or all of the name is theirs."""
    if not name.strip():
        return []
    known, _ = canonical_ids(services(), {"name": [name]})
    if known["name"]:
        return [{"id": known["name"][0]}]
    wanted = ResearchersArgs().load({"q": name, "per_page": NAMESAKES})
    people: Sequence[Mapping[str, Any]] = researchers_search.search(services(), wanted)["results"]
    same = [person for person in people if person["name"].casefold() == name.strip().casefold()]
    return same if len(same) == 1 else people


def names_of(ids: Sequence[str]) -> list[dict[str, str]]:
    """Return id and name of the known ones of these people, under the ids given."""
    if not ids:
        return []
    known = {id_: canonical_ids(services(), {"id": [id_]})[0]["id"] for id_ in ids}
    wanted = [id_ for found in known.values() for id_ in found]
    names = read(services(), services().names.researchers, wanted, {"includes": ["name"]})
    return [{"id": id_, "name": names[found[0]]["name"]} for id_, found in known.items() if found and found[0] in names]


def _chosen(ids: Mapping[str, Sequence[str]]) -> dict[str, list[dict[str, str]]]:
    """Return id and name of the people in each role."""
    every = [id_ for role in ids.values() for id_ in role]
    names = read(services(), services().names.researchers, every, {"includes": ["name"]})
    return {role: [{"id": id_, "name": names[id_]["name"]} for id_ in ids[role] if id_ in names] for role in ids}


def _similar(ids: Mapping[str, Sequence[str]], args: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return who is like the people and the text; None without either."""
    if not (ids["like"] or args["text"].strip()):
        return None
    body = SimilarToResearchers().load({**ids, "text": args["text"]})
    wanted = SimilarArgs().load(_paged(args) | {"exclude": args["exclude"]})
    return read_list(wanted, partial(similar.similar_to, services(), body))


def _team(ids: Mapping[str, Sequence[str]], args: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return whom the people lack for the text; None without a team or a text."""
    if not (ids["like"] and args["text"].strip()):
        return None
    conflicts = ids["like"] if "collaborators" in args["exclude"] else []
    given = {"team": ids["like"], "text": args["text"], "exclude": ids["unlike"]}
    body = ComplementBody().load(given | {"exclude_collaborators_of": conflicts})
    return read_list(
        ComplementArgs().load(_paged(args)), lambda wanted: complement.complement(services(), wanted, body)
    )


def _paged(args: Mapping[str, Any]) -> dict[str, Any]:
    return {"page": args["page"], "per_page": args["per_page"]}

"""Routes of the Atom feeds. Each is a search for works, latest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for
from marshmallow import fields, validate

from search_api.feeds.atom import Feed, document
from search_api.http import args as arguments
from search_api.http.args import MAX_QUERY, Args
from search_api.http.endpoint import ATOM, plain
from search_api.http.public_url import absolute
from search_api.http.services import services
from search_api.institutions import search as institutions
from search_api.researchers import documents as researchers
from search_api.retrieval.filters import filter_args
from search_api.retrieval.listing import address
from search_api.topics import search as topics
from search_api.works import search as works_search
from search_api.works.fields import FIELDS
from search_api.works.plan import describe, parse_filters, with_names
from search_api.works.schemas import MODES, WorksArgs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

blueprint = Blueprint("feeds", __name__, url_prefix="/feeds")

#: Entries of a feed: more than a reader misses between two visits, at about 100 kB.
ENTRIES = 50


class FeedArgs(Args):
    """Parameters of the feed of a researcher, topic or institution: none."""


class WorksFeedArgs(Args, filter_args(FIELDS)):  # type: ignore[misc]  # the base is made from the table
    """Parameters of the feed of a search."""

    q = fields.String(load_default="", validate=validate.Length(max=MAX_QUERY), metadata={"description": "Query."})
    mode = fields.String(
        load_default="hybrid",
        validate=validate.OneOf(MODES),
        metadata={"description": "Keywords and meaning, meaning only, or keywords only."},
    )


@blueprint.get("/works.atom")
@plain("Feed of a search", ATOM, WorksFeedArgs)
def works() -> Response:
    """Return the latest works that match a search."""
    args = arguments.parse(WorksFeedArgs(), request.args)
    asked = parse_filters(services(), args)
    pairs = [(name, value) for name, value in request.args.items(multi=True) if value.strip()]
    page = url_for("web.search", _external=True) + (f"?{urlencode(pairs)}" if pairs else "")
    title = describe(args["q"].strip(), (with_names(services(), filter_) for filter_ in asked))
    return _feed(title, page, args)


@blueprint.get("/researchers/<path:id_>.atom")
@plain("Feed of a researcher", ATOM, FeedArgs)
def researcher(id_: str) -> Response:
    """Return the latest works of a researcher."""
    arguments.parse(FeedArgs(), request.args)
    return _feed_of("researcher", researchers.find(services(), id_), "of")


@blueprint.get("/topics/<path:id_>.atom")
@plain("Feed of a topic", ATOM, FeedArgs)
def topic(id_: str) -> Response:
    """Return the latest works on a topic."""
    arguments.parse(FeedArgs(), request.args)
    return _feed_of("topic", topics.find(services(), id_), "on")


@blueprint.get("/institutions/<path:id_>.atom")
@plain("Feed of an institution", ATOM, FeedArgs)
def institution(id_: str) -> Response:
    """Return the latest works of an institution."""
    arguments.parse(FeedArgs(), request.args)
    return _feed_of("institution", institutions.find(services(), id_), "of")


def _feed_of(kind: str, item: Mapping[str, Any], relation: str) -> Response:
    """Return the feed of works that a filter by a researcher, a topic or an institution selects."""
    page = url_for(f"web.{kind}", id_=item["id"], _external=True)
    # A clause, not a parameter: there, an id that begins with ! would be negated.
    return _feed(f"Works {relation} {item['name']}", page, {}, [FIELDS[kind].clause(item["id"])])


def _feed(title: str, page: str, parameters: Mapping[str, Any], fixed: Sequence[dict[str, Any]] = ()) -> Response:
    args = WorksArgs().load({**parameters, "sort": "latest", "per_page": ENTRIES})
    found = works_search.search(services(), args, fixed)
    feed = Feed(title, absolute(address()), page)
    return Response(document(feed, found["results"]), content_type="application/atom+xml; charset=utf-8")

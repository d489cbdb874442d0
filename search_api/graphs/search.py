"""Finds the entity that a graph is requested for, and builds its graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.graphs.around import KINDS, around
from search_api.institutions import search as institutions
from search_api.researchers import documents as researchers
from search_api.topics import search as topics
from search_api.works import documents as works

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services

Result = dict[str, Any]

FINDERS = {"work": works.find, "researcher": researchers.find, "topic": topics.find, "institution": institutions.find}


def graph(services: Services, args: Mapping[str, Any]) -> Result:
    """Return the graph around the entity that `AroundArgs` name.

    Raises Problem (404) for an unknown id and RedirectError for a merged one.
    """
    kind = next(kind for kind in KINDS if args[kind])
    return graph_of(services, kind, args[kind], args)


def graph_of(services: Services, kind: str, id_: str, args: Mapping[str, Any]) -> Result:
    """Return the graph around one entity, as `GraphArgs` describe it. Raises Problem (404) and RedirectError."""
    entity: Mapping[str, Any] = FINDERS[kind](services, id_)
    label = entity["title" if kind == "work" else "name"]
    kinds = args["kind"] or KINDS
    return around(services, (kind, entity["id"]), label, depth=args["depth"], limit=args["limit"], kinds=kinds)

"""Finds the thing that a graph is asked around, and draws up what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.graphs.around import KINDS, around
from search_api.institutions import search as institutions
from search_api.researchers import profile as researchers
from search_api.topics import search as topics
from search_api.works import search as works

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services

Result = dict[str, Any]

FINDERS = {"work": works.find, "researcher": researchers.find, "topic": topics.find, "institution": institutions.find}


def graph(services: Services, args: Mapping[str, Any]) -> Result:
    """Return nodes and edges around what `AroundArgs` names. Raises Problem (404), and MovedError for a merged id."""
    kind = next(kind for kind in KINDS if args[kind])
    stored = FINDERS[kind](services, args[kind])
    label = stored["title" if kind == "work" else "name"]
    kinds = args["kind"] or KINDS
    return around(services, (kind, stored["id"]), label, depth=args["depth"], limit=args["limit"], kinds=kinds)

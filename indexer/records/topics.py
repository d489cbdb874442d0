"""Topic names: what a source calls a topic, or what arXiv calls its own categories.

arXiv's identifiers (`cs.LG`) come without a name from many sources; the names here are those of its public taxonomy.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def _arxiv() -> dict[str, dict[str, str]]:
    taxonomy: dict[str, dict[str, str]] = json.loads(
        files("indexer.records").joinpath("arxiv_taxonomy.json").read_text(encoding="utf-8")
    )
    return taxonomy


def topic_name(topic_id: str, given: str | None) -> str:
    """Return the name to show for a topic: arXiv's for an arXiv category, else the source's, else the id itself."""
    return _arxiv()["categories"].get(topic_id) or given or topic_id


def topic_parent(topic_id: str) -> str | None:
    """Return the name of the field above an arXiv category (`cs.LG`: Computer Science); None for any other topic."""
    if topic_id not in _arxiv()["categories"]:
        return None
    return _arxiv()["archives"].get(topic_id.partition(".")[0])

"""Topics of a work, with the names of arXiv's categories.

arXiv's identifiers (`cs.LG`) come without a name from many sources; `arxiv_taxonomy.json` has the names of its public
taxonomy.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.records.work import Work
    from mappings.documents import WorkTopic


@cache
def _arxiv() -> dict[str, dict[str, str]]:
    taxonomy: dict[str, dict[str, str]] = json.loads(
        files("indexer.records").joinpath("arxiv_taxonomy.json").read_text(encoding="utf-8")
    )
    return taxonomy


def topic_name(topic_id: str, source_name: str | None) -> str:
    """Return the name to show for a topic: arXiv's for an arXiv category, else the source's, else the id itself."""
    return _arxiv()["categories"].get(topic_id) or source_name or topic_id


def topic_parent(topic_id: str) -> str | None:
    """Return the name of the field above an arXiv category (`cs.LG`: Computer Science); None for any other topic."""
    if topic_id not in _arxiv()["categories"]:
        return None
    return _arxiv()["archives"].get(topic_id.partition(".")[0])


def topics_of(work: Work) -> list[WorkTopic]:
    """Return the topics of a work as they are stored: id, name, and the names of the parents, nearest first."""
    all_parents: tuple[tuple[str, ...], ...] = work.topic_parents or ((),) * len(work.topics)
    return [
        {"id": id_, "name": topic_name(id_, name), "parents": list(parents)}
        for (id_, name), parents in zip(work.topics, all_parents, strict=True)
    ]

"""Which researcher stands behind each name, on the works of a generation and on those about to be written.

Everything is weighed against the whole collection (how rare a name or a co-author is), so it is resolved as a whole,
and the same works always give the same researchers, however many runs brought them in. Ids stay: a researcher keeps the
id that most of their mentions had, and an id that nobody has any more leads to the one that took its mentions over.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from indexer.identity.worker import Resolving
from indexer.sources.stored import record_of
from indexer.write.bulk import index_action, pending_actions, with_retries, write
from indexer.write.reads import documents, pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.identity.overrides import Overrides
    from indexer.staging.database import StagingDatabase
    from mappings import Generation

PAGE = 1_000


class Identification:
    """Finds out who the authors are, from `__init__` on, while other things are done; `finish` carries it out."""

    def __init__(
        self, client: OpenSearch, generation: Generation, staged: StagingDatabase, overrides: Overrides
    ) -> None:
        """Put all that the index knows of authors into the file, and have them resolved."""
        self._client, self._generation, self._staged = client, generation, staged
        for works in _works(client, generation):
            staged.add_known(
                (work["id"], record_of(work), [entry["id"] for entry in work["researchers"]])
                for work in works
                if work["id"] not in staged
            )
        staged.add_redirects(stored_redirects(client, generation), new=False)
        self._resolving = Resolving(staged.path, overrides)
        #: The most memory that resolving took beside this process, in MB.
        self.peak_mb = 0.0

    @property
    def is_running(self) -> bool:
        """Whether it is not known yet who they are."""
        return self._resolving.is_running

    def finish(self) -> list[str]:
        """Wait, then give the works of the generation whose researchers change, and all staged ones, their ids.

        Researchers that won or lost a work are marked as pending before the work is written. Gives sentences about
        probable duplicates, the likeliest first; `peak_mb` is known then. Raises ResolvingError when it was not found
        out.
        """
        self.peak_mb = self._resolving.wait()
        old, new = self._staged.redirects(new=False), self._staged.redirects(new=True)
        # Before any work: once the last mention of an id is written over, nothing tells any more where it went.
        write(self._client, _redirect_actions(self._generation, old, new))
        for batch in self._staged.reassigned():
            changed = {id_: (before, after) for id_, before, after in batch}
            touched = {
                researcher_id: work_id
                for work_id, (before, after) in changed.items()
                for pair in zip(before, after, strict=True)
                if pair[0] != pair[1]
                for researcher_id in pair
            }
            write(self._client, pending_actions(self._generation.pending, touched))
            write(self._client, _updates(self._client, self._generation, changed))
        return self._staged.probable_duplicates()

    def stop(self) -> None:
        """Leave it at that."""
        self._resolving.stop()


def _works(client: OpenSearch, generation: Generation) -> Iterator[list[dict[str, Any]]]:
    body = {
        "size": PAGE,
        "sort": ["id"],
        "query": {"match_all": {}},
        "_source": {"excludes": ["embedding", "abstract"]},
    }
    with_retries(client.indices.refresh, index=generation.works)
    for hits in pages(client, generation.works, body):
        yield [hit["_source"] for hit in hits]


def _updates(
    client: OpenSearch, generation: Generation, changed: Mapping[str, tuple[list[str], list[str]]]
) -> Iterator[list[dict[str, Any]]]:
    """Return the bulk actions that put new researcher ids on works, all else as it is."""
    for found in documents(client, generation.works, sorted(changed), "researchers"):
        entries = found["_source"]["researchers"]
        for entry, id_ in zip(entries, changed[found["_id"]][1], strict=True):
            entry["id"] = id_
        yield [{"update": {"_index": generation.works, "_id": found["_id"]}}, {"doc": {"researchers": entries}}]


def stored_redirects(client: OpenSearch, generation: Generation) -> dict[str, str]:
    """Return the ids that nobody has any more, with the researcher that each leads to."""
    found: dict[str, str] = {}
    body = {"size": PAGE, "sort": ["id"], "query": {"match_all": {}}}
    with_retries(client.indices.refresh, index=generation.redirects)
    for hits in pages(client, generation.redirects, body):
        found |= {hit["_source"]["id"]: hit["_source"]["researcher_id"] for hit in hits}
    return found


def _redirect_actions(
    generation: Generation, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[list[dict[str, Any]]]:
    """Write the new aliases, and lead old ones straight to where their target went."""
    moved = {id_: new[target] for id_, target in old.items() if target in new}
    for id_, target in sorted({**moved, **new}.items()):
        yield index_action(generation.redirects, id_, {"id": id_, "researcher_id": target})


def save_duplicates(path: Path, sentences: Iterable[str]) -> None:
    """Write the probable duplicates of a run for a person to look at, one JSON string a line, the likeliest first."""
    path.write_text("".join(json.dumps(text, ensure_ascii=False) + "\n" for text in sentences), encoding="utf-8")

"""Assign researchers to the authors of all works, those of a generation and those about to be written.

Evidence is weighed against counts over the collection (how rare a name or a co-author is), which are frozen for an
epoch (`indexer/identity/epochs.py`): in it, researchers depend on the works only, not on the runs that added them. A
researcher keeps the id that most of their mentions had; an id without mentions redirects to the one that received its
mentions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from indexer.identity.resolver import Resolver
from indexer.sources.stored import record_of
from indexer.write.bulk import index_action, pending_actions, update_action, with_retries, write
from indexer.write.reads import documents, pages
from mappings.signatures import is_signed_redirect, is_signed_work, redirect_signature, work_signature
from peerscope.private_files import write_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Set
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.identity.epochs import History, Outcome
    from indexer.identity.overrides import Overrides
    from indexer.stages.runner import Runner
    from indexer.staging.database import ProbableDuplicate, StagingDatabase
    from indexer.write.bulk import Action
    from mappings import Generation
    from mappings.documents import WorkDocument
    from peerscope.signing import Signer

PAGE = 1_000


class IdentityUpdate:
    """Resolves all authors in the background, from `__init__` on; `finish` writes the result to the index."""

    def __init__(
        self,
        client: OpenSearch,
        generation: Generation,
        staged: StagingDatabase,
        overrides: Overrides,
        runner: Runner,
        history: History,
        signer: Signer | None = None,
    ) -> None:
        """Copy the authors of the index to the staging database, and start to resolve them, continuing `history`."""
        self._client, self._generation, self._staged, self._signer = client, generation, staged, signer
        for works in _stored_works(client, generation):
            staged.add_known(
                (work["id"], record_of(work), [entry["id"] for entry in work["researchers"]])
                for work in works
                if work["id"] not in staged
            )
        staged.add_redirects(stored_redirects(client, generation), new=False)
        self._resolver = Resolver(staged.path, overrides, runner, history)

    @property
    def is_running(self) -> bool:
        """Whether the authors are still being resolved."""
        return self._resolver.is_running

    def finish(self) -> Outcome:
        """Wait for the result, then write redirects and the new researcher ids of works that are in the index.

        Works to be written get their ids in the staging database. Researchers who gained or lost a work are marked as
        pending before the work is written. Returns what the next run can use. Raises StageError when workers failed.
        """
        outcome = self._resolver.wait()
        old, new = self._staged.redirects(new=False), self._staged.redirects(new=True)
        # Before any work: once the last mention of an id has been replaced, its new id could not be found any more.
        shortened = {id_: new[target] for id_, target in old.items() if target in new}
        signed = self._signed_redirects(shortened) | new.keys()
        write(self._client, _redirect_actions(self._generation, {**shortened, **new}, signed, self._signer))
        for batch in self._staged.reassigned():
            changed = {id_: (before, after) for id_, before, after in batch}
            pending = {
                researcher_id: work_id
                for work_id, (before, after) in changed.items()
                for pair in zip(before, after, strict=True)
                if pair[0] != pair[1]
                for researcher_id in pair
            }
            write(self._client, pending_actions(self._generation.pending, pending))
            write(self._client, _work_updates(self._client, self._generation, changed, self._signer))
        return outcome

    def _signed_redirects(self, ids: Iterable[str]) -> set[str]:
        """Return which of these merged ids have a signed redirect; the others may be forged."""
        if self._signer is None:
            return set()
        hits = documents(self._client, self._generation.redirects, sorted(ids))
        return {hit["_id"] for hit in hits if is_signed_redirect(self._signer, hit["_source"])}

    def stop(self) -> None:
        """End the workers, whether they have finished or not."""
        self._resolver.stop()


def _stored_works(client: OpenSearch, generation: Generation) -> Iterator[list[WorkDocument]]:
    body = {
        "size": PAGE,
        "sort": ["id"],
        "query": {"match_all": {}},
        "_source": {"excludes": ["embedding", "abstract", "records", "localized"]},
    }
    with_retries(client.indices.refresh, index=generation.works)
    for hits in pages(client, generation.works, body):
        yield [hit["_source"] for hit in hits]


def _work_updates(
    client: OpenSearch,
    generation: Generation,
    changed: Mapping[str, tuple[list[str], list[str]]],
    signer: Signer | None,
) -> Iterator[Action]:
    """Yield the bulk actions that set new researcher ids on works; what was signed is signed again."""
    for document in documents(client, generation.works, sorted(changed), "id,researchers,orcid_signature"):
        work: WorkDocument = document["_source"]
        is_signed = signer is not None and is_signed_work(signer, work)
        for entry, id_ in zip(work["researchers"], changed[document["_id"]][1], strict=True):
            entry["id"] = id_
        signature = work_signature(signer, work) if signer and is_signed else None
        yield update_action(
            generation.works, document["_id"], {"researchers": work["researchers"], "orcid_signature": signature}
        )


def stored_redirects(client: OpenSearch, generation: Generation) -> dict[str, str]:
    """Return the merged ids of a generation, each with the researcher id that it redirects to."""
    redirects: dict[str, str] = {}
    body = {"size": PAGE, "sort": ["id"], "query": {"match_all": {}}}
    with_retries(client.indices.refresh, index=generation.redirects)
    for hits in pages(client, generation.redirects, body):
        redirects |= {hit["_source"]["id"]: hit["_source"]["researcher_id"] for hit in hits}
    return redirects


def _redirect_actions(
    generation: Generation, redirects: Mapping[str, str], signed: Set[str], signer: Signer | None
) -> Iterator[Action]:
    """Yield the actions that write redirects; `signed` are the ids of those to sign."""
    for id_, target in sorted(redirects.items()):
        signature = redirect_signature(signer, id_, target) if signer and id_ in signed else None
        yield index_action(generation.redirects, id_, {"id": id_, "researcher_id": target, "signature": signature})


def save_duplicates(path: Path, pairs: Iterable[ProbableDuplicate]) -> None:
    """Write the probable duplicates of a run to a file, one JSON object per line, the most likely first."""
    write_private(path, "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs))

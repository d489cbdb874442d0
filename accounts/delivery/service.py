"""Writes people's states from the database to the index, within seconds and whatever crashes on either side.

A row of the outbox only names the researcher whose state has changed. The state itself is computed at delivery, so a
row may be delivered late or twice and the index still ends with the current state. A row is deleted only after the
index has taken both writes: to the people index, from which later generations are built, and to the researcher's own
document, which is searched now. When the searched index is not the one that was last brought up to date (a run went
live, a rollback, a restored backup, a lost people index), every state is written again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import TransportError
from sqlalchemy import delete, select

from accounts import erasure
from accounts.base import now
from accounts.claims.lifecycle import OPEN, settle
from accounts.claims.models import Claim
from accounts.claims.orcid_proof import with_proven_orcid
from accounts.corrections.models import Correction
from accounts.delivery.merging import move
from accounts.delivery.models import Synced
from accounts.delivery.states import kept_state, state_of
from accounts.follows.models import Follow
from accounts.outbox import Outbox
from mappings import begin_people
from mappings.signatures import is_signed_redirect
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opensearchpy import OpenSearch

    from accounts.database import Database
    from mappings import IndexNames
    from mappings.documents import ResearcherState
    from peerscope.signing import Signer

    #: The lines of one action in the body of a bulk request.
    Action = list[Mapping[str, object]]

Record = dict[str, Any]

#: Researchers written to the index in one bulk request.
BATCH = 500
#: Ids read per response when all researchers with a state are listed.
PAGE = 1_000
#: Matches researchers whose document differs from what the indexer writes without people's states.
HAS_STATE = {
    "bool": {
        "should": [
            {"range": {"verification_level": {"gt": 1}}},
            {"range": {"followers_count": {"gt": 0}}},
            {"term": {"claimed": True}},
            {"term": {"open_to_collaborate": True}},
        ]
    }
}


class DeliveryError(PeerscopeError):
    """OpenSearch did not accept a state; delivery is tried again."""


class Delivery:
    """Delivers from one database to the indices of one prefix. Only one may run at a time: see `Lease`."""

    def __init__(self, database: Database, client: OpenSearch, names: IndexNames, signer: Signer) -> None:
        """Store the arguments; no request is sent yet. `signer` verifies documents of the indexer."""
        self._database, self._client, self._names, self._signer = database, client, names, signer
        self._uncertain = False

    def deliver(self) -> int:
        """Deliver the rows of the outbox, or all states if another index is searched now.

        Returns the number of rows delivered. Raises TransportError or DeliveryError, and then keeps the rows.
        """
        target = self._searched()
        if target is None:
            return 0
        if target != self._synced():
            return self.deliver_all()
        return self._deliver_outbox(target)

    def deliver_all(self) -> int:
        """Write the state of every researcher who has one in the database or the index; returns their number."""
        if self._searched() is None:
            return 0
        begin_people(self._client, self._names)
        target = self._searched()
        ids = sorted(self._all_ids())
        for start in range(0, len(ids), BATCH):
            self._bring(ids[start : start + BATCH])
            if target:
                # A change that is made now does not wait for the remaining batches.
                self._deliver_outbox(target)
        if target and target == self._searched():
            with self._database.begin() as session:
                session.merge(Synced(prefix=self._names.prefix, index=target, at=now()))
        return len(ids)

    def erase(self) -> None:
        """Do what is due of the erasure of deleted data (see `erasure`), once everything is delivered."""
        if erasure.waiting(self._database) and self.is_complete() and not self._has_rows():
            erasure.erase(self._database, self._client, self._names, self._states)

    def invalidate(self) -> None:
        """Make the next delivery write every state again."""
        with self._database.begin() as session:
            session.execute(delete(Synced).where(Synced.prefix == self._names.prefix))

    def is_complete(self) -> bool:
        """Return whether the searched index has all states."""
        target = self._searched()
        return target is not None and target == self._synced()

    def _deliver_outbox(self, target: str) -> int:
        with self._database.begin() as session:
            rows = session.execute(select(Outbox.id, Outbox.researcher_id).order_by(Outbox.id).limit(BATCH)).all()
        if not rows:
            return 0
        try:
            self._bring({row.researcher_id for row in rows})
        except (TransportError, DeliveryError):
            self._uncertain = True
            raise
        if self._uncertain or self._searched() != target:
            # A request that timed out may still be carried out after a later one; delivering again corrects it.
            self._uncertain = False
            return 0
        with self._database.begin() as session:
            session.execute(delete(Outbox).where(Outbox.id.in_([row.id for row in rows])))
        return len(rows)

    def _has_rows(self) -> bool:
        with self._database.read() as session:
            return session.scalars(select(Outbox.id).limit(1)).one_or_none() is not None

    def _states(self, ids: set[str]) -> dict[str, ResearcherState]:
        records = self._records(ids)
        with self._database.read() as session:
            return {id_: state_of(session, id_, _institutions(records.get(id_))) for id_ in sorted(ids)}

    def _searched(self) -> str | None:
        """Return names and UUIDs of the searched index and the people index, which together are never reused.

        Returns None if no index is searched.
        """
        index, people = self._names.researchers, self._names.people
        params = {"ignore_unavailable": "true", "flat_settings": "true"}
        answer = self._client.indices.get_settings(index=f"{index},{people}", name="index.uuid", params=params)
        uuids = {name: settings["settings"]["index.uuid"] for name, settings in answer.items()}
        people_uuid = uuids.pop(people, "none")
        return " ".join([*(f"{name}/{uuid}" for name, uuid in sorted(uuids.items())), people_uuid]) if uuids else None

    def _synced(self) -> str | None:
        with self._database.begin() as session:
            return session.scalars(select(Synced.index).where(Synced.prefix == self._names.prefix)).one_or_none()

    def _all_ids(self) -> set[str]:
        with self._database.begin() as session:
            claimed = select(Claim.researcher_id).where(Claim.status.in_(OPEN))
            followed = select(Follow.target).where(Follow.kind == "researcher")
            corrected = select(Correction.researcher_id).where(Correction.status == "accepted")
            ids = {*session.scalars(claimed), *session.scalars(followed), *session.scalars(corrected)}
        self._client.indices.refresh(index=self._names.people)
        ids.update(self._ids(self._names.people, "researcher_id", {"match_all": {}}))
        ids.update(self._ids(self._names.researchers, "id", HAS_STATE))
        return ids

    def _ids(self, index: str, field: str, query: Record) -> Iterator[str]:
        body: Record = {"size": PAGE, "query": query, "sort": [field], "_source": False}
        while hits := self._client.search(index=index, body=body)["hits"]["hits"]:
            yield from (hit["_id"] for hit in hits)
            body["search_after"] = hits[-1]["sort"]

    def _bring(self, ids: Iterable[str]) -> None:
        """Compute and write the states of these researchers; states of merged ids move to the canonical id."""
        wanted = set(ids)
        records = self._records(wanted)
        found = self._redirects(wanted - records.keys())
        records |= self._records({redirect["researcher_id"] for redirect in found} - records.keys())
        found = [redirect for redirect in found if redirect["researcher_id"] in records]
        redirects = {redirect["id"]: redirect["researcher_id"] for redirect in found}
        signed = {redirect["id"] for redirect in found if is_signed_redirect(self._signer, redirect)}
        self._remove_unproven_orcids(records, redirects)
        actions: list[Action] = [[_delete(self._names.people, old)] for old in sorted(redirects)]
        with self._database.begin() as session:
            for old, new in sorted(redirects.items()):
                move(session, old, new, records[new].get("orcid"), is_signed=old in signed)
            for id_ in sorted((wanted - redirects.keys()) | set(redirects.values())):
                record = records.get(id_)
                if record:
                    settle(session, record)
                state = state_of(session, id_, _institutions(record))
                kept = kept_state(session, id_, state)
                actions.append([_index(self._names.people, id_), kept] if kept else [_delete(self._names.people, id_)])
                if record:
                    actions.append([_update(self._names.researchers, id_), {"doc": state}])
        self._write(actions)

    def _records(self, ids: set[str]) -> dict[str, Record]:
        fields = {"_source_includes": "id,orcid,institutions.id"}
        return {document["_id"]: document["_source"] for document in self._get(self._names.researchers, ids, fields)}

    def _redirects(self, ids: set[str]) -> list[Record]:
        documents = self._get(self._names.redirects, ids, {})
        # The requested id, because the field of the document may be forged.
        return [{**document["_source"], "id": document["_id"]} for document in documents]

    def _remove_unproven_orcids(self, records: dict[str, Record], redirects: Mapping[str, str]) -> None:
        """Keep the ORCID iDs of records that have a claim, or get one by a redirect, if a signed work proves them."""
        with self._database.read() as session:
            ids = [*records, *redirects]
            claims = select(Claim.researcher_id).where(Claim.researcher_id.in_(ids), Claim.status.in_(OPEN))
            claimed = {redirects.get(id_, id_) for id_ in session.scalars(claims)}
        for id_, record in records.items():
            if id_ in claimed:
                records[id_] = with_proven_orcid(self._client, self._names, self._signer, record)
            else:
                # A claim that is made now enters the outbox, and is settled with the next delivery.
                records[id_] = {**record, "orcid": None}

    def _get(self, index: str, ids: set[str], params: Record) -> Iterator[Record]:
        if not ids:
            return
        for document in self._client.mget(index=index, body={"ids": sorted(ids)}, params=params)["docs"]:
            if "error" in document:
                raise DeliveryError(f"OpenSearch cannot read from {index}: {document['error']}")
            if document["found"]:
                yield document

    def _write(self, actions: list[Action]) -> None:
        answer = self._client.bulk(body=[line for action in actions for line in action])
        for item in answer["items"]:
            ((kind, result),) = item.items()
            # 404 is fine: nothing to delete, or a researcher whom an indexing run has just removed.
            if result["status"] >= 300 and not (result["status"] == 404 and kind in {"delete", "update"}):
                raise DeliveryError(f"OpenSearch cannot write to {result['_index']}: {result.get('error')}")


def _institutions(record: Record | None) -> list[str]:
    # OpenSearch leaves an empty list out of a filtered source.
    return [institution["id"] for institution in record.get("institutions", [])] if record else []


def _delete(index: str, id_: str) -> dict[str, Any]:
    return {"delete": {"_index": index, "_id": id_}}


def _index(index: str, id_: str) -> dict[str, Any]:
    return {"index": {"_index": index, "_id": id_}}


def _update(index: str, id_: str) -> dict[str, Any]:
    return {"update": {"_index": index, "_id": id_, "require_alias": True}}

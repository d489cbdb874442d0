"""Brings people's states from the database to the index, within seconds, whatever crashes on either side.

A row of the outbox says only whose state has changed. The state itself is computed when it is delivered, so that rows
may be delivered twice, or late, and the last word still counts. A row goes only after the index has taken both writes:
the people index, from which later generations are built, and the researcher's own document, which is searched now.
When another index is searched than the one that was last brought up to date (a run went live, a rollback, a restored
backup, a lost people index), every state is written anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import TransportError
from sqlalchemy import delete, select

from accounts.base import now
from accounts.claims.claiming import settle
from accounts.claims.models import Claim
from accounts.delivery.merging import move
from accounts.delivery.models import Synced
from accounts.delivery.states import kept_state, state_of
from accounts.follows.models import Follow
from accounts.outbox import Outbox
from mappings import begin_people
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opensearchpy import OpenSearch

    from accounts.database import Database
    from mappings import IndexNames

    #: The lines of one action in the body of a bulk request.
    Action = list[Mapping[str, object]]

Record = dict[str, Any]

#: Researchers brought to the index together.
BATCH = 500
#: Ids read in one answer when all are looked for.
PAGE = 1_000
#: Researchers whose document says something other than what the indexer writes of itself.
TOUCHED = {
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
    """OpenSearch did not take a state; it is tried again."""


class Delivery:
    """Delivers from one database to the indices of one prefix. One at a time: see `Lease`."""

    def __init__(self, database: Database, client: OpenSearch, names: IndexNames) -> None:
        """Name both sides; nothing is asked yet."""
        self._database, self._client, self._names = database, client, names
        self._uncertain = False

    def deliver(self) -> int:
        """Bring what the outbox notes to the index, or everything if another index is searched now.

        Gives how many rows are done. Raises TransportError or DeliveryError: then nothing is forgotten.
        """
        where = self._searched()
        if where is None:
            return 0
        if where != self._synced():
            return self.everything()
        return self._noted(where)

    def everything(self) -> int:
        """Write the state of everybody who has one, here or there; gives how many researchers that are."""
        if self._searched() is None:
            return 0
        begin_people(self._client, self._names)
        where = self._searched()
        ids = sorted(self._everybody())
        for start in range(0, len(ids), BATCH):
            self._bring(ids[start : start + BATCH])
            if where:
                # Nobody who changes something now waits for the rest.
                self._noted(where)
        if where and where == self._searched():
            with self._database.begin() as session:
                session.merge(Synced(prefix=self._names.prefix, index=where, at=now()))
        return len(ids)

    def forget(self) -> None:
        """Have whoever delivers next write everything anew."""
        with self._database.begin() as session:
            session.execute(delete(Synced).where(Synced.prefix == self._names.prefix))

    def is_complete(self) -> bool:
        """Return whether the index that is searched has all states."""
        where = self._searched()
        return where is not None and where == self._synced()

    def _noted(self, where: str) -> int:
        with self._database.begin() as session:
            rows = session.execute(select(Outbox.id, Outbox.researcher_id).order_by(Outbox.id).limit(BATCH)).all()
        if not rows:
            return 0
        try:
            self._bring({row.researcher_id for row in rows})
        except (TransportError, DeliveryError):
            self._uncertain = True
            raise
        if self._uncertain or self._searched() != where:
            # What timed out may yet be carried out, after what came later: then the next round sets it right.
            self._uncertain = False
            return 0
        with self._database.begin() as session:
            session.execute(delete(Outbox).where(Outbox.id.in_([row.id for row in rows])))
        return len(rows)

    def _searched(self) -> str | None:
        """Name the index that is searched and the people index, so that no other is ever named alike; None for none."""
        index, people = self._names.researchers, self._names.people
        params = {"ignore_unavailable": "true", "flat_settings": "true"}
        found = self._client.indices.get_settings(index=f"{index},{people}", name="index.uuid", params=params)
        names = {name: settings["settings"]["index.uuid"] for name, settings in found.items()}
        kept = names.pop(people, "none")
        return " ".join([*(f"{name}/{uuid}" for name, uuid in sorted(names.items())), kept]) if names else None

    def _synced(self) -> str | None:
        with self._database.begin() as session:
            return session.scalars(select(Synced.index).where(Synced.prefix == self._names.prefix)).one_or_none()

    def _everybody(self) -> set[str]:
        with self._database.begin() as session:
            claimed = select(Claim.researcher_id).where(Claim.status.in_(("pending", "verified")))
            followed = select(Follow.target).where(Follow.kind == "researcher")
            found = {*session.scalars(claimed), *session.scalars(followed)}
        self._client.indices.refresh(index=self._names.people)
        found.update(self._ids(self._names.people, "researcher_id", {"match_all": {}}))
        found.update(self._ids(self._names.researchers, "id", TOUCHED))
        return found

    def _ids(self, index: str, field: str, query: Record) -> Iterator[str]:
        body: Record = {"size": PAGE, "query": query, "sort": [field], "_source": False}
        while hits := self._client.search(index=index, body=body)["hits"]["hits"]:
            yield from (hit["_id"] for hit in hits)
            body["search_after"] = hits[-1]["sort"]

    def _bring(self, ids: Iterable[str]) -> None:
        """Compute these researchers' states and write them; what was merged moves to the researcher that holds."""
        wanted = set(ids)
        records = self._records(wanted)
        moved = self._moved(wanted - records.keys())
        records |= self._records(set(moved.values()) - records.keys())
        moved = {old: new for old, new in moved.items() if new in records}
        actions: list[Action] = [[_delete(self._names.people, old)] for old in sorted(moved)]
        with self._database.begin() as session:
            for old, new in sorted(moved.items()):
                move(session, old, new, records[new].get("orcid"))
            for id_ in sorted((wanted - moved.keys()) | set(moved.values())):
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
        return {found["_id"]: found["_source"] for found in self._get(self._names.researchers, ids, fields)}

    def _moved(self, ids: set[str]) -> dict[str, str]:
        return {found["_id"]: found["_source"]["researcher_id"] for found in self._get(self._names.redirects, ids, {})}

    def _get(self, index: str, ids: set[str], params: Record) -> Iterator[Record]:
        if not ids:
            return
        for found in self._client.mget(index=index, body={"ids": sorted(ids)}, params=params)["docs"]:
            if "error" in found:
                raise DeliveryError(f"{index}: {found['error']}")
            if found["found"]:
                yield found

    def _write(self, actions: list[Action]) -> None:
        answer = self._client.bulk(body=[line for action in actions for line in action])
        for item in answer["items"]:
            ((kind, result),) = item.items()
            # A document that is not there: nothing to remove, or a researcher whom a run took away just now.
            if result["status"] >= 300 and not (result["status"] == 404 and kind in {"delete", "update"}):
                raise DeliveryError(f"{result['_index']}: {result.get('error')}")


def _institutions(record: Record | None) -> list[str]:
    # A filtered source leaves out a list that is empty.
    return [one["id"] for one in record.get("institutions", [])] if record else []


def _delete(index: str, id_: str) -> dict[str, Any]:
    return {"delete": {"_index": index, "_id": id_}}


def _index(index: str, id_: str) -> dict[str, Any]:
    return {"index": {"_index": index, "_id": id_}}


def _update(index: str, id_: str) -> dict[str, Any]:
    return {"update": {"_index": index, "_id": id_, "require_alias": True}}

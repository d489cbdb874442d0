"""Reporting problems with a record, and deciding on them.

Accepted corrections of identity are handed to the indexer in a file (see `decisions`), and those about single works,
names and affiliations are also part of the researcher's state, so that the profile shows them within seconds.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from accounts.audit import note
from accounts.base import now
from accounts.claims.lifecycle import owner_of
from accounts.corrections import decisions
from accounts.corrections.models import Correction
from accounts.database import on_commit
from accounts.login.models import Account
from accounts.notifications import notify, notify_admins
from accounts.outbox import enqueue
from accounts.records import record_of
from accounts.resources import database, settings
from accounts.settled import changing
from accounts.texts import is_id
from search_api.http.errors import Problem, not_found
from search_api.works.documents import find_ids

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from search_api.http.services import Services

#: Corrections of one account that may wait for a decision.
MAX_PENDING = 20
#: Groups of works, and works of a group, that the page of an administrator offers with a check box.
MAX_GROUPS, MAX_OFFERED = 12, 20
NEEDS_WORKS = "Name the works of the second person in `works`: the report names none."


def report(services: Services, account_id: str, researcher_id: str, body: Mapping[str, Any]) -> Correction:
    """Report a problem with a record, which is named by any id. A repeated report returns the waiting one.

    Raises Problem: 404 for an unknown researcher, 422 for works that are not theirs and for an unusable `other`, 429 at
    the limit.
    """
    record = record_of(services, researcher_id)
    works, mentions = _authorships(services, record["id"], body["works"])
    fields = {
        "researcher_id": record["id"],
        "kind": body["kind"],
        "works": works,
        "other": _other_record(services, record["id"], body["other"]),
        "value": body["value"],
    }
    with changing(database()) as session:
        session.get_one(Account, account_id, with_for_update=True)
        query = select(Correction).where(Correction.reporter_id == account_id, Correction.status == "pending")
        waiting = session.scalars(query).all()
        for existing in waiting:
            if all(getattr(existing, name) == value for name, value in fields.items()):
                return existing
        if len(waiting) >= MAX_PENDING:
            detail = f"You have {MAX_PENDING} reports that wait for a decision, the maximum."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "86400"})
        session.add(new := Correction(reporter_id=account_id, mentions=mentions, reason=body["reason"], **fields))
        session.flush()
        note(session, account_id, "correction.report", record["id"], correction=new.id, kind=new.kind)
        notify_admins(session, "correction", but=account_id)
    return new


def list_corrections(
    session: Session, status: str | None, offset: int, limit: int, reporter_id: str | None = None
) -> tuple[int, Sequence[Correction]]:
    """Return the number of corrections with a status (None: any), and a page of them, oldest first."""
    query = select(Correction)
    if status:
        query = query.where(Correction.status == status)
    if reporter_id:
        query = query.where(Correction.reporter_id == reporter_id)
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(Correction.created_at, Correction.id).offset(offset).limit(limit)
    return count, session.scalars(page).all()


def accept(
    services: Services, admin_id: str | None, correction_id: str, reason: str = "", works: Sequence[str] = ()
) -> Correction:
    """Accept a correction, also one that was rejected. `admin_id` is None at the command line.

    Raises Problem: 403 if the administrator is involved, 404, 409 if it contradicts an accepted one or names no works.
    """
    replaced = None
    if works:
        with database().read() as session:
            researcher_id = find(session, correction_id).researcher_id
        replaced = _authorships(services, researcher_id, works)
    with changing(database()) as session:
        correction = find(session, correction_id, lock=True)
        _check_impartial(session, admin_id, correction)
        if replaced:
            correction.works, correction.mentions = replaced
        if correction.kind == "two_people" and not correction.mentions:
            raise Problem(HTTPStatus.CONFLICT, NEEDS_WORKS, {"works": [NEEDS_WORKS]})
        if problem := decisions.conflict(session, correction):
            raise Problem(HTTPStatus.CONFLICT, problem)
        return _decide(session, correction, "accepted", admin_id, reason)


def reject(admin_id: str | None, correction_id: str, reason: str = "") -> Correction:
    """Reject a correction, or reverse one that was accepted. Raises Problem (403, 404)."""
    with changing(database()) as session:
        correction = find(session, correction_id, lock=True)
        _check_impartial(session, admin_id, correction)
        return _decide(session, correction, "rejected", admin_id, reason)


def find(session: Session, correction_id: str, *, lock: bool = False) -> Correction:
    """Return a correction. Raises Problem (404)."""
    row = session.get(Correction, correction_id, with_for_update=lock or None) if is_id(correction_id) else None
    if row is None:
        raise not_found("correction", correction_id)
    return row


def serialize_cases(services: Services, session: Session, rows: Sequence[Correction]) -> list[dict[str, Any]]:
    """Return corrections with their evidence from the index."""
    researchers = {id_ for row in rows for id_ in (row.researcher_id, row.other) if id_}
    records = services.get_many(services.names.researchers, sorted(researchers), "name", "merge_reasons", "identity")
    works = {id_ for row in rows for id_ in row.works}
    works |= {id_ for row in rows for group in _groups(row, records) for id_ in group["works"]}
    documents = services.get_many(services.names.works, sorted(works), "title")
    titles = {id_: document["title"] for id_, document in documents.items()}
    return [_case(session, row, records, titles) for row in rows]


def _groups(row: Correction, records: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the groups of works of a record of which two people are reported, to choose from; those of most works."""
    if row.kind != "two_people" or row.status == "accepted":
        return []
    groups: list[dict[str, Any]] = (records.get(row.researcher_id, {}).get("identity") or {}).get("groups", [])
    return [{**group, "works": group["works"][:MAX_OFFERED]} for group in groups[:MAX_GROUPS]]


def _case(session: Session, row: Correction, records: Mapping[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    reporter = session.get(Account, row.reporter_id) if row.reporter_id else None
    record = records.get(row.researcher_id, {})
    return {
        **{column.key: getattr(row, column.key) for column in row.__table__.columns},
        "reporter": {"id": reporter.id, "name": reporter.name} if reporter else None,
        "name": record.get("name"),
        "other_name": records.get(row.other or "", {}).get("name"),
        "titles": {id_: titles[id_] for id_ in row.works if id_ in titles},
        "merge_reasons": record.get("merge_reasons", []),
        "groups": [
            {**group, "works": [(id_, titles.get(id_, id_)) for id_ in group["works"]]}
            for group in _groups(row, records)
        ],
        "is_owned": owner_of(session, row.researcher_id) is not None,
    }


def _decide(session: Session, correction: Correction, status: str, admin_id: str | None, reason: str) -> Correction:
    if correction.status == status:
        return correction
    former = correction.status
    correction.status, correction.note, correction.decided_by = status, reason or None, admin_id
    correction.decided_at = now()
    session.flush()
    action = "correction.accept" if status == "accepted" else "correction.reject"
    note(session, admin_id, action, correction.researcher_id, correction=correction.id, before=former, reason=reason)
    enqueue(session, correction.researcher_id)
    owner = owner_of(session, correction.researcher_id)
    facts = {"researcher": correction.researcher_id, "status": status, "reason": reason}
    notify(session, correction.reporter_id, "correction", correction.id, **facts)
    if owner and "accepted" in {status, former} and owner.account_id != correction.reporter_id:
        notify(session, owner.account_id, "correction", correction.id, is_owner=True, **facts)
    home, accounts = settings().home, database()
    on_commit(session, partial(decisions.write, accounts, home))
    return correction


def _check_impartial(session: Session, admin_id: str | None, correction: Correction) -> None:
    """Raise Problem (403) if the administrator owns one of the records. Who reported the problem does not matter."""
    ids = [id_ for id_ in (correction.researcher_id, correction.other) if id_]
    owners = {owner.account_id for owner in (owner_of(session, id_) for id_ in ids) if owner}
    if admin_id and admin_id in owners:
        detail = "This is about your own profile, so another administrator has to decide on it."
        raise Problem(HTTPStatus.FORBIDDEN, detail)


def _other_record(services: Services, researcher_id: str, other: str | None) -> str | None:
    if other is None:
        return None
    try:
        known = record_of(services, other)["id"]
    except Problem as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem.detail, {"other": [problem.detail]}) from problem
    if known == researcher_id:
        detail = "This is the same record."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, {"other": [detail]})
    return known


def _authorships(services: Services, researcher_id: str, works: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the ids of works that are named by any id, and the researcher's authorships of them.

    Raises Problem (422) for works that are not the researcher's.
    """
    known = find_ids(services, list(works))
    ids = list(dict.fromkeys(known[id_] for id_ in works if id_ in known))
    documents = services.get_many(services.names.works, ids, "researchers.id", "researchers.position")
    mentions = {
        id_: [
            f"{id_}#{author['position']}" for author in document.get("researchers", []) if author["id"] == researcher_id
        ]
        for id_, document in documents.items()
    }
    wrong = [id_ for id_ in works if not mentions.get(known.get(id_, ""))]
    if wrong:
        messages = [f"{id_[:200]!r} is not a work of this researcher." for id_ in wrong]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Some of these works are not theirs.", {"works": messages})
    return ids, [mention for id_ in ids for mention in mentions[id_]]

"""A claim's way: made, verified by proof or by an admin, disputed, released. Each step is one transaction.

Every function takes the session of the caller's transaction, writes the audit row and the outbox row in it, and does
nothing more when what is asked for is so already.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from accounts.audit import note
from accounts.base import now
from accounts.claims.models import Claim, OwnProfile, WorkStatement
from accounts.login.models import Account
from accounts.outbox import enqueue
from accounts.texts import is_id
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

OPEN = ("pending", "verified")
#: Claims that one account may make in a day: a person needs one, and a few when namesakes are mistaken.
A_DAY = 10
#: What a claim is told whose proof no longer holds.
OTHER_ORCID = (
    "The record now has a different ORCID iD from the one that verified this claim, so an administrator will review it."
)


def open_claim(session: Session, account_id: str) -> Claim | None:
    """Return the pending or verified claim of an account."""
    found = select(Claim).where(Claim.account_id == account_id, Claim.status.in_(OPEN))
    return session.scalars(found.with_for_update()).one_or_none()


def last_claim(session: Session, account_id: str) -> Claim | None:
    """Return the open claim of an account, else the one made last: it says why it was rejected."""
    made = select(Claim).where(Claim.account_id == account_id).order_by(Claim.created_at.desc(), Claim.id)
    return open_claim(session, account_id) or session.scalars(made.limit(1)).one_or_none()


def claim(session: Session, account_id: str, record: Mapping[str, Any], statement: str = "") -> Claim:
    """Claim a researcher, whose document is `record`: verified at once by an equal ORCID iD, else pending.

    Raises Problem: 409 when the account has another open claim, 429 when it made too many today.
    """
    if found := open_claim(session, account_id):
        if found.researcher_id != record["id"]:
            detail = f"You already have a claim on {found.researcher_id}. Release it before you claim another profile."
            raise Problem(HTTPStatus.CONFLICT, detail)
        settle(session, record)
        return found
    _check_often(session, account_id)
    found = Claim(account_id=account_id, researcher_id=record["id"], status="pending", statement=statement.strip())
    session.add(found)
    session.flush()
    disputed = _verified(session, record["id"])
    action = "claim.dispute" if disputed else "claim.make"
    note(session, account_id, action, record["id"], claim=found.id, **({"owner": disputed.id} if disputed else {}))
    enqueue(session, record["id"])
    settle(session, record)
    return found


def _check_often(session: Session, account_id: str) -> None:
    since = now() - timedelta(days=1)
    made = session.scalar(select(func.count()).where(Claim.account_id == account_id, Claim.created_at > since)) or 0
    if made >= A_DAY:
        detail = f"You have reached the limit of {made} claims a day. Try again tomorrow."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "86400"})


def settle(session: Session, record: Mapping[str, Any]) -> None:
    """Hold claims against the ORCID iD that a record bears now: who proved another gives way, who proved this one owns.

    Called with each claim, and whenever a state is brought to the index: so an ORCID iD that is linked later, one that
    a record gets later (by a merge, too), and a profile that its owner lets go all lead to it. Somebody who was
    confirmed by an admin stays, and whose claim on this record was rejected waits for one.
    """
    if not record.get("orcid"):
        return
    if owner := _verified(session, record["id"]):
        if owner.proof != "orcid" or owner.account.orcid == record["orcid"]:
            return
        make_pending(session, owner, OTHER_ORCID)
        note(session, None, "claim.doubt", record["id"], claim=owner.id)
        enqueue(session, record["id"])
    refused = select(Claim.account_id).where(Claim.researcher_id == record["id"], Claim.status == "rejected")
    pending = (
        select(Claim)
        .join(Claim.account)
        .where(
            Claim.researcher_id == record["id"],
            Claim.status == "pending",
            Account.orcid == record["orcid"],
            Account.suspended_at.is_(None),
            Claim.account_id.not_in(refused),
        )
    )
    if found := session.scalars(pending.with_for_update(of=Claim)).one_or_none():
        _verify(session, found, "orcid", None, "The account's ORCID iD matches the record.")
        note(session, None, "claim.verify", found.researcher_id, claim=found.id, proof="orcid")


def make_pending(session: Session, found: Claim, reason: str) -> None:
    """Have a verified claim wait for an admin; what its owner said is kept until then."""
    found.status, found.proof, found.reason = "pending", None, reason
    session.flush()


def release(session: Session, account_id: str, researcher_id: str) -> bool:
    """Withdraw or release the account's claim on a researcher; tells whether there was one."""
    found = open_claim(session, account_id)
    if found is None or found.researcher_id != researcher_id:
        return False
    action = "claim.withdraw" if found.status == "pending" else "claim.release"
    end(session, found, "released", "Released by the account.")
    note(session, account_id, action, researcher_id, claim=found.id)
    return True


def end(session: Session, found: Claim, status: str, reason: str, decided_by: str | None = None) -> None:
    """End a claim, and with it all that the owner said."""
    found.status, found.reason, found.decided_by, found.decided_at = status, reason, decided_by, now()
    session.execute(delete(OwnProfile).where(OwnProfile.claim_id == found.id))
    session.execute(delete(WorkStatement).where(WorkStatement.claim_id == found.id))
    # Before another claim becomes verified: the database allows one at any moment.
    session.flush()
    enqueue(session, found.researcher_id)


def approve(session: Session, admin_id: str | None, claim_id: str, reason: str) -> Claim:
    """Verify a pending claim; who owned the profile before does so no more. `admin_id` is None at the command line.

    Raises Problem: 404 for an unknown id, 409 for a claim that is not pending any more, or a suspended account.
    """
    found = find(session, claim_id)
    if found.status == "verified":
        return found
    if found.status != "pending":
        raise Problem(HTTPStatus.CONFLICT, f"This claim is already {found.status}.")
    if found.account.suspended_at:
        raise Problem(HTTPStatus.CONFLICT, "The account that made this claim is suspended.")
    if former := _verified(session, found.researcher_id):
        end(session, former, "released", f"The profile was given to another claim: {reason}", admin_id)
        note(session, admin_id, "claim.end", former.researcher_id, claim=former.id, reason=reason, winner=found.id)
    _verify(session, found, "admin", admin_id, reason)
    note(session, admin_id, "claim.approve", found.researcher_id, claim=found.id, reason=reason)
    return found


def reject(session: Session, admin_id: str | None, claim_id: str, reason: str) -> Claim:
    """Reject a pending claim, or take a verified one back. Raises Problem: 404, and 409 for one that ended."""
    found = find(session, claim_id)
    if found.status == "rejected":
        return found
    if found.status not in OPEN:
        raise Problem(HTTPStatus.CONFLICT, f"This claim is already {found.status}.")
    action = "claim.reject" if found.status == "pending" else "claim.revoke"
    end(session, found, "rejected", reason, admin_id)
    note(session, admin_id, action, found.researcher_id, claim=found.id, reason=reason)
    return found


def find(session: Session, claim_id: str) -> Claim:
    """Return a claim. Raises Problem (404)."""
    found = session.get(Claim, claim_id, with_for_update=True) if is_id(claim_id) else None
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"No claim has the id {claim_id[:200]!r}.")
    return found


def _verified(session: Session, researcher_id: str) -> Claim | None:
    """Return the verified claim on a researcher, a suspended account's too: it keeps its place until an admin decides.

    Locked, as all that is read here to be changed: what another transaction decides meanwhile is seen, not undone.
    """
    verified = select(Claim).where(Claim.researcher_id == researcher_id, Claim.status == "verified")
    return session.scalars(verified.with_for_update()).one_or_none()


def _verify(session: Session, found: Claim, proof: str, decided_by: str | None, reason: str) -> None:
    found.status, found.proof, found.reason = "verified", proof, reason
    found.decided_by, found.decided_at = decided_by, now()
    session.flush()
    enqueue(session, found.researcher_id)

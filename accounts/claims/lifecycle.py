"""The states of a claim: made, verified by proof or by an administrator, disputed, released.

Every function takes the session of the caller's transaction, writes the rows of audit log and outbox in it, and changes
nothing if the claim is already in the wanted state.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from accounts.audit import note
from accounts.base import now
from accounts.claims.models import Claim, OwnProfile, WorkStatement
from accounts.erasure import request_erasure
from accounts.login.models import Account
from accounts.notifications import notify, notify_admins
from accounts.outbox import enqueue
from accounts.texts import is_id
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

OPEN = ("pending", "verified")
#: Claims that an account may make within 24 hours: one is enough, and a few more if namesakes are mistaken.
CLAIMS_PER_DAY = 10
RELEASED = "Released by the account."
#: Reason shown with a claim whose proof is no longer valid.
OTHER_ORCID = (
    "The record now has a different ORCID iD from the one that verified this claim, so an administrator will review it."
)


def owner_of(session: Session, researcher_id: str) -> Claim | None:
    """Return the verified claim on a researcher; None without an owner, or if the owner is suspended."""
    verified = select(Claim).where(Claim.researcher_id == researcher_id, Claim.status == "verified")
    return session.scalars(verified.join(Claim.account).where(Account.suspended_at.is_(None))).one_or_none()


def claim_of(session: Session, account_id: str, *, lock: bool = False) -> Claim | None:
    """Return the verified claim of an account, or None. `lock` keeps it unchanged until the transaction ends."""
    verified = select(Claim).where(Claim.account_id == account_id, Claim.status == "verified")
    return session.scalars(verified.with_for_update() if lock else verified).one_or_none()


def verified_claim(session: Session, researcher_id: str) -> Claim | None:
    """Return the verified claim on a researcher, even of a suspended account, which an administrator has to decide on.

    The row is locked, like every row that is read here to be changed, so that concurrent decisions are not lost.
    """
    verified = select(Claim).where(Claim.researcher_id == researcher_id, Claim.status == "verified")
    return session.scalars(verified.with_for_update()).one_or_none()


def open_claim(session: Session, account_id: str) -> Claim | None:
    """Return the pending or verified claim of an account."""
    claims = select(Claim).where(Claim.account_id == account_id, Claim.status.in_(OPEN))
    return session.scalars(claims.with_for_update()).one_or_none()


def last_claim(session: Session, account_id: str) -> Claim | None:
    """Return the open claim of an account, or else the latest one, which has the reason for its rejection."""
    claims = select(Claim).where(Claim.account_id == account_id).order_by(Claim.created_at.desc(), Claim.id)
    return open_claim(session, account_id) or session.scalars(claims.limit(1)).one_or_none()


def find(session: Session, claim_id: str) -> Claim:
    """Return a claim. Raises Problem (404)."""
    claim = session.get(Claim, claim_id, with_for_update=True) if is_id(claim_id) else None
    if claim is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"No claim has the id {claim_id[:200]!r}.")
    return claim


def make_claim(session: Session, account_id: str, record: Mapping[str, Any], statement: str = "") -> Claim:
    """Claim the researcher of the document `record`: verified at once if the ORCID iDs are equal, else pending.

    `record` has an ORCID iD only if it is proven (`orcid_proof`), here and in `settle`.
    Raises Problem: 409 if the account has another open claim, 429 if it has made too many today.
    """
    if claim := open_claim(session, account_id):
        if claim.researcher_id != record["id"]:
            detail = f"You already have a claim on {claim.researcher_id}. Release it before you claim another profile."
            raise Problem(HTTPStatus.CONFLICT, detail)
        settle(session, record)
        return claim
    _check_limit(session, account_id)
    claim = Claim(account_id=account_id, researcher_id=record["id"], status="pending", statement=statement.strip())
    session.add(claim)
    session.flush()
    disputed = verified_claim(session, record["id"])
    action = "claim.dispute" if disputed else "claim.make"
    note(session, account_id, action, record["id"], claim=claim.id, **({"owner": disputed.id} if disputed else {}))
    enqueue(session, record["id"])
    settle(session, record)
    if claim.status == "pending":
        notify_admins(session, "claim", but=account_id)
    return claim


def settle(session: Session, record: Mapping[str, Any]) -> None:
    """Apply the ORCID iD of a record to the claims on it.

    An owner who proved another iD becomes pending; a pending claim of an account with this iD is verified. Owners
    approved by an administrator are kept; an account whose claim on this record was rejected needs an administrator.

    Called with each claim and whenever a state is delivered, so that it does not matter whether the account or the
    record (by an import or a merge) gets the iD later, or a former owner releases the profile.
    """
    if not record.get("orcid"):
        return
    if owner := verified_claim(session, record["id"]):
        if owner.proof != "orcid" or owner.account.orcid == record["orcid"]:
            return
        make_pending(session, owner, OTHER_ORCID)
        note(session, None, "claim.doubt", record["id"], claim=owner.id)
        enqueue(session, record["id"])
    rejected = select(Claim.account_id).where(Claim.researcher_id == record["id"], Claim.status == "rejected")
    pending = (
        select(Claim)
        .join(Claim.account)
        .where(
            Claim.researcher_id == record["id"],
            Claim.status == "pending",
            Account.orcid == record["orcid"],
            Account.suspended_at.is_(None),
            Claim.account_id.not_in(rejected),
        )
    )
    if claim := session.scalars(pending.with_for_update(of=Claim)).one_or_none():
        _verify(session, claim, "orcid", None, "The account's ORCID iD matches the record.")
        note(session, None, "claim.verify", claim.researcher_id, claim=claim.id, proof="orcid")


def make_pending(session: Session, claim: Claim, reason: str) -> None:
    """Set a verified claim back to pending, for review; the owner's profile and statements are kept."""
    claim.status, claim.proof, claim.reason = "pending", None, reason
    session.flush()
    _notify(session, claim)
    notify_admins(session, "claim", but=claim.account_id)


def release_claim(session: Session, account_id: str, researcher_id: str) -> bool:
    """Withdraw or release the account's claim on a researcher; returns whether there was one."""
    claim = open_claim(session, account_id)
    if claim is None or claim.researcher_id != researcher_id:
        return False
    action = "claim.withdraw" if claim.status == "pending" else "claim.release"
    _end(session, claim, "released", RELEASED)
    note(session, account_id, action, researcher_id, claim=claim.id)
    return True


def approve(session: Session, admin_id: str | None, claim_id: str, reason: str) -> Claim:
    """Verify a pending claim; a former owner loses the profile. `admin_id` is None at the command line.

    Raises Problem: 403 if the administrator is involved, 404 for an unknown id, 409 if the claim is no longer pending
    or its account is suspended.
    """
    claim = find(session, claim_id)
    _check_impartial(session, admin_id, claim)
    if claim.status == "verified":
        return claim
    if claim.status != "pending":
        raise Problem(HTTPStatus.CONFLICT, f"This claim is already {claim.status}.")
    if claim.account.suspended_at:
        raise Problem(HTTPStatus.CONFLICT, "The account that made this claim is suspended.")
    if former := verified_claim(session, claim.researcher_id):
        _end(session, former, "released", f"The profile was given to another claim: {reason}", admin_id)
        note(session, admin_id, "claim.end", former.researcher_id, claim=former.id, reason=reason, winner=claim.id)
    _verify(session, claim, "admin", admin_id, reason)
    note(session, admin_id, "claim.approve", claim.researcher_id, claim=claim.id, reason=reason)
    return claim


def reject(session: Session, admin_id: str | None, claim_id: str, reason: str) -> Claim:
    """Reject a pending claim or revoke a verified one.

    Raises Problem: 403 if the administrator is involved, 404 for an unknown id, 409 for a claim that has ended.
    """
    claim = find(session, claim_id)
    _check_impartial(session, admin_id, claim)
    if claim.status == "rejected":
        return claim
    if claim.status not in OPEN:
        raise Problem(HTTPStatus.CONFLICT, f"This claim is already {claim.status}.")
    action = "claim.reject" if claim.status == "pending" else "claim.revoke"
    _end(session, claim, "rejected", reason, admin_id)
    note(session, admin_id, action, claim.researcher_id, claim=claim.id, reason=reason)
    return claim


def _check_impartial(session: Session, admin_id: str | None, claim: Claim) -> None:
    """Raise Problem (403) if the administrator made the claim or owns the claimed profile."""
    owner = verified_claim(session, claim.researcher_id)
    if admin_id and admin_id in {claim.account_id, owner and owner.account_id}:
        detail = "You are involved in this claim, so another administrator has to decide on it."
        raise Problem(HTTPStatus.FORBIDDEN, detail)


def _check_limit(session: Session, account_id: str) -> None:
    since = now() - timedelta(days=1)
    recent = session.scalar(select(func.count()).where(Claim.account_id == account_id, Claim.created_at > since)) or 0
    if recent >= CLAIMS_PER_DAY:
        detail = f"You have reached the limit of {recent} claims a day. Try again tomorrow."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": "86400"})


def _verify(session: Session, claim: Claim, proof: str, decided_by: str | None, reason: str) -> None:
    claim.status, claim.proof, claim.reason = "verified", proof, reason
    claim.decided_by, claim.decided_at = decided_by, now()
    session.flush()
    enqueue(session, claim.researcher_id)
    _notify(session, claim)


def _end(session: Session, claim: Claim, status: str, reason: str, decided_by: str | None = None) -> None:
    """End a claim, and delete the owner's profile and statements, also from earlier generations of the index."""
    if session.get(OwnProfile, claim.id):
        request_erasure(session, claim.researcher_id)
    claim.status, claim.reason, claim.decided_by, claim.decided_at = status, reason, decided_by, now()
    session.execute(delete(OwnProfile).where(OwnProfile.claim_id == claim.id))
    session.execute(delete(WorkStatement).where(WorkStatement.claim_id == claim.id))
    # Flushed before another claim becomes verified, since the database allows only one at any moment.
    session.flush()
    enqueue(session, claim.researcher_id)
    if reason != RELEASED:
        _notify(session, claim)


def _notify(session: Session, claim: Claim) -> None:
    """Notify the claimant of the state of a claim, with the reason."""
    facts = {"researcher": claim.researcher_id, "status": claim.status, "reason": claim.reason}
    notify(session, claim.account_id, "claim", claim.id, **facts)

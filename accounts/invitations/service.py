"""Sending, accepting, declining and withdrawing invitations, within limits that only spam reaches."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from accounts.audit import note
from accounts.base import now
from accounts.claims.lifecycle import claim_of, owner_of
from accounts.invitations.contacts import (
    close,
    closed_by,
    find_own,
    invitations_between,
    is_blocked,
    key_id,
    key_was_used,
    lock_accounts,
)
from accounts.invitations.models import PURPOSES, Invitation
from accounts.notifications import notify
from accounts.outbox import enqueue_mail
from accounts.records import record_of
from accounts.resources import database
from accounts.settled import settled
from search_api.http.errors import Problem
from search_api.works.documents import find_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from accounts.claims.models import Claim
    from search_api.http.services import Services

#: Invitations per account: sent within 24 hours, and pending. Counted in the database rather than by the rate limiter,
#: so that the limits apply to all processes and survive a restart.
SENT_PER_DAY = 10
MAX_PENDING = 20
DAY = timedelta(days=1)

CLAIM_FIRST = "Claim your own profile before inviting others."
NOT_CLAIMED = "This profile has not been claimed yet, so it cannot receive invitations."
OWN = "This is your own profile."
OPEN = "You already have an open invitation or conversation."
THEIRS = "They ended an earlier conversation, so only they can start a new one."
BLOCKED = "You have blocked this person. Unblock them first."


def send(services: Services, account_id: str, researcher_id: str, body: Mapping[str, Any]) -> Invitation:
    """Invite the owner of a profile, which is named by any id, and notify them by e-mail.

    Raises Problem: 404 for an unknown researcher, 422 for unknown works, else as `invite` does.
    """
    known_id = record_of(services, researcher_id)["id"]
    work_ids = find_ids(services, body["works"])
    if missing := [id_ for id_ in body["works"] if id_ not in work_ids]:
        messages = [f"No work has the id {id_[:200]!r}." for id_ in missing]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Some of these works were not found.", {"works": messages})
    fields = {**body, "works": list(dict.fromkeys(work_ids[id_] for id_ in body["works"]))}

    return settled(database(), lambda session: invite(session, account_id, known_id, fields))


def invite(session: Session, account_id: str, researcher_id: str, fields: Mapping[str, Any]) -> Invitation:
    """Store an invitation to the owner of a profile; `fields` are `purpose`, `works`, `message` and `key`.

    The id is derived from the key, so a repeated request returns the first invitation. Raises Problem: 409 if the owner
    cannot be invited, 429 at a limit.
    """
    id_ = key_id(account_id, fields["key"])
    if existing := session.get(Invitation, id_):
        return _check_repeat(existing, researcher_id, fields)
    own, theirs = _claims(session, account_id, researcher_id)
    # Concurrent requests could both be below the limits, and the other side may invite or block at this moment.
    lock_accounts(session, account_id, theirs.account_id)
    _check_history(session, own, theirs)
    _check_limits(session, own)
    invitation = Invitation(
        id=id_,
        sender_id=account_id,
        recipient_id=theirs.account_id,
        sender_researcher_id=own.researcher_id,
        recipient_researcher_id=researcher_id,
        purpose=fields["purpose"],
        works=fields["works"],
        message=fields["message"],
        sender_read_at=now(),
    )
    session.add(invitation)
    session.flush()
    note(session, account_id, "invitation.send", invitation.id, researcher=researcher_id)
    if "invitation" not in theirs.account.muted:
        facts = {"id": invitation.id, "sender": account_id, "purpose": PURPOSES[invitation.purpose].lower()}
        enqueue_mail(session, "invitation", account_id=theirs.account_id, **facts)
    return invitation


def obstacle(session: Session, account_id: str, researcher_id: str) -> str | None:
    """Return why this account cannot invite the owner of a profile now; None if it can."""
    try:
        own, theirs = _claims(session, account_id, researcher_id)
        _check_history(session, own, theirs)
        _check_limits(session, own)
    except Problem as problem:
        return problem.detail
    return None


def accept(session: Session, account_id: str, invitation_id: str) -> Invitation:
    """Accept an invitation to the account, which makes it a conversation. Raises Problem: 404, 409 if it has ended."""
    invitation = _find_received(session, account_id, invitation_id)
    if invitation.status == "accepted":
        return invitation
    if invitation.status != "pending":
        raise Problem(HTTPStatus.CONFLICT, f"This invitation is {invitation.status}.")
    invitation.status, invitation.answered_at = "accepted", now()
    invitation.recipient_read_at = invitation.answered_at
    note(session, account_id, "invitation.accept", invitation.id)
    notify(session, invitation.sender_id, "invitation", invitation.id)
    return invitation


def decline(session: Session, account_id: str, invitation_id: str) -> Invitation:
    """Decline an invitation to the account, or end the conversation. Raises Problem: 404, 409 for the sender."""
    return _close(session, _find_received(session, account_id, invitation_id), account_id, "invitation.decline")


def withdraw(session: Session, account_id: str, invitation_id: str) -> Invitation:
    """Withdraw an invitation of the account, or end the conversation. Raises Problem: 404, 409 for the recipient."""
    invitation = find_own(session, account_id, invitation_id, lock=True)
    if invitation.sender_id != account_id:
        raise Problem(HTTPStatus.CONFLICT, "This invitation was sent to you. Decline it instead of withdrawing it.")
    return _close(session, invitation, account_id, "invitation.withdraw")


def _find_received(session: Session, account_id: str, invitation_id: str) -> Invitation:
    invitation = find_own(session, account_id, invitation_id, lock=True)
    if invitation.recipient_id != account_id:
        raise Problem(
            HTTPStatus.CONFLICT, "You sent this invitation, so only the recipient can answer it. You can withdraw it."
        )
    return invitation


def _close(session: Session, invitation: Invitation, account_id: str, action: str) -> Invitation:
    if close(invitation, account_id):
        note(session, account_id, action, invitation.id)
    return invitation


def _check_repeat(existing: Invitation, researcher_id: str, fields: Mapping[str, Any]) -> Invitation:
    if (existing.recipient_researcher_id, existing.message) != (researcher_id, fields["message"]):
        raise key_was_used("invitation")
    return existing


def _claims(session: Session, account_id: str, researcher_id: str) -> tuple[Claim, Claim]:
    """Return the claims of the sender and the recipient. Raises Problem (409) if one is missing or both are equal."""
    own, theirs = claim_of(session, account_id), owner_of(session, researcher_id)
    if own is None:
        raise Problem(HTTPStatus.CONFLICT, CLAIM_FIRST)
    if theirs is None:
        raise Problem(HTTPStatus.CONFLICT, NOT_CLAIMED)
    if theirs.account_id == account_id:
        raise Problem(HTTPStatus.CONFLICT, OWN)
    return own, theirs


def _check_history(session: Session, own: Claim, theirs: Claim) -> None:
    """Raise Problem (409) if an earlier invitation is open or was refused by the other side, or one blocks the other.

    A block has the same message as a refusal. Earlier invitations count too if the account was deleted and created
    again for the same profile.
    """
    if is_blocked(session, theirs.account_id, own.account_id, own.researcher_id):
        raise Problem(HTTPStatus.CONFLICT, THEIRS)
    if is_blocked(session, own.account_id, theirs.account_id, theirs.researcher_id):
        raise Problem(HTTPStatus.CONFLICT, BLOCKED)
    last = next(iter(invitations_between(session, own.account_id, theirs.account_id, own.researcher_id)), None)
    if last is not None and last.status in {"pending", "accepted"}:
        raise Problem(HTTPStatus.CONFLICT, OPEN)
    if last is not None and closed_by(last) == theirs.account_id:
        raise Problem(HTTPStatus.CONFLICT, THEIRS)


def _check_limits(session: Session, own: Claim) -> None:
    by_deleted = and_(Invitation.sender_id.is_(None), Invitation.sender_researcher_id == own.researcher_id)
    by_own = or_(Invitation.sender_id == own.account_id, by_deleted)
    sent = select(func.count(), func.min(Invitation.created_at)).where(by_own)
    today, first = session.execute(sent.where(Invitation.created_at > now() - DAY)).one()
    if today >= SENT_PER_DAY:
        wait = max(1, round((first + DAY - now()).total_seconds()))
        detail = f"You've reached the limit of {SENT_PER_DAY} invitations a day. Try again tomorrow."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})
    if session.execute(sent.where(Invitation.status == "pending")).one()[0] >= MAX_PENDING:
        detail = f"You have {MAX_PENDING} pending invitations, the maximum. Withdraw one or wait for a reply."
        raise Problem(HTTPStatus.CONFLICT, detail)

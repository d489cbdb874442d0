"""Contact between two accounts: the sides of an invitation, how it is closed, and blocks.

Accounts have no public ids, so an account blocks the other side of an invitation. The blocked account is not notified:
their invitations end as if they had been declined, and a new one is refused with the message that follows any refusal.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from accounts.audit import note
from accounts.base import now
from accounts.invitations.models import Block, Invitation
from accounts.login.models import Account
from accounts.texts import is_id
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def key_id(account_id: str, key: str) -> str:
    """Return the id for an account's idempotency key; other accounts can neither guess nor use it."""
    return hashlib.sha256(f"{account_id}:{key}".encode()).hexdigest()[:32]


def key_was_used(name: str) -> Problem:
    """Return the problem (409) of an idempotency key that was used for a different invitation or message."""
    return Problem(HTTPStatus.CONFLICT, f"This key was already used for another {name}.", {"key": ["Already used."]})


def find_own(session: Session, account_id: str, invitation_id: str, *, lock: bool = False) -> Invitation:
    """Return an invitation to or from this account. Raises Problem (404), also for other accounts' invitations.

    `lock` keeps other requests from changing it until the transaction ends, so that of a concurrent acceptance and
    withdrawal the second sees the first.
    """
    invitation = session.get(Invitation, invitation_id, with_for_update=lock or None) if is_id(invitation_id) else None
    if invitation is None or account_id not in (invitation.sender_id, invitation.recipient_id):
        raise not_found("invitation of yours", invitation_id)
    return invitation


def other_side(invitation: Invitation, account_id: str) -> str | None:
    """Return the other account; None if it was deleted."""
    return invitation.recipient_id if invitation.sender_id == account_id else invitation.sender_id


def other_profile(invitation: Invitation, account_id: str) -> str:
    """Return the profile that the other side owned when the invitation was sent."""
    is_sender = invitation.sender_id == account_id
    return invitation.recipient_researcher_id if is_sender else invitation.sender_researcher_id


def lock_accounts(session: Session, *account_ids: str) -> None:
    """Lock the rows of these accounts until the transaction ends, always in the same order to avoid deadlocks."""
    accounts = select(Account.id).where(Account.id.in_(account_ids)).order_by(Account.id)
    session.execute(accounts.with_for_update())


def invitations_between(
    session: Session, account_id: str, other_id: str, profile: str | None = None
) -> Sequence[Invitation]:
    """Return every invitation between two accounts, newest first.

    `profile` adds those of a deleted account that owned this profile: deleting an account must not undo a refusal.
    """
    sent, received = Invitation.sender_id == account_id, Invitation.recipient_id == account_id
    if profile:
        sent = or_(sent, and_(Invitation.sender_id.is_(None), Invitation.sender_researcher_id == profile))
        by_deleted = and_(Invitation.recipient_id.is_(None), Invitation.recipient_researcher_id == profile)
        received = or_(received, by_deleted)
    either = or_(and_(sent, Invitation.recipient_id == other_id), and_(Invitation.sender_id == other_id, received))
    query = select(Invitation).where(either).order_by(Invitation.created_at.desc(), Invitation.id)
    return session.scalars(query).all()


def close(invitation: Invitation, by: str) -> bool:
    """Close an invitation or conversation for an account; returns whether it was open.

    It becomes withdrawn if `by` is the sender, and declined if `by` is the recipient.
    """
    if invitation.status not in {"pending", "accepted"}:
        return False
    # Only an invitation that was withdrawn before any answer keeps this empty.
    if invitation.recipient_id == by:
        invitation.answered_at = now()
    invitation.status = "declined" if invitation.recipient_id == by else "withdrawn"
    return True


def closed_by(invitation: Invitation) -> str | None:
    """Return the account that refused or left; None while it is open or if it was withdrawn before an answer."""
    if invitation.status == "declined":
        return invitation.recipient_id
    return invitation.sender_id if invitation.status == "withdrawn" and invitation.answered_at else None


def block(session: Session, account_id: str, invitation_id: str) -> Block:
    """Block the other side of an invitation. Raises Problem (404) for an invitation that is not the account's."""
    invitation = find_own(session, account_id, invitation_id)
    other = other_side(invitation, account_id)
    if other is None:
        raise not_found("account behind the invitation", invitation_id)
    lock_accounts(session, account_id, other)
    query = select(Block).where(Block.account_id == account_id, Block.blocked_id == other)
    if existing := session.scalars(query).first():
        return existing
    profile = other_profile(invitation, account_id)
    session.add(new := Block(account_id=account_id, blocked_id=other, blocked_researcher_id=profile))
    session.flush()
    for open_invitation in invitations_between(session, account_id, other):
        close(open_invitation, account_id)
    note(session, account_id, "block.add", other)
    return new


def unblock(session: Session, account_id: str, block_id: str) -> bool:
    """Remove a block, without reopening what it closed; returns whether there was one."""
    existing = session.get(Block, block_id)
    if existing is None or existing.account_id != account_id:
        return False
    session.delete(existing)
    session.flush()
    note(session, account_id, "block.remove", existing.blocked_id or existing.id)
    return True


def blocks_of(session: Session, account_id: str) -> Sequence[Block]:
    """Return the blocks of an account, newest first."""
    blocks = select(Block).where(Block.account_id == account_id)
    return session.scalars(blocks.order_by(Block.created_at.desc(), Block.id)).all()


def is_blocked(session: Session, by: str, account_id: str, researcher_id: str) -> bool:
    """Return whether `by` blocks an account, or blocked a deleted account that owned the same profile."""
    deleted = and_(Block.blocked_id.is_(None), Block.blocked_researcher_id == researcher_id)
    blocks = select(Block.id).where(Block.account_id == by, or_(Block.blocked_id == account_id, deleted))
    return session.scalars(blocks.limit(1)).first() is not None


def serialize_block(block: Block) -> dict[str, Any]:
    """Return a block with the name of the blocked account, None if it was deleted."""
    return {"id": block.id, "name": block.blocked.name if block.blocked else None, "created_at": block.created_at}

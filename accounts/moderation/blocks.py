"""Blocks: an account does not want to hear of another. Accounts have no public ids, so one blocks who wrote to one.

The blocked side is not told. All that was open between the two ends as if it had been declined, and a new invitation
is refused in the words that follow any refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select

from accounts.audit import note
from accounts.invitations.between import all_between, close, lock, other_profile, other_side, own
from accounts.invitations.models import Block
from search_api.http.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def block(session: Session, account_id: str, invitation_id: str) -> Block:
    """Block the other side of an invitation or conversation. Raises Problem (404) for one that is not the account's."""
    invitation = own(session, account_id, invitation_id)
    other = other_side(invitation, account_id)
    if other is None:
        raise not_found("account behind the invitation", invitation_id)
    lock(session, account_id, other)
    if found := session.scalars(select(Block).where(Block.account_id == account_id, Block.blocked_id == other)).first():
        return found
    profile = other_profile(invitation, account_id)
    session.add(made := Block(account_id=account_id, blocked_id=other, blocked_researcher_id=profile))
    session.flush()
    for one in all_between(session, account_id, other):
        close(one, account_id)
    note(session, account_id, "block.add", other)
    return made


def unblock(session: Session, account_id: str, block_id: str) -> bool:
    """Take a block back; what it ended stays ended. Tells whether there was one."""
    found = session.get(Block, block_id)
    if found is None or found.account_id != account_id:
        return False
    session.delete(found)
    session.flush()
    note(session, account_id, "block.remove", found.blocked_id or found.id)
    return True


def blocks_of(session: Session, account_id: str) -> Sequence[Block]:
    """Return whom an account blocks, the latest first."""
    own_blocks = select(Block).where(Block.account_id == account_id)
    return session.scalars(own_blocks.order_by(Block.created_at.desc(), Block.id)).all()


def shown(one: Block) -> dict[str, Any]:
    """Return a block with the name of whom it keeps away; None: the account is deleted."""
    return {"id": one.id, "name": one.blocked.name if one.blocked else None, "created_at": one.created_at}


def is_blocked(session: Session, by: str, account_id: str, researcher_id: str) -> bool:
    """Return whether one account blocks another, or blocked one that is deleted and owned the same profile."""
    gone = and_(Block.blocked_id.is_(None), Block.blocked_researcher_id == researcher_id)
    found = select(Block.id).where(Block.account_id == by, or_(Block.blocked_id == account_id, gone))
    return session.scalars(found.limit(1)).first() is not None

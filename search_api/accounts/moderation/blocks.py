"""Blocks: an account does not want to hear of another. Accounts have no public ids, so one blocks who wrote to one.

The blocked side is not told. All that was open between the two ends as if it had been declined, and a new invitation
is refused in the words that follow any refusal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from search_api.accounts.audit import note
from search_api.accounts.invitations.between import all_between, close, other_side, own
from search_api.accounts.models import Account, Block
from search_api.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def block(session: Session, account_id: str, invitation_id: str) -> Block:
    """Block the other side of an invitation or conversation. Raises Problem (404) for one that is not the account's."""
    other = other_side(own(session, account_id, invitation_id), account_id)
    if other is None:
        raise not_found("account behind the invitation", invitation_id)
    if found := session.get(Block, (account_id, other)):
        return found
    made = Block(account_id=account_id, blocked_id=other)
    session.add(made)
    session.flush()
    for one in all_between(session, account_id, other):
        close(one, account_id)
    note(session, account_id, "block.add", other)
    return made


def unblock(session: Session, account_id: str, blocked_id: str) -> bool:
    """Take a block back; what it ended stays ended. Tells whether there was one."""
    found = session.get(Block, (account_id, blocked_id))
    if found is None:
        return False
    session.delete(found)
    session.flush()
    note(session, account_id, "block.remove", blocked_id)
    return True


def blocks_of(session: Session, account_id: str) -> Sequence[Block]:
    """Give whom an account blocks, the latest first."""
    own_blocks = select(Block).where(Block.account_id == account_id)
    return session.scalars(own_blocks.order_by(Block.created_at.desc(), Block.blocked_id)).all()


def shown(session: Session, one: Block) -> dict[str, Any]:
    """Give a block with the name of whom it keeps away."""
    return {"id": one.blocked_id, "name": session.get_one(Account, one.blocked_id).name, "created_at": one.created_at}


def is_blocked(session: Session, by: str | None, account_id: str) -> bool:
    """Tell whether one account blocks another."""
    return by is not None and session.get(Block, (by, account_id)) is not None

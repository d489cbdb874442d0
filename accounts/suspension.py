"""Suspending an account: it is logged out, its tokens and its claim do not count, and it cannot log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from accounts.audit import note
from accounts.base import now
from accounts.delivery.states import enqueue_account
from accounts.login.models import Account, Login

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def set_suspended(session: Session, account: Account, actor_id: str | None, *, on: bool, **why: Any) -> None:
    """Suspend an account or end that; done before, it changes nothing. `why` goes into the log."""
    session.refresh(account, with_for_update=True)
    if on == (account.suspended_at is not None):
        return
    account.suspended_at = now() if on else None
    enqueue_account(session, account.id)
    session.execute(delete(Login).where(Login.account_id == account.id))
    note(session, actor_id, "account.suspend" if on else "account.restore", account.id, **why)

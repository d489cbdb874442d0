"""Suspension of accounts: a suspended account is logged out, cannot log in, and its tokens and claim are void."""

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
    """Suspend or restore an account; idempotent. `why` is recorded in the audit log."""
    session.refresh(account, with_for_update=True)
    if on == (account.suspended_at is not None):
        return
    account.suspended_at = now() if on else None
    enqueue_account(session, account.id)
    session.execute(delete(Login).where(Login.account_id == account.id))
    note(session, actor_id, "account.suspend" if on else "account.restore", account.id, **why)

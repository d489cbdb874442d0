"""The log of who did what, written in the transaction that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import g, has_app_context

from accounts.models import Audit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def note(session: Session, actor_id: str | None, action: str, target: str, **detail: Any) -> None:
    """Add a row: `actor_id` (None: the system, or an admin at the command line) did `action` to `target`.

    Nothing secret and no text that people wrote to one another goes into `detail`, nor a name or address: the log
    outlives the account.
    """
    request_id = g.get("request_id") if has_app_context() else None
    session.add(Audit(actor_id=actor_id, action=action, target=target, detail=detail, request_id=request_id))

"""Who did what when: a row of the audit log, written in the very transaction that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import g, has_app_context

from search_api.accounts.models import Audit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def note(session: Session, actor_id: str | None, action: str, target: str, **detail: Any) -> None:
    """Add a row in the caller's transaction. `actor_id` is None for the system and for the command line."""
    request_id = g.get("request_id") if has_app_context() else None
    session.add(Audit(actor_id=actor_id, action=action, target=target, detail=detail, request_id=request_id))

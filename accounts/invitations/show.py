"""Invitations and messages as the schemas name their parts, from the side of the account that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for
from opensearchpy.exceptions import TransportError

from accounts.invitations.inbox import unread_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from accounts.invitations.models import Invitation, Message
    from accounts.login.models import Account
    from search_api.http.services import Services

Result = dict[str, Any]


def invitations(services: Services, session: Session, account_id: str, found: Sequence[Invitation]) -> list[Result]:
    """Return invitations with names, titles, and how much in each is new."""
    names = titles(services, [id_ for one in found for id_ in one.works])
    new = unread_each(session, account_id, [one.id for one in found])
    return [_invitation(one, account_id, names, new.get(one.id, 0)) for one in found]


def _invitation(one: Invitation, account_id: str, names: dict[str, str], unread: int) -> Result:
    return {
        "id": one.id,
        "status": one.status,
        "purpose": one.purpose,
        "works": [{"id": id_, "title": names.get(id_)} for id_ in one.works],
        "message": one.message,
        "sender": _side(one.sender, one.sender_researcher_id, account_id),
        "recipient": _side(one.recipient, one.recipient_researcher_id, account_id),
        "created_at": one.created_at,
        "answered_at": one.answered_at,
        "unread": unread,
        "links": {
            "self": url_for("invitations.invitation", invitation_id=one.id),
            "html": url_for("accounts.conversation", invitation_id=one.id),
            "messages": url_for("invitations.messages", invitation_id=one.id),
        },
    }


def message(one: Message, account_id: str) -> Result:
    """Return a message."""
    return {"id": one.id, "body": one.body, "is_yours": one.sender_id == account_id, "sent_at": one.sent_at}


def titles(services: Services, ids: Sequence[str]) -> dict[str, str]:
    """Return the titles of works by id; none of those that are not there, and none at all while OpenSearch is away.

    What people wrote to one another can be read without it.
    """
    if not ids:
        return {}
    params = {"_source_includes": "title"}
    try:
        answer = services.client.mget(index=services.names.works, body={"ids": sorted(set(ids))}, params=params)
    except TransportError:
        return {}
    return {found["_id"]: found["_source"]["title"] for found in answer["docs"] if found.get("found")}


def _side(account: Account | None, researcher_id: str, account_id: str) -> Result:
    return {
        "name": account.name if account else None,
        "researcher_id": researcher_id,
        "is_you": account is not None and account.id == account_id,
    }

"""Links that are mailed: each proves access to an e-mail address, works once, and expires after an hour."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select

from accounts.base import now
from accounts.login.models import EmailToken
from accounts.outbox import Mail
from accounts.secrets import digest, new_token
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.login.models import Account

LIFE = timedelta(hours=1)
GONE = "This link has expired, was already used, or is incomplete. Request a new one."


def address_of(text: str) -> str:
    """Return an e-mail address as it is stored: normalized and in lower case. Raises ValueError."""
    try:
        return str(validate_email(text.strip(), check_deliverability=False).normalized).lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error


def create(session: Session, purpose: str, address: str, account_id: str | None = None) -> str:
    """Return the token of a new link. Earlier links stay valid, so that strangers cannot cancel them.

    Their number is limited by that of mails (see `throttle.may_mail`).
    """
    moment = now()
    token = new_token()
    link = {"purpose": purpose, "address": address, "account_id": account_id, "expires_at": moment + LIFE}
    session.add(EmailToken(digest=digest(token), **link))
    return token


def peek_token(session: Session, purpose: str, token: str) -> EmailToken:
    """Return the row of a link and keep it valid: mail scanners open links too. Raises Problem (404)."""
    query = select(EmailToken).where(EmailToken.digest == digest(token), EmailToken.purpose == purpose)
    link = session.scalars(query.where(EmailToken.expires_at > now())).one_or_none()
    if link is None:
        raise Problem(HTTPStatus.NOT_FOUND, GONE)
    return link


def consume_token(session: Session, purpose: str, token: str) -> EmailToken:
    """Return the row of a link and delete it; of two concurrent requests one succeeds. Raises Problem (404)."""
    link = peek_token(session, purpose, token)
    deleted = session.execute(delete(EmailToken).where(EmailToken.id == link.id).returning(EmailToken.id)).all()
    if not deleted:
        raise Problem(HTTPStatus.NOT_FOUND, GONE)
    session.expunge(link)
    return link


def revoke(session: Session, account: Account) -> None:
    """Revoke the links that log an account in or reset its password, those of mails that wait for delivery too."""
    purposes = ("reset", "login")
    session.execute(delete(EmailToken).where(EmailToken.account_id == account.id, EmailToken.purpose.in_(purposes)))
    session.execute(delete(Mail).where(Mail.address == account.email, Mail.kind.in_(purposes)))

"""Links that are mailed: each proves that somebody reads an address, works once, and for an hour."""

from __future__ import annotations

import os
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from flask import request
from sqlalchemy import delete, select

from accounts.base import now
from accounts.login.models import EmailToken
from accounts.secrets import digest, new_token
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LIFE = timedelta(hours=1)
#: Hosts that a request may name for itself: whoever can send mail to others cannot be one of these.
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
GONE = "This link has expired, was already used, or is incomplete. Request a new one."


def address_of(given: str) -> str:
    """Return an e-mail address in the one form that is stored: normalized and in lower case. Raises ValueError."""
    try:
        return str(validate_email(given.strip(), check_deliverability=False).normalized).lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error


def public_url() -> str:
    """Return the address of this site, without a slash at the end, for links that leave it.

    Never a host that the request made up: a forged one would send a person's secret link there. Raises Problem.
    """
    if named := os.environ.get("PEERSCOPE_PUBLIC_URL"):
        return named.rstrip("/")
    if urlsplit(request.host_url).hostname in LOOPBACK:
        return request.host_url.rstrip("/")
    detail = "This site cannot send e-mail yet. Its operator must set PEERSCOPE_PUBLIC_URL."
    raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)


def make(session: Session, purpose: str, address: str, account_id: str | None = None) -> str:
    """Return the token of a new link. Earlier ones go on working: a stranger who asks for one ends nobody's.

    There are no more than mails may be sent (see `throttle.may_mail`).
    """
    moment = now()
    session.execute(delete(EmailToken).where(EmailToken.expires_at < moment))
    token = new_token()
    link = {"purpose": purpose, "address": address, "account_id": account_id, "expires_at": moment + LIFE}
    session.add(EmailToken(digest=digest(token), **link))
    return token


def look(session: Session, purpose: str, token: str) -> EmailToken:
    """Return what a link stands for, and leave it working: programs that check mail open links too. Raises Problem."""
    query = select(EmailToken).where(EmailToken.digest == digest(token), EmailToken.purpose == purpose)
    found = session.scalars(query.where(EmailToken.expires_at > now())).one_or_none()
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, GONE)
    return found


def take(session: Session, purpose: str, token: str) -> EmailToken:
    """Return what a link stands for and use it up: of two who try at once one gets it. Raises Problem."""
    found = look(session, purpose, token)
    gone = session.execute(delete(EmailToken).where(EmailToken.id == found.id).returning(EmailToken.id)).all()
    if not gone:
        raise Problem(HTTPStatus.NOT_FOUND, GONE)
    session.expunge(found)
    return found

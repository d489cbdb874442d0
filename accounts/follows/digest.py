"""The digest: an e-mail with the works that are new since the last one.

The mail is enqueued in the transaction that stores up to when an account has been notified. So each work is in exactly
one digest, whatever crashes, and the outbox of mail delivers it at least once. Two runs at once share the accounts.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import url_for
from opensearchpy.exceptions import TransportError
from sqlalchemy import select, update

from accounts.base import now
from accounts.follows import activity
from accounts.follows.models import Follow
from accounts.follows.service import follows_of
from accounts.login.models import Account
from accounts.outbox import enqueue_mail
from accounts.resources import database
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from accounts.database import Database
    from search_api.http.services import Services

#: Works listed in one digest, and authors listed per work.
MAX_WORKS = 20
MAX_AUTHORS = 4
#: Works added in the last minute wait for the next digest, because works written together are not searchable together.
MARGIN = timedelta(minutes=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DigestEmail:
    """A digest for one account, with works added after `after` (None: since each follow) and up to `until`."""

    account_id: str
    address: str
    subject: str
    text: str
    after: datetime | None
    until: datetime


def due_emails(services: Services, on_error: Callable[[Exception], None] | None = None) -> Iterator[DigestEmail]:
    """Return the digests that are due, one account at a time. Needs a request context, which determines the links.

    If OpenSearch refuses what one account follows, the error is passed to `on_error` and the other accounts get theirs.
    """
    until = newest_arrival(services)
    if until is None:
        return
    with database().read() as session:
        account_ids = session.scalars(
            select(Account.id)
            .where(Account.email.is_not(None), Account.wants_digest, Account.suspended_at.is_(None))
            .where(select(Follow.id).where(Follow.account_id == Account.id).exists())
            .order_by(Account.id)
        ).all()
    for account_id in account_ids:
        try:
            email = _email(services, account_id, until)
        except (TransportError, Problem) as error:
            log.warning("the digest of account %s could not be built: %s", account_id, error)
            if on_error:
                on_error(error)
            continue
        if email:
            yield email


def newest_arrival(services: Services) -> datetime | None:
    """Return when the newest work was added, at most `MARGIN` before now; None if no work has a time."""
    body = {"size": 0, "query": {"match_all": {}}, "aggs": {"newest": {"max": {"field": "added_at"}}}}
    newest = services.search(services.names.works, body)["aggregations"]["newest"]["value"]
    return min(datetime.fromtimestamp(newest / 1_000, UTC), now() - MARGIN) if newest else None


def enqueue_digest(accounts: Database, email: DigestEmail) -> bool:
    """Enqueue a digest and record it as sent; returns False if another run has."""
    with accounts.begin() as session:
        if not _mark_sent(session, email.account_id, email.after, email.until):
            return False
        return enqueue_mail(
            session,
            "digest",
            account_id=email.account_id,
            key=f"digest:{email.account_id}:{email.until.isoformat()}",
            subject=email.subject,
            text=email.text,
        )


def _mark_sent(session: Session, account_id: str, before: datetime | None, after: datetime | None) -> bool:
    """Set the time up to which an account has been notified, if it is still `before`; returns whether it was."""
    is_unchanged = Account.digest_sent_at.is_(None) if before is None else Account.digest_sent_at == before
    change = update(Account).where(Account.id == account_id, is_unchanged).values(digest_sent_at=after)
    return session.execute(change.returning(Account.id)).one_or_none() is not None


def _email(services: Services, account_id: str, until: datetime) -> DigestEmail | None:
    with database().read() as session:
        account = session.get(Account, account_id)
        follows = follows_of(session, account_id)
    if account is None or account.email is None:
        return None
    new = activity.new_works(services, follows, account.digest_sent_at, until, MAX_WORKS)
    if not new["count"]:
        return None
    subject = f"{new['count']:,} new {'work' if new['count'] == 1 else 'works'} in what you follow"
    text = _text(account.name, new["count"], new["works"])
    return DigestEmail(account_id, account.email, subject, text, account.digest_sent_at, until)


def _text(name: str, count: int, works: Sequence[dict[str, Any]]) -> str:
    parts = [f"Hello {name},", "new works since your last digest:", *map(_work, works)]
    if count > len(works):
        parts.append(f"And {count - len(works):,} more.")
    feed_page, settings = url_for("accounts.feed_page", _external=True), url_for("accounts.account", _external=True)
    reason = "You receive this because you follow researchers, topics, institutions or searches on Peerscope."
    parts += [f"Your feed: {feed_page}", f"{reason} Unsubscribe: {settings}"]
    return "\n\n".join(parts) + "\n"


def _work(work: dict[str, Any]) -> str:
    names = [researcher["name"] for researcher in work["researchers"]]
    more = f" and {len(names) - MAX_AUTHORS} more" if len(names) > MAX_AUTHORS else ""
    authors = ", ".join(names[:MAX_AUTHORS]) + more
    address = url_for("web.work", id_=work["id"], _external=True)
    labels = ", ".join(follow.label for follow in work["matched_follows"])
    year = f", {work['year']}" if work["year"] else ""
    return "\n".join([" ".join(work["title"].split()), f"{authors}{year}", f"Because you follow {labels}", address])

"""The digest: mails each account that wants it what is new since the last one.

It must not come twice, whatever crashes. So up to which moment an account has been told is written down before its mail
goes out, and put back when the mail server refuses. It errs on the side of silence: killed in the instant between, one
digest is not sent, and what it held still stands in the feed. Two runs at once share the accounts between them.
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
from accounts.follows import feed
from accounts.follows.following import follows_of
from accounts.follows.models import Follow
from accounts.login.models import Account
from accounts.resources import database
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from accounts.database import Database
    from search_api.http.services import Services

#: Works that one digest names; the feed has the rest.
MOST = 20
AUTHORS = 4
#: What came in just now waits for the next digest: works that were written at once are not found at once.
MARGIN = timedelta(minutes=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """A digest for one account. `before` and `until` bound what is new in it; None: since each follow."""

    account_id: str
    address: str
    subject: str
    text: str
    before: datetime | None
    until: datetime


def letters(services: Services, failed: Callable[[Exception], None] | None = None) -> Iterator[Letter]:
    """Return the digests that are due, an account at a time. Needs a request context: it says where links lead.

    What one account follows may be more than OpenSearch takes: that is told to `failed`, and the others get theirs.
    """
    until = newest_arrival(services)
    if until is None:
        return
    with database().read() as session:
        due = session.scalars(
            select(Account.id)
            .where(Account.email.is_not(None), Account.wants_digest, Account.suspended_at.is_(None))
            .where(select(Follow.id).where(Follow.account_id == Account.id).exists())
            .order_by(Account.id)
        ).all()
    for account_id in due:
        try:
            letter = _letter(services, account_id, until)
        except (TransportError, Problem) as error:
            log.warning("the digest of account %s cannot be made: %s", account_id, error)
            if failed:
                failed(error)
            continue
        if letter:
            yield letter


def newest_arrival(services: Services) -> datetime | None:
    """Return when the newest work came in that can be told of; None where nothing says when it came in."""
    body = {"size": 0, "query": {"match_all": {}}, "aggs": {"newest": {"max": {"field": "added_at"}}}}
    newest = services.search(services.names.works, body)["aggregations"]["newest"]["value"]
    return min(datetime.fromtimestamp(newest / 1_000, UTC), now() - MARGIN) if newest else None


def deliver(accounts: Database, letter: Letter, send: Callable[[str, str, str], None]) -> bool:
    """Send a digest. False when another run was quicker; raises what `send` raises, and then it is still due."""
    if not _note(accounts, letter.account_id, letter.before, letter.until):
        return False
    try:
        send(letter.address, letter.subject, letter.text)
    except Exception:
        _note(accounts, letter.account_id, letter.until, letter.before)
        raise
    return True


def _note(accounts: Database, account_id: str, before: datetime | None, after: datetime | None) -> bool:
    """Note up to when an account has been told, if it still stands as it was seen."""
    seen = Account.digest_sent_at.is_(None) if before is None else Account.digest_sent_at == before
    change = update(Account).where(Account.id == account_id, seen).values(digest_sent_at=after)
    with accounts.begin() as session:
        return session.execute(change.returning(Account.id)).one_or_none() is not None


def _letter(services: Services, account_id: str, until: datetime) -> Letter | None:
    with database().read() as session:
        account = session.get(Account, account_id)
        follows = follows_of(session, account_id)
    if account is None or account.email is None:
        return None
    new = feed.news(services, follows, account.digest_sent_at, until, MOST)
    if not new["count"]:
        return None
    subject = f"{new['count']:,} new {'work' if new['count'] == 1 else 'works'} in what you follow"
    text = _text(account.name, new["count"], new["works"])
    return Letter(account_id, account.email, subject, text, account.digest_sent_at, until)


def _text(name: str, count: int, works: Sequence[dict[str, Any]]) -> str:
    parts = [f"Hello {name},", "new works since your last digest:", *map(_work, works)]
    if count > len(works):
        parts.append(f"And {count - len(works):,} more.")
    feed_page, settings = url_for("accounts.feed_page", _external=True), url_for("accounts.account", _external=True)
    parts += [
        f"Your feed: {feed_page}",
        f"You receive this because you follow researchers, topics or searches on Peerscope. Unsubscribe: {settings}",
    ]
    return "\n\n".join(parts) + "\n"


def _work(work: dict[str, Any]) -> str:
    names = [one["name"] for one in work["researchers"]]
    authors = ", ".join(names[:AUTHORS]) + (f" and {len(names) - AUTHORS} more" if len(names) > AUTHORS else "")
    address = url_for("web.work", id_=work["id"], _external=True)
    because = ", ".join(one.label for one in work["because"])
    year = f", {work['year']}" if work["year"] else ""
    return "\n".join([" ".join(work["title"].split()), f"{authors}{year}", f"Because you follow {because}", address])

"""Limits on what could be abused: password attempts, mails. They add to the limit on all requests.

All counts are in the database of accounts, so they hold for all workers and machines and survive a restart. Keys are
digests: of an address that was tried, only the digest is stored, until the count expires.

Failed attempts never lock an account, because a stranger could then lock the owner out. Each further failure makes the
next attempt wait longer (`Rule`), counted three times:

- by client and account: guesses from one address delay no other client
- by client: one address cannot try a few passwords for each of many accounts
- by account, for guesses from many addresses. A browser that has logged in to the account before is exempt (its cookie
  `peerscope_device` proves it), and a mailed link logs in however long the delay is.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, now
from accounts.resources import database
from accounts.secrets import digest
from accounts.settled import settled
from search_api.http.errors import Problem
from search_api.http.limits import client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


class Throttle(Base):
    """A count of events, forgotten at `expires_at`."""

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    free_at: Mapped[datetime | None]
    """When the next attempt is allowed; null: at once."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True)
class Limit:
    """At most `amount` events in `period`, which begins with the first."""

    amount: int
    period: timedelta


@dataclass(frozen=True)
class Rule:
    """Delays after failures: none for the first `free`, then 1, 2, 4, ... seconds, at most `longest`.

    The count is forgotten `memory` after the last failure.
    """

    free: int
    longest: timedelta
    memory: timedelta

    def delay(self, failures: int) -> timedelta:
        """Return how long the next attempt has to wait after so many failures."""
        if failures < self.free:
            return timedelta()
        return min(self.longest, timedelta(seconds=2 ** min(failures - self.free, 20)))


#: By client and account: people who mistype stay below. A stranger gets 5 guesses, then about 100 a day.
BY_BOTH = Rule(5, timedelta(minutes=15), timedelta(days=1))
#: By client for all accounts; a university behind one address stays below.
BY_CLIENT = Rule(30, timedelta(minutes=15), timedelta(hours=1))
#: By account, from clients that never logged in to it. Shorter than the others, since the owner waits too.
BY_ACCOUNT = Rule(20, timedelta(minutes=5), timedelta(hours=1))

HOUR = timedelta(hours=1)
#: Mails that one client or account may request.
MAILS_FROM = Limit(20, HOUR)
#: Mails of one kind to one address: requested by one client or account, and by all. A stranger cannot use up the mails
#: of another kind, nor, from one client, those that the owner of the address may request.
MAILS_TO, MAILS_TO_IN_ALL = Limit(3, HOUR), Limit(10, HOUR)

#: The prefix of an IPv6 address that one customer of a provider controls.
IPV6_PREFIX = 64


def client_network() -> str:
    """Return the address of the client, of IPv6 its network, in which one client has all addresses."""
    try:
        address = ipaddress.ip_address(client())
    except ValueError:
        return client()
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def key_of(*parts: str) -> str:
    """Return the key of a count. The first part is its kind, the others are stored as a digest only."""
    return f"{parts[0]}:{digest(':'.join(map(digest, parts[1:])))[:32]}"


def allowed(limit: Limit, *key: str) -> bool:
    """Count one event; return False beyond the limit."""
    return _hit(limit, key_of(*key)) is None


def count(limit: Limit, *key: str) -> None:
    """Count one event. Raises Problem (429, with Retry-After) beyond the limit."""
    if (wait := _hit(limit, key_of(*key))) is not None:
        raise too_many(wait)


def may_mail(kind: str, address: str, requester: str) -> bool:
    """Count one mail of a kind to an address, requested by a client or account; return False beyond the limits."""
    by_one = allowed(MAILS_TO, "mail-to", kind, address, requester)
    return by_one and allowed(MAILS_TO_IN_ALL, "mail-to-in-all", kind, address)


def begin_attempt(rules: Sequence[tuple[Rule, str]]) -> None:
    """Count an attempt as failed before it is made, so that concurrent ones are counted too.

    Raises Problem (429, with Retry-After) while an earlier failure delays it; such an attempt is not counted, since
    otherwise repeating it would delay the owner for ever.
    """

    def change(session: Session) -> timedelta:
        moment = now()
        rows = [(rule, _row(session, key, moment)) for rule, key in rules]
        waits = [row.free_at - moment for _, row in rows if row.free_at]
        if (wait := max(waits, default=timedelta())) > timedelta():
            return wait
        for rule, row in rows:
            row.count += 1
            row.free_at = moment + rule.delay(row.count)
            row.expires_at = moment + rule.memory
        return timedelta()

    if wait := settled(database(), change):
        raise too_many(wait)


def succeed(session: Session, *rules: tuple[Rule, str]) -> None:
    """Remove an attempt that has succeeded from the counts, with all failures before it.

    Of a client's failures for all accounts only this one: an attacker could reset them by logging in to their own.
    """
    for rule, key in rules:
        row = session.get(Throttle, key, with_for_update=True)
        if row is None:
            continue
        row.count = row.count - 1 if rule is BY_CLIENT else 0
        row.free_at = None
        if row.count <= 0:
            session.delete(row)


def failures(session: Session, key: str) -> int:
    """Return the number of failures under a key."""
    row = session.get(Throttle, key)
    return row.count if row else 0


def too_many(wait: timedelta) -> Problem:
    """Return the problem (429) of an attempt that has to wait."""
    seconds = max(1, math.ceil(wait.total_seconds()))
    text = f"{seconds} s" if seconds < 120 else f"{math.ceil(seconds / 60)} min"
    detail = f"Too many attempts. Try again in {text}."
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(seconds)})


def _hit(limit: Limit, key: str) -> timedelta | None:
    """Count one event; return how long the limit lasts if it is exceeded."""

    def change(session: Session) -> timedelta | None:
        moment = now()
        row = _row(session, key, moment)
        if row.count == 0:
            row.expires_at = moment + limit.period
        if row.count >= limit.amount:
            return row.expires_at - moment
        row.count += 1
        return None

    return settled(database(), change)


def _row(session: Session, key: str, moment: datetime) -> Throttle:
    """Return the locked row of a key, empty if it has expired. Raises IntegrityError for a concurrent new one."""
    row = session.get(Throttle, key, with_for_update=True)
    if row is None:
        session.add(row := Throttle(key=key, count=0, expires_at=moment))
        session.flush()
    elif row.expires_at <= moment:
        row.count, row.free_at = 0, None
    return row

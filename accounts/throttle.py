"""Limits on what could be abused: password attempts, mails, messages. They add to the limit on all requests."""

from __future__ import annotations

import logging
import math
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import current_app
from limits import parse
from limits.errors import StorageError

from accounts.resources import settings
from accounts.secrets import digest
from search_api.http.errors import Problem
from search_api.http.limits import counter

if TYPE_CHECKING:
    from limits.strategies import FixedWindowRateLimiter

KEY = "peerscope-throttle"

#: Password attempts from one client, and for one account from all clients; people who mistype stay below.
TRIES_FROM, TRIES_FOR = "30/10minute", "10/10minute"
#: Mails that one client or account may request.
MAILS_FROM = "20/hour"
#: Mails of one kind to one address: requested by one client or account, and by all. A stranger cannot use up the mails
#: of another kind, nor, from one client, those that the owner of the address may request.
MAILS_TO, MAILS_TO_IN_ALL = "3/hour", "10/hour"

log = logging.getLogger(__name__)


def allowed(limit: str, *key: str) -> bool:
    """Count one event of `key`, whose first word is its kind; return False beyond `limit`, such as `10/hour`.

    Counts are kept in `PEERSCOPE_RATE_LIMIT_STORAGE` under digests, so that no addresses are stored.
    """
    try:
        return _counter().hit(parse(limit), *_hidden(key))
    except StorageError:
        _log_unavailable()
        return True


def count(limit: str, *key: str) -> None:
    """Count one event. Raises Problem (429, with Retry-After) beyond the limit."""
    if not allowed(limit, *key):
        wait = _wait(limit, key)
        detail = f"Too many attempts. Try again in {math.ceil(wait / 60)} min."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})


def reset_limit(limit: str, *key: str) -> None:
    """Reset the count to zero."""
    try:
        _counter().clear(parse(limit), *_hidden(key))
    except StorageError:
        _log_unavailable()


def may_mail(kind: str, address: str, requester: str) -> bool:
    """Count one mail of a kind to an address, requested by a client or account; return False beyond the limits."""
    by_one = allowed(MAILS_TO, "mail-to", kind, address, requester)
    return by_one and allowed(MAILS_TO_IN_ALL, "mail-to-in-all", kind, address)


def _wait(limit: str, key: tuple[str, ...]) -> int:
    """Return the seconds until the window of the limit ends."""
    try:
        reset = _counter().get_window_stats(parse(limit), *_hidden(key)).reset_time
    except StorageError:
        _log_unavailable()
        return parse(limit).get_expiry()
    return max(1, math.ceil(reset - time.time()))


def _log_unavailable() -> None:
    # The service must not depend on the storage.
    log.exception("the storage of rate limits does not answer; requests are not limited")


def _counter() -> FixedWindowRateLimiter:
    counters = current_app.extensions
    if KEY not in counters:
        counters[KEY] = counter(settings())
    limiter: FixedWindowRateLimiter = counters[KEY]
    return limiter


def _hidden(key: tuple[str, ...]) -> tuple[str, ...]:
    return (key[0], *(digest(part)[:32] for part in key[1:]))

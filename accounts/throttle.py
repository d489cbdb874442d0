"""Limits on what could be tried or sent too often: passwords, mails, messages. Beside the limit on all requests."""

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

#: Mails of one kind that an address can get in an hour: by one client or account, and by all. A stranger who has some
#: sent uses up neither another kind nor, from one address, what its owner may have sent.
MAILS_TO, MAILS_TO_IN_ALL = "3/hour", "10/hour"

log = logging.getLogger(__name__)


def allowed(limit: str, *key: str) -> bool:
    """Count one more of what `key` names (its first word says what it is); False beyond `limit`, as `10/hour`.

    Counted in `PEERSCOPE_RATE_LIMIT_STORAGE`, and by digest: addresses of people do not lie there.
    """
    try:
        return _counter().hit(parse(limit), *_hidden(key))
    except StorageError:
        _note_away()
        return True


def count(limit: str, *key: str) -> None:
    """Count one more, and raise Problem (429, with Retry-After) beyond the limit."""
    if not allowed(limit, *key):
        wait = _wait(limit, key)
        detail = f"Too many attempts. Try again in {math.ceil(wait / 60)} min."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})


def reset_limit(limit: str, *key: str) -> None:
    """Begin to count anew."""
    try:
        _counter().clear(parse(limit), *_hidden(key))
    except StorageError:
        _note_away()


def may_mail(kind: str, address: str, asker: str) -> bool:
    """Count one more mail of a kind to an address, asked for by a client or an account; False beyond the limits."""
    by_one = allowed(MAILS_TO, "mail-to", kind, address, asker)
    return by_one and allowed(MAILS_TO_IN_ALL, "mail-to-in-all", kind, address)


def _wait(limit: str, key: tuple[str, ...]) -> int:
    """Return how many seconds it takes until the limit holds no longer."""
    try:
        reset = _counter().get_window_stats(parse(limit), *_hidden(key)).reset_time
    except StorageError:
        _note_away()
        return parse(limit).get_expiry()
    return max(1, math.ceil(reset - time.time()))


def _note_away() -> None:
    # As for the limit on all requests: a store that is away must not take the service with it.
    log.exception("the store of rate limits does not answer; nobody is limited")


def _counter() -> FixedWindowRateLimiter:
    counters = current_app.extensions
    if KEY not in counters:
        counters[KEY] = counter(settings())
    found: FixedWindowRateLimiter = counters[KEY]
    return found


def _hidden(key: tuple[str, ...]) -> tuple[str, ...]:
    return (key[0], *(digest(part)[:32] for part in key[1:]))

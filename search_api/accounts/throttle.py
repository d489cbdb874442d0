"""Limits on what could be tried or sent too often: passwords, mails, messages. Beside the limit on all requests."""

from __future__ import annotations

import logging
import math
import os
import time
from http import HTTPStatus

from flask import current_app, request
from limits import parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from search_api.accounts.secrets import digest
from search_api.errors import Problem

KEY = "peerscope-throttle"

log = logging.getLogger(__name__)


def client() -> str:
    """Give the address that asks."""
    return request.remote_addr or "unknown"


def allowed(limit: str, *key: str) -> bool:
    """Count one more of what `key` names (its first word says what it is); False beyond `limit`, as `10/hour`.

    Counted in `PEERSCOPE_RATE_LIMIT_STORAGE`, and by digest: addresses of people do not lie there.
    """
    try:
        return _counter().hit(parse(limit), *_hidden(key))
    except StorageError:
        # As for the limit on all requests: a store that is away must not take the service with it.
        log.exception("the store of rate limits does not answer; nobody is limited")
        return True


def count(limit: str, *key: str) -> None:
    """Count one more, and raise Problem (429, with Retry-After) beyond the limit."""
    if not allowed(limit, *key):
        window = _counter().get_window_stats(parse(limit), *_hidden(key))
        wait = max(1, math.ceil(window.reset_time - time.time()))
        detail = f"Too many tries. Wait {math.ceil(wait / 60)} min."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})


def forgive(limit: str, *key: str) -> None:
    """Begin to count anew."""
    _counter().clear(parse(limit), *_hidden(key))


def _counter() -> FixedWindowRateLimiter:
    counters = current_app.extensions
    if KEY not in counters:
        storage = os.environ.get("PEERSCOPE_RATE_LIMIT_STORAGE") or "memory://"
        counters[KEY] = FixedWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True))
    counter: FixedWindowRateLimiter = counters[KEY]
    return counter


def _hidden(key: tuple[str, ...]) -> tuple[str, ...]:
    return (key[0], *(digest(part)[:32] for part in key[1:]))

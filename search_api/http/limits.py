"""Rate limits, so that one client cannot take the service from the others."""

from __future__ import annotations

import logging
import math
import os
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import g, request
from limits import parse
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from peerscope.errors import SettingsError
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from flask import Flask, Response
    from limits import RateLimitItem

#: Requests of one address. High: the limit is there against runaway programs, not against busy people, and many of
#: those may share an address.
DEFAULT = "6000/minute"
OFF = "off"
EXEMPT = {"static", "health.healthz", "health.readyz", "metrics.metrics"}

log = logging.getLogger(__name__)


def limit_of(text: str | None = None) -> RateLimitItem | None:
    """Return the limit that `text` or else `PEERSCOPE_RATE_LIMIT` names; None for no limit. Raises SettingsError."""
    text = text or os.environ.get("PEERSCOPE_RATE_LIMIT") or DEFAULT
    if text == OFF:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise SettingsError(f"PEERSCOPE_RATE_LIMIT is {text!r}: it takes a form such as 600/minute, or off") from error


def counter() -> FixedWindowRateLimiter:
    """Return what counts, in `PEERSCOPE_RATE_LIMIT_STORAGE`. Raises SettingsError where that cannot be used."""
    storage = os.environ.get("PEERSCOPE_RATE_LIMIT_STORAGE") or "memory://"
    try:
        return FixedWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True))
    except (ConfigurationError, ValueError) as error:
        raise SettingsError(f"PEERSCOPE_RATE_LIMIT_STORAGE cannot be used: {error}") from error


def client() -> str:
    """Return the address that asks."""
    return request.remote_addr or "unknown"


def install(app: Flask) -> None:
    """Limit the requests of each client address. Raises SettingsError."""
    limit = limit_of(app.config.get("RATE_LIMIT"))
    if limit is None:
        return
    count = counter()

    @app.before_request
    def check() -> None:
        if request.endpoint in EXEMPT:
            return
        try:
            allowed = count.hit(limit, client())
            window = count.get_window_stats(limit, client())
        except Exception:
            # A store that is away must not take the service with it.
            log.exception("the store of rate limits does not answer; nobody is limited")
            return
        wait = max(1, math.ceil(window.reset_time - time.time()))
        g.rate_limit = {
            "RateLimit-Limit": str(limit.amount),
            "RateLimit-Remaining": str(window.remaining),
            "RateLimit-Reset": str(wait),
        }
        if not allowed:
            detail = f"More than {limit.amount} requests in {limit.get_expiry()} s. Try again in {wait} s."
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers.update(g.get("rate_limit", {}))
        return response

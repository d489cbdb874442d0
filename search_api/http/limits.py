"""Rate limits per client address, so that one client cannot overload the service for all others."""

from __future__ import annotations

import logging
import math
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

    from peerscope.settings import Settings

OFF = "off"
EXEMPT = {"static", "health.healthz", "health.readyz", "metrics.metrics"}

log = logging.getLogger(__name__)


def parse_limit(text: str) -> RateLimitItem | None:
    """Return a limit such as `600/minute`; None for `off`. Raises SettingsError."""
    if text == OFF:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise SettingsError(f"PEERSCOPE_RATE_LIMIT={text}: must have a form such as 600/minute, or be off") from error


def counter(settings: Settings) -> FixedWindowRateLimiter:
    """Return a counter in the storage of the settings. Raises SettingsError where that cannot be used."""
    try:
        return FixedWindowRateLimiter(storage_from_string(settings.rate_limit_storage, wrap_exceptions=True))
    except (ConfigurationError, ValueError) as error:
        raise SettingsError(f"PEERSCOPE_RATE_LIMIT_STORAGE: cannot be used: {error}") from error


def client() -> str:
    """Return the client address of this request."""
    return request.remote_addr or "unknown"


def install(app: Flask, settings: Settings) -> None:
    """Limit the requests of each client address; `RATE_LIMIT` in the app's configuration wins. Raises SettingsError."""
    limit = parse_limit(app.config.get("RATE_LIMIT") or settings.rate_limit)
    if limit is None:
        return
    count = counter(settings)

    @app.before_request
    def check() -> None:
        if request.endpoint in EXEMPT:
            return
        try:
            allowed = count.hit(limit, client())
            window = count.get_window_stats(limit, client())
        except Exception:
            # The service must not depend on the storage.
            log.exception("the storage of rate limits does not answer; requests are not limited")
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
    def add_headers(response: Response) -> Response:
        response.headers.update(g.get("rate_limit", {}))
        return response

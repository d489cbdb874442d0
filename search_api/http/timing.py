"""The duration of a request and of its parts `embed`, `queue`, `search` and `dump`, for request log and metrics."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from flask import g, has_app_context

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Add the time that the block takes to a part of this request."""
    began = time.perf_counter()
    try:
        yield
    finally:
        add(part, time.perf_counter() - began)


def add(part: str, seconds: float) -> None:
    """Add seconds to a part of this request; outside of a request do nothing."""
    if has_app_context():
        so_far = parts()
        so_far[part] = so_far.get(part, 0.0) + seconds


def parts() -> dict[str, float]:
    """Return the seconds of each part so far."""
    return cast("dict[str, float]", g.setdefault("parts", {}))


def lose(seconds: float) -> None:
    """Add seconds that this request has waited for OpenSearch in vain; outside of a request do nothing."""
    if has_app_context():
        g.lost = lost() + seconds


def lost() -> float:
    """Return the seconds that this request has waited for OpenSearch in vain; 0 outside of a request."""
    return cast("float", g.get("lost", 0.0)) if has_app_context() else 0.0


def took_ms() -> int:
    """Return the milliseconds since this request arrived, the `took_ms` of responses; 0 outside of a request."""
    return round(1_000 * (time.perf_counter() - g.begun)) if has_app_context() and "begun" in g else 0

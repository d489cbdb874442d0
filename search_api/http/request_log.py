"""The log: one line a request, as JSON for programs or as text for a terminal.

It holds the path but not the query string, and no address: what somebody looks for is their own business.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import g, has_request_context, request

from peerscope.errors import SettingsError
from search_api.http import timing

if TYPE_CHECKING:
    from flask import Flask, Response

STYLES = ("json", "text", "off")
QUIET = {"health.healthz", "health.readyz", "metrics.metrics", "static"}

#: As long as a token, and of its letters.
_LONG = re.compile(r"[\w-]{40,}")

log = logging.getLogger("peerscope.requests")


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object; a traceback is a part of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "request_id": g.get("request_id") if has_request_context() else None,
        }
        told = getattr(record, "told", None)
        line |= told or {"logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def chosen_style() -> str:
    """Return the style that `PEERSCOPE_LOG` names, else text in a terminal only. Raises SettingsError for another."""
    style = os.environ.get("PEERSCOPE_LOG") or ("text" if sys.stderr.isatty() else "json")
    if style not in STYLES:
        raise SettingsError(f"PEERSCOPE_LOG is {style!r}; it must be one of {', '.join(STYLES)}")
    return style


def configure(style: str | None = None) -> None:
    """Send the log of this process to standard error in a style: `PEERSCOPE_LOG`, else text in a terminal only."""
    style = style or chosen_style()
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonLines() if style == "json" else plain)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    log.setLevel(logging.WARNING if style == "off" else logging.INFO)


def path() -> str:
    """Return the path; a token in it lets somebody in, and what somebody follows is their own business: both are cut.

    Where no route matched, nothing says which part is one: then all that is as long is left out.
    """
    if request.view_args is None:
        return _LONG.sub("...", request.path)
    secret = request.view_args.get("token")
    if request.view_args.get("kind") == "search":
        secret = request.view_args.get("target_")
    return request.path.replace(str(secret), "...") if secret else request.path


def install(app: Flask) -> None:
    """Write a line for every request of the app but those of monitors and of files."""

    @app.after_request
    def write(response: Response) -> Response:
        if request.endpoint not in QUIET and log.isEnabledFor(logging.INFO):
            told = {
                "method": request.method,
                "path": path(),
                "route": str(request.url_rule) if request.url_rule else None,
                "status": response.status_code,
                "ms": round((time.perf_counter() - g.begun) * 1_000, 1),
                "parts": {part: round(seconds * 1_000, 1) for part, seconds in timing.parts().items()},
                **({"degraded": True} if g.get("degraded") else {}),
            }
            # %r: a path may hold line ends and codes that a terminal would obey.
            log.info("%s %r %s %.1f ms", told["method"], told["path"], told["status"], told["ms"], extra={"told": told})
        return response

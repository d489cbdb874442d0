"""The request log: one line for each request, as JSON for programs or as text for a terminal.

It holds the path but neither the query string nor an address: what people search for is private.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import g, has_request_context, request

from peerscope.terminal import PrintableFormatter, json_text
from search_api.http import timing

if TYPE_CHECKING:
    from flask import Flask, Response

    from peerscope.settings import Settings

QUIET = {"health.healthz", "health.readyz", "metrics.metrics", "static"}

#: As long as a token, and of its characters.
_LONG = re.compile(r"[\w-]{40,}")

log = logging.getLogger("peerscope.requests")


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object, which includes a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "request_id": g.get("request_id") if has_request_context() else None,
        }
        request_fields = getattr(record, "request", None)
        line |= request_fields or {"logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json_text(line)


def configure(settings: Settings) -> None:
    """Send the log of this process to standard error: as the settings say, by default text in a terminal, else JSON."""
    style = settings.log or ("text" if sys.stderr.isatty() else "json")
    handler = logging.StreamHandler()
    plain = PrintableFormatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
    handler.setFormatter(JsonLines() if style == "json" else plain)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    log.setLevel(logging.WARNING if style == "off" else logging.INFO)


def path() -> str:
    """Return the path of this request without secrets: tokens, and searches that people follow.

    If no route matched, everything as long as a token is left out.
    """
    if request.view_args is None:
        return _LONG.sub("...", request.path)
    secret = request.view_args.get("token")
    if request.view_args.get("kind") == "search":
        secret = request.view_args.get("target_")
    return request.path.replace(str(secret), "...") if secret else request.path


def install(app: Flask) -> None:
    """Log every request of the app but those of monitors and for static files."""

    @app.after_request
    def write(response: Response) -> Response:
        if request.endpoint not in QUIET and log.isEnabledFor(logging.INFO):
            fields = {
                "method": request.method,
                "path": path(),
                "route": str(request.url_rule) if request.url_rule else None,
                "status": response.status_code,
                "ms": round((time.perf_counter() - g.begun) * 1_000, 1),
                "parts": {part: round(seconds * 1_000, 1) for part, seconds in timing.parts().items()},
                **({"degraded": True} if g.get("degraded") else {}),
            }
            # %r: a path may hold line ends, and codes that a terminal would obey.
            arguments = (fields["method"], fields["path"], fields["status"], fields["ms"])
            log.info("%s %r %s %.1f ms", *arguments, extra={"request": fields})
        return response

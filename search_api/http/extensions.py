"""Extensions: packages above `search_api` that install themselves into the app, such as `accounts`.

An installed distribution offers one with an entry point:

[project.entry-points."peerscope.extensions"]
accounts = "accounts.extension:AccountsExtension"
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from peerscope.settings import Settings

GROUP = "peerscope.extensions"
#: Key of `app.extensions`.
KEY = "peerscope-extensions"


class Extension:
    """The hooks that an extension can implement; each does nothing by default."""

    #: Security schemes for the OpenAPI document, by name; any one of them authenticates an endpoint with a scope.
    security_schemes: dict[str, dict[str, Any]] = {}  # noqa: RUF012 (a constant of the subclass)

    def check(self, settings: Settings) -> None:
        """Raise PeerscopeError if the settings cannot be used. Called before a server starts its workers."""

    def prepare(self, settings: Settings) -> None:
        """Prepare what all workers share, such as the tables of a database. Called once before a server starts."""

    def install(self, app: Flask, settings: Settings) -> None:
        """Add blueprints, request hooks and template globals to an app, before it handles a request."""

    def problems(self, app: Flask) -> dict[str, str]:  # noqa: ARG002 (for the subclass)
        """Return the current problems of this extension by part, for `/readyz`; empty if there are none."""
        return {}

    def start_worker(self, app: Flask, settings: Settings) -> None:
        """Start background threads. Called in each worker process after its warm-up."""


def load(settings: Settings) -> list[Extension]:
    """Return the extensions of all installed packages.

    An extension whose name is that of a setting is left out when that setting is `off`: `PEERSCOPE_ACCOUNTS=off`.
    """
    enabled = (entry for entry in entry_points(group=GROUP) if getattr(settings, entry.name, "on") != "off")
    return [entry.load()() for entry in sorted(enabled, key=lambda entry: entry.name)]


def installed(app: Flask) -> Sequence[Extension]:
    """Return the extensions of an app."""
    extensions: Sequence[Extension] = app.extensions[KEY]
    return extensions

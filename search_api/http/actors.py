"""Who sends a request. Search itself knows no users: an extension registers a provider, otherwise there is no actor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from flask import current_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

#: Key of `app.extensions`.
KEY = "peerscope-actors"


class Actor(Protocol):
    """The authenticated user in whose name a request is sent."""

    @property
    def name(self) -> str:
        """The display name."""


@dataclass(frozen=True)
class ActorProvider:
    """How an extension authenticates requests.

    `require_scope` returns the actor or raises `Problem`: 401 without one, 403 for one that lacks the scope.
    """

    current_actor: Callable[[], Actor | None]
    require_scope: Callable[[str], Actor]


def register(app: Flask, provider: ActorProvider) -> None:
    """Authenticate the requests of an app with this provider."""
    app.extensions[KEY] = provider


def current_actor() -> Actor | None:
    """Return the actor of this request; None without one, and in an app without a provider."""
    provider = _provider()
    return provider.current_actor() if provider else None


def require_scope(scope: str) -> Actor:
    """Return the actor of this request if it has a scope. Raises Problem (401, 403)."""
    provider = _provider()
    if provider is None:
        raise RuntimeError("an endpoint with a scope needs an extension that registers an ActorProvider")
    return provider.require_scope(scope)


def _provider() -> ActorProvider | None:
    return cast("ActorProvider | None", current_app.extensions.get(KEY))

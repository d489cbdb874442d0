"""The root of every error that a user or an operator can cause and act on.

Each package derives its errors from `PeerscopeError`; the command line and the app handle that one class. An error that
is not a `PeerscopeError` is a defect of Peerscope and ends in a traceback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class PeerscopeError(Exception):
    """Base of all expected errors. Its text is complete and ready to be shown: what failed, and what to do about it."""


class SettingsError(PeerscopeError):
    """A setting has a value that cannot be used; the message names the variable."""


class ApiError(PeerscopeError):
    """The HTTP API refused a request, or the service does not respond; see RFC 9457 for the fields.

    `status` is the HTTP status, None without a response; `errors` maps a parameter to what is wrong with it;
    `request_id` identifies the request in the service's log.
    """

    def __init__(
        self,
        status: int | None,
        title: str,
        detail: str,
        errors: Mapping[str, list[str]] | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = dict(errors or {})
        self.request_id = request_id

    @classmethod
    def from_problem(cls, status: int, problem: Mapping[str, Any]) -> ApiError:
        """Return the error for the body of an error response (`application/problem+json`)."""
        return cls(
            status,
            str(problem.get("title") or status),
            str(problem.get("detail") or "The response has no details."),
            problem.get("errors"),
            problem.get("request_id"),
        )

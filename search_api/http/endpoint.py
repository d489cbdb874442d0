"""The decorator of all JSON views: one schema for the arguments, one for the response, and both kept for OpenAPI.

@blueprint.get("/works")
@endpoint(WorksArgs, WorkList, "Search works")
def works(args): ...
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Response, request

from search_api.http import args as arguments
from search_api.http.actors import require_scope
from search_api.http.args import Args
from search_api.http.dump import compile_schema, to_json
from search_api.http.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from marshmallow import Schema

ATOM = "application/atom+xml"

F = TypeVar("F", bound="Callable[..., Any]")


@dataclass(frozen=True)
class Described:
    """What the OpenAPI document says of an endpoint."""

    args: type[Schema]
    answer: type[Schema]
    summary: str
    body: type[Schema] | None = None
    media: tuple[str, ...] = ()
    scope: str | None = None
    status: int = 200


@dataclass(frozen=True)
class Plain:
    """What the OpenAPI document says of a view that is no `endpoint`: its parameters and its media type."""

    summary: str
    media: str
    args: type[Schema] = Args
    also: tuple[str, ...] = ()
    """Statuses of errors besides those of its kind."""


def endpoint(
    args: type[Schema],
    answer: type[Schema],
    summary: str,
    body: type[Schema] | None = None,
    media: Iterable[str] = (),
    *,
    scope: str | None = None,
    status: int = HTTPStatus.OK,
    reads_only: bool = False,
) -> Callable[[Callable[..., Any]], Any]:
    """Make a JSON view of a function that returns an object to serialize.

    The function names the parameters it uses: `args`, the checked query parameters; `body`, the checked JSON body where
    there is a schema for it; `actor`, who sends the request where a `scope` is required; and variables of the path. It
    may also return a Response, such as a redirect, or one of the `media` types offered besides JSON. `status` is that
    of success; 204 has no body. `reads_only` marks a POST that changes nothing, see the function of that name.
    """
    args_schema, answer_schema, body_schema = args(), answer(), body() if body else None
    kinds, dump = tuple(media), compile_schema(answer_schema)

    def decorate(function: Callable[..., Any]) -> Callable[..., Response]:
        names = inspect.signature(function).parameters

        @wraps(function)
        def view(**path: str) -> Response:
            values: dict[str, Any] = {**path}
            if scope:
                values["actor"] = require_scope(scope)
            values["args"] = checked = arguments.parse(args_schema, request.args)
            if body_schema:
                values["body"] = arguments.parse_body(body_schema)
            result = function(**{name: value for name, value in values.items() if name in names})
            if status == HTTPStatus.NO_CONTENT:
                return Response(status=status)
            if not isinstance(result, Response):
                with timed("dump"):
                    written = to_json(_selected(dump(result), checked.get("select")))
                result = Response(written, status, content_type="application/json")
            if kinds:
                result.vary.add("Accept")
            return result

        view.described = Described(args, answer, summary, body, kinds, scope, int(status))  # type: ignore[attr-defined]
        view.reads_only = reads_only or is_read_only(function)  # type: ignore[attr-defined]
        return view

    return decorate


def reads_only(view: F) -> F:
    """Mark a POST view as read-only: it uses POST because its input is too long for a URL.

    Extensions that protect against forged requests let it pass.
    """
    view.reads_only = True  # type: ignore[attr-defined]
    return view


def is_read_only(view: Callable[..., Any]) -> bool:
    """Return whether a view is marked as changing nothing."""
    return bool(getattr(view, "reads_only", False))


def plain(summary: str, media: str, args: type[Schema] = Args, also: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Describe a view that is no `endpoint` for the OpenAPI document."""

    def decorate(view: F) -> F:
        view.plain = Plain(summary, media, args, also)  # type: ignore[attr-defined]
        return view

    return decorate


def _selected(dumped: Any, names: list[str] | None) -> Any:
    """Keep only the named fields, of one object or of each result of a list."""
    if not names:
        return dumped
    if "results" in dumped:
        return {**dumped, "results": [_selected(result, names) for result in dumped["results"]]}
    return {name: value for name, value in dumped.items() if name in names}

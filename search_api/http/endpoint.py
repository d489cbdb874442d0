"""What all JSON views share: arguments in by one schema, the answer out by another, and both kept for OpenAPI.

@blueprint.get("/works")
@endpoint(WorksArgs, WorkList, "Search works")
def works(args): ...

A view for POST names the schema of its JSON body too, and gets it, checked, as `body`. One that needs an account names
the scope, and gets who asks as `actor`; see `accounts/who.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, json, request

from accounts.who import admin, needed
from search_api.http import args as arguments
from search_api.http.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from marshmallow import Schema


@dataclass(frozen=True)
class Described:
    """What OpenAPI has to know of a view."""

    args: type[Schema]
    answer: type[Schema]
    summary: str
    body: type[Schema] | None = None
    media: tuple[str, ...] = ()
    scope: str | None = None
    status: int = 200


def endpoint(
    args: type[Schema],
    answer: type[Schema],
    summary: str,
    body: type[Schema] | None = None,
    media: Iterable[str] = (),
    *,
    scope: str | None = None,
    status: int = HTTPStatus.OK,
) -> Callable[[Callable[..., Any]], Any]:
    """Make a JSON view of a function that takes checked arguments (and path variables) and gives an object to dump.

    With `body`, the function takes the checked JSON body of a POST as `body`. A view may also give a ready Response,
    for instance a redirect, or the answer in one of the `media` types that it has besides JSON. With `scope` only an
    account may ask, by its browser or a token with this scope, and the function takes it as `actor`; the scope `admin`
    is for administrators. `status` is that of an answer that is no error; 204 has no body.
    """
    takes, gives, reads, kinds = args(), answer(), body() if body else None, tuple(media)

    def decorate(function: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(function)
        def view(**path: str) -> Response:
            given: dict[str, Any] = {**path}
            if scope:
                given["actor"] = admin() if scope == "admin" else needed(scope)
            checked = arguments.parse(takes, request.args)
            if reads:
                given["body"] = arguments.parse_body(reads)
            result = function(checked, **given)
            if status == HTTPStatus.NO_CONTENT:
                return Response(status=status)
            if not isinstance(result, Response):
                with timed("dump"):
                    written = json.dumps(_selected(gives.dump(result), checked.get("select")))
                result = Response(written, status, content_type="application/json")
            if kinds:
                result.vary.add("Accept")
            return result

        view.described = Described(args, answer, summary, body, kinds, scope, int(status))  # type: ignore[attr-defined]
        return view

    return decorate


def _selected(dumped: Any, names: list[str] | None) -> Any:
    """Keep only the named fields, of one thing or of each result of a list."""
    if not names:
        return dumped
    if "results" in dumped:
        return {**dumped, "results": [_selected(result, names) for result in dumped["results"]]}
    return {name: value for name, value in dumped.items() if name in names}

"""Forms of account pages: reading them by a schema, reporting the result, and returning to the page."""

from __future__ import annotations

import inspect
import re
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import current_app, flash, g, get_flashed_messages, make_response, redirect, request, url_for
from marshmallow import ValidationError, fields, validate

from accounts.csrf import FIELD
from search_api.http.actors import require_scope
from search_api.http.args import Args, flat
from search_api.http.errors import Problem
from search_api.retrieval import listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from marshmallow import Schema
    from werkzeug.wrappers import Response

#: A path of this site: a single leading slash, so no other host, and no control characters.
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
MAX_PATH = 2_000
#: Aims of the pages below a researcher that need an account, and the first part of all other such paths.
AIMS = {"claim": "claim", "invite": "collaborate"}
FOR_ACCOUNTS = ("account", "admin", "feed", "inbox")


#: Problems that are shown on the page of the form; all others have an error page.
SHOWN_ON_PAGE = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


#: Characters of a query string that is kept through a log-in; a pasted abstract is too long.
LONGEST_QUERY = 1_500


class NextArgs(Args):
    """The page to go back to."""

    next = fields.String(load_default="", validate=validate.Length(max=MAX_PATH))


def here_path() -> str:
    """Return the path and query of this page, to come back to; `/` for a form's response and for the log-in page."""
    is_page = (
        request.method in {"GET", "HEAD"} and request.url_rule is not None and "token" not in (request.view_args or {})
    )
    if not is_page or request.endpoint == "accounts.login":
        return "/"
    query = request.query_string.decode("ascii", "replace")
    path = listing.path()
    return f"{path}?{query}" if 0 < len(query) < LONGEST_QUERY else path


def own_path(given: str, otherwise: str = "/") -> str:
    """Return a path of this site as it is; for anything else `otherwise`."""
    return given if _LOCAL.fullmatch(given) else otherwise


def readable(address: str) -> tuple[str, str | None]:
    """Return the page to return to without a log-in, and the aim of a path of this site, if any.

    From a page for people with an account its form would only lead to the log-in again.
    """
    plain = address.partition("?")[0]
    page, _, step = plain.rpartition("/")
    if page.startswith("/researchers/") and step in AIMS:
        return page, AIMS[step]
    return ("/" if plain.split("/")[1] in FOR_ACCOUNTS else address), None


def read(schema: Schema) -> dict[str, Any]:
    """Return the checked form of this request. Raises Problem (422) with a message for people."""
    given = {name: value for name, value in request.form.items() if name != FIELD}
    for name, field in schema.fields.items():
        if isinstance(field, fields.List) and name in given:
            given[name] = request.form.getlist(name)  # type: ignore[assignment]
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        messages = {name: list(flat(texts)) for name, texts in error.messages_dict.items()}
        detail = " ".join(f"{_label(name, error)}: {' '.join(texts)}" for name, texts in messages.items())
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, messages) from error
    return loaded


def _label(name: str, error: ValidationError) -> str:
    """Return a form field's name as a reader sees it; with the line where one line of several is wrong."""
    label = name.replace("_", " ").capitalize()
    where = error.messages_dict[name]
    lines = [position + 1 for position in where if isinstance(position, int)] if isinstance(where, dict) else []
    return f"{label} (line {', '.join(map(str, lines))})" if lines else label


def form(
    schema: type[Schema],
    back: str | Callable[..., str] = "accounts.account",
    scope: str = "account",
    *,
    again: str = "",
) -> Callable[[Callable[..., str | Response | None]], Callable[..., Response]]:
    """Make a view of POST of a function that names the parameters it uses: `actor`, `given`, variables of the path.

    `given` is the checked form. The function returns a sentence to show on the page `back` (an endpoint, or a function
    that returns the address for the form and the path's variables), None for none, or a response. A problem is shown
    there too; or, with `again`, on the page of that name, which shows the form as it was filled in (see `typed`).
    """
    form_schema = schema()

    def decorate(function: Callable[..., str | Response | None]) -> Callable[..., Response]:
        names = inspect.signature(function).parameters

        @wraps(function)
        def view(**path: Any) -> Response:
            actor = require_scope(scope)
            given: dict[str, Any] = {}
            try:
                given = read(form_schema)
                values = {"actor": actor, "given": given, **path}
                result = function(**{name: value for name, value in values.items() if name in names})
                if isinstance(result, str):
                    flash(result, "done")
                elif result is not None:
                    return result
            except Problem as problem:
                if problem.status not in SHOWN_ON_PAGE:
                    raise
                if again:
                    return shown_again(again, problem, **path)
                flash(problem.detail, "wrong")
            address = url_for(back) if isinstance(back, str) else back(given, **path)
            return redirect(address, HTTPStatus.SEE_OTHER)

        return view

    return decorate


def shown_again(page: str, problem: Problem, **path: Any) -> Response:
    """Return the page with the refused form as the response: what is wrong, and the form as it was filled in."""
    flash(problem.detail, "wrong")
    g.refused = request.endpoint
    takes = next(current_app.url_map.iter_rules(page)).arguments
    view = current_app.view_functions[page]
    answer = make_response(view(**{name: value for name, value in path.items() if name in takes}))
    answer.status_code = problem.status
    answer.headers.update(problem.headers)
    return answer


def refused_here(endpoint: str, **path: Any) -> bool:
    """Return whether this page is shown for a refused form of an endpoint with these path variables."""
    given = request.view_args or {}
    return g.get("refused") == endpoint and all(given.get(name) == value for name, value in path.items())


def typed(endpoint: str, name: str, otherwise: str | None = "", **path: Any) -> str:
    """Return the value of a field: what was typed if the form of this endpoint was refused, else `otherwise`."""
    return request.form.get(name, "") if refused_here(endpoint, **path) else otherwise or ""


def typed_all(endpoint: str, name: str) -> list[str]:
    """Return the ticked values if the form of this endpoint was refused."""
    return request.form.getlist(name) if refused_here(endpoint) else []


def notices() -> list[tuple[str, str]]:
    """Return the messages of the previous request, each with its kind, `done` or `wrong`."""
    found: Any = get_flashed_messages(with_categories=True)
    g.private = g.get("private", False) or bool(found)
    return list(found)

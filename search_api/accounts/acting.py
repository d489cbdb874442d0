"""Forms that do something to one thing and lead back to its page, where it is said what came of it."""

from __future__ import annotations

from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import flash, redirect

from search_api.accounts.forms import read, shown_again
from search_api.accounts.who import admin, needed
from search_api.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from marshmallow import Schema
    from werkzeug.wrappers import Response

#: What is told on the page that the form stood on; anything else has a page of its own.
TOLD = {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS}


def acting(
    schema: type[Schema], scope: str, back: Callable[..., str], *, again: str = ""
) -> Callable[[Callable[..., str | None]], Callable[..., Response]]:
    """Make a view of POST of a function that takes `actor`, the checked form, and the path's variables.

    It gives a sentence to show on the page whose address `back` gives for the path's variables and the form.
    What is refused is told there too; or, with `again`, on the page of that name, with the form as it was filled in.
    """
    takes = schema()

    def decorate(function: Callable[..., str | None]) -> Callable[..., Response]:
        @wraps(function)
        def view(**path: Any) -> Response:
            actor = admin() if scope == "admin" else needed(scope)
            form: dict[str, Any] = {}
            try:
                form = read(takes)
                if done := function(actor, form, **path):
                    flash(done, "done")
            except Problem as problem:
                if problem.status not in TOLD:
                    raise
                if again:
                    return shown_again(again, problem, **path)
                flash(problem.detail, "wrong")
            return redirect(back(form, **path), HTTPStatus.SEE_OTHER)

        return view

    return decorate

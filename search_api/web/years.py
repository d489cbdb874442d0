"""Spans of years as people type them into a page, and the error for one that cannot be meant."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urlencode

from flask import request

from search_api.http.errors import Problem
from search_api.retrieval.filters import span_problem
from search_api.retrieval.listing import path

#: `2015 to 2017`, with any kind of dash, `2015..2017`, `from 2015`, `since 2015`, `until 2017`.
_BETWEEN = r"(?:-|\u2013|\u2014|\u2212|\.\.+|\u2026|to|until|till|/)"
_SPAN = re.compile(rf"(\d{{4}}) ?{_BETWEEN} ?(\d{{4}})?", re.IGNORECASE)
_FROM = re.compile(r"(?:from|since) (\d{4})", re.IGNORECASE)
_UNTIL = re.compile(rf"{_BETWEEN} ?(\d{{4}})", re.IGNORECASE)

#: Parameters that are years or spans of them.
SPANS = ("published", "year")


def spelled(text: str) -> str:
    """Return a span of years in the spelling of the API, such as `2015-2017`; other text unchanged."""
    mark, years = ("!", text[1:]) if text.startswith("!") else ("", text)
    years = " ".join(years.split())
    if match := _SPAN.fullmatch(years):
        return f"{mark}{match[1]}-{match[2] or ''}"
    if match := _FROM.fullmatch(years):
        return f"{mark}{match[1]}-"
    if match := _UNTIL.fullmatch(years):
        return f"{mark}-{match[1]}"
    return text


def respelled_address() -> str | None:
    """Return the URL of this page with its years in the spelling of the API; None if they have it.

    Raises Problem (400) for a span that ends before it begins.
    """
    pairs = [(name, spelled(value) if name in SPANS else value) for name, value in request.args.items(multi=True)]
    for name, value in pairs:
        if name in SPANS and (words := span_problem(value.removeprefix("!"))):
            raise Problem(HTTPStatus.BAD_REQUEST, words, {name: [words]}, for_readers=words)
    return f"{path()}?{urlencode(pairs)}" if pairs != list(request.args.items(multi=True)) else None

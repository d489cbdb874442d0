"""URLs of the current page with one parameter changed: the links of facets, chips, sort choices and the pager."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import g, request, url_for

from search_api.http.paging import WINDOW
from search_api.http.services import services
from search_api.retrieval.listing import path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.retrieval.filters import Filter

Pair = tuple[str, str]

#: Parameters for the position in a list, which a changed list resets.
POSITION = ("page", "cursor")


@dataclass(frozen=True)
class Chip:
    """An active filter value in words, and the URL that removes it."""

    words: str
    href: str


def kept(*names: str) -> list[Pair]:
    """Return this request's parameters except `names`, empty ones and the position: the hidden fields of a form."""
    dropped = {*names, *POSITION}
    return [(name, value) for name, value in request.args.items(multi=True) if value.strip() and name not in dropped]


def _here(pairs: Iterable[Pair]) -> str:
    query = urlencode(list(pairs))
    return f"{path()}?{query}" if query else path()


def setting(name: str, value: object) -> str:
    """Return the URL with a parameter set to one value; None removes it."""
    return _here([*kept(name), *([(name, str(value))] if value is not None else [])])


def page_numbers(page: int, last: int, per_page: int) -> list[int | None]:
    """Return the pages that a pager links: first, last that can be read, and those around `page`; None for gaps.

    A gap of one page is filled.
    """
    last = min(last, WINDOW // per_page)
    shown = sorted({1, last, *range(max(1, page - 1), min(last, page + 1) + 1)})
    numbers: list[int | None] = []
    for before, number in pairwise([0, *shown]):
        if number - before == 2:
            numbers.append(number - 1)
        elif number - before > 2:
            numbers.append(None)
        numbers.append(number)
    return numbers


def leaving_out(names: Iterable[str]) -> str:
    """Return the URL without these parameters."""
    return _here(kept(*names))


def adding(name: str, value: str) -> str:
    """Return the URL with one more value of a filter."""
    # What all of them have in common takes most of the time, and a page with six facets has a hundred.
    if "address_with_filters" not in g:
        g.address_with_filters = _here(kept())
    address: str = g.address_with_filters
    return f"{address}{'&' if '?' in address else '?'}{urlencode([(name, value)])}"


def replacing(dropped: Iterable[str], added: Pair) -> str:
    """Return the URL without the parameters `dropped`, and with one more value; the position starts over."""
    pairs = kept(*dropped)
    return _here(pairs if added in pairs else [*pairs, added])


def removing(name: str, value: str) -> str:
    """Return the URL without one value of a repeated parameter."""
    return _here(pair for pair in kept() if pair != (name, value))


def without(name: str, value: str, normalize: Callable[[str], str] = str) -> str:
    """Return the URL without one value of a filter, whatever its spelling in the request."""

    def stored(given: str) -> str:
        mark = "!" if given.startswith("!") else ""
        return mark + normalize(given.removeprefix("!").strip())

    return _here((kind, given) for kind, given in kept() if kind != name or stored(given.strip()) != value)


def toggling(name: str, value: Mapping[str, Any]) -> str:
    """Return the URL that selects a facet's value, or removes it if it is selected.

    A year that is selected as part of a span cannot be removed from it and replaces the span.
    """
    key: str = value["key"]
    if not value["is_selected"]:
        return adding(name, key)
    return without(name, key) if (name, key) in kept() else setting(name, key)


def twin(endpoint: str, **more: str) -> str:
    """Return the URL of the API endpoint with the same parameters, plus `more`."""
    base = url_for(endpoint)
    query = urlencode([*((name, value) for name, value in request.args.items(multi=True) if value), *more.items()])
    return f"{base}?{query}" if query else base


def chips(filters: Sequence[Filter], facets: Mapping[str, Any]) -> list[Chip]:
    """Return a chip for each value of the filters, labelled as in its facet."""
    result = []
    for filter_ in filters:
        labels = _labels(filter_, facets.get(filter_.name, []))
        for value in filter_.wanted:
            words = _flag_words(replace(filter_, wanted=(labels.get(value, value),), excluded=()).sentence())
            result.append(Chip(words, without(filter_.name, value, filter_.field.normalize)))
        for value in filter_.excluded:
            words = replace(filter_, wanted=(), excluded=(labels.get(value, value),)).sentence()
            result.append(Chip(words, without(filter_.name, f"!{value}", filter_.field.normalize)))
    return result


def _flag_words(sentence: str) -> str:
    """Return the sentence of a flag as a reader expects it: `retracted` for `retracted true`, else `retracted: no`."""
    if sentence.endswith(" false"):
        return sentence.removesuffix(" false") + ": no"
    return sentence.removesuffix(" true")


def _labels(filter_: Filter, values: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the labels of a filter's values, from the facet's values or else from the index of names."""
    labels = {value["key"]: value["label"] for value in values}
    index = filter_.field.facet.names if filter_.field.facet else None
    missing = [value for value in filter_.wanted + filter_.excluded if value not in labels]
    if index and missing:
        labels |= services().labels(services().names.name(index), missing)
    return labels

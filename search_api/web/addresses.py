"""Addresses of the page at hand with one thing changed: what facets, chips, sort links and the pager point to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import request, url_for

from search_api.http.services import services
from search_api.retrieval.listing import path
from search_api.web.formatting import facet_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.retrieval.filters import Filter

Pair = tuple[str, str]

#: Where one is in a list; another list begins at its first page.
POSITION = ("page", "cursor")


@dataclass(frozen=True)
class Chip:
    """A filter value that is in force, in words, and the address without it."""

    words: str
    href: str


def kept(*names: str) -> list[Pair]:
    """Return the parameters of this request but those named, empty ones and the position: a form's hidden fields."""
    dropped = {*names, *POSITION}
    return [(name, value) for name, value in request.args.items(multi=True) if value.strip() and name not in dropped]


def _here(pairs: Iterable[Pair]) -> str:
    query = urlencode(list(pairs))
    return f"{path()}?{query}" if query else path()


def setting(name: str, value: object) -> str:
    """Return the address with a parameter set to one value, or taken away by None."""
    return _here([*kept(name), *([(name, str(value))] if value is not None else [])])


def leaving_out(names: Iterable[str]) -> str:
    """Return the address without these parameters."""
    return _here(kept(*names))


def adding(name: str, value: str) -> str:
    """Return the address with one more value of a filter."""
    return _here([*kept(), (name, value)])


def without(name: str, value: str, spelled: Callable[[str], str] = str) -> str:
    """Return the address without one value of a filter, in whatever spelling it stands there."""

    def stored(given: str) -> str:
        mark = "!" if given.startswith("!") else ""
        return mark + spelled(given.removeprefix("!").strip())

    return _here((kind, given) for kind, given in kept() if kind != name or stored(given.strip()) != value)


def toggling(name: str, value: Mapping[str, Any]) -> str:
    """Return the address that a facet's value leads to: chosen when it is not, and the other way round.

    A year that is chosen as part of a span cannot be taken out of it; it takes the span's place.
    """
    key: str = value["key"]
    if not value["is_selected"]:
        return adding(name, key)
    return without(name, key) if (name, key) in kept() else setting(name, key)


def twin(endpoint: str, **more: str) -> str:
    """Return the address of the JSON that says what this page says."""
    base = url_for(endpoint)
    query = urlencode([*((name, value) for name, value in request.args.items(multi=True) if value), *more.items()])
    return f"{base}?{query}" if query else base


def chips(asked: Sequence[Filter], facets: Mapping[str, Any]) -> list[Chip]:
    """Return a chip for each filter value, called what its facet calls it."""
    found = []
    for one in asked:
        labels = _labels(one, facets.get(one.name, []))
        for value in one.wanted:
            words = replace(one, wanted=(labels.get(value, value),), excluded=()).sentence()
            found.append(Chip(words, without(one.name, value, one.field.normalize)))
        for value in one.excluded:
            words = replace(one, wanted=(), excluded=(labels.get(value, value),)).sentence()
            found.append(Chip(words, without(one.name, f"!{value}", one.field.normalize)))
    return found


def _labels(one: Filter, shown: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of a filter's values: those its facet shows, and those of the index for values it does not."""
    labels = {value["key"]: facet_label(value, one.name) for value in shown}
    index = one.field.facet.names if one.field.facet else None
    missing = [value for value in one.wanted + one.excluded if value not in labels]
    if index and missing:
        labels |= services().labels(getattr(services().names, index), missing)
    return labels

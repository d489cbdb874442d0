"""Filters as data: one table for each entity says what can be filtered, and all else follows from it.

A filter is a plain parameter: repeated for OR, different ones are AND, a leading `!` negates. From one `Filter` come
the OpenSearch clause, the sentence that a person reads, and the selection that a facet shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Clause = dict[str, Any]

_YEARS = re.compile(r"^(?:(\d{4})|(\d{4})?-(\d{4})?)$")


@dataclass(frozen=True)
class Field:
    """One thing that can be filtered by: how its values become a clause, and words for people and for the docs."""

    clause: Callable[[str], Clause]
    label: str
    description: str
    spelled: Callable[[str], str] = str
    """Return the stored spelling of a value, for ids that people write in several ways."""


@dataclass(frozen=True)
class Filter:
    """The values asked for under one parameter; those with `!` are in `excluded`."""

    name: str
    field: Field
    wanted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def clause(self) -> Clause:
        """Return the OpenSearch query that holds for what passes the filter."""
        parts: Clause = {}
        if self.wanted:
            parts["filter"] = [{"bool": {"should": [self.field.clause(value) for value in self.wanted]}}]
        if self.excluded:
            parts["must_not"] = [self.field.clause(value) for value in self.excluded]
        return {"bool": parts}

    def selects(self, key: str) -> bool:
        """Return whether a facet's key is among the values wanted; for years, whether it lies in a span that is."""
        if self.field.clause is not year:
            return key in self.wanted
        return any(_covers(year(value), int(key)) for value in self.wanted)

    def sentence(self) -> str:
        """Say the filter in words: `year 2015-2020 or 2024, not 2016`."""
        words = " or ".join(self.wanted)
        if self.excluded:
            words = ", ".join([*([words] if words else []), "not " + " or ".join(self.excluded)])
        return f"{self.field.label} {words}"


def term(path: str) -> Callable[[str], Clause]:
    """Match a value of a keyword field as it stands."""
    return lambda value: {"term": {path: value}}


def year(value: str) -> Clause:
    """Match `2019`, `2015-2020`, `2015-` or `-2010`. Raises ValueError for anything else."""
    match = _YEARS.match(value.strip())
    if not match or value.strip() == "-":
        raise ValueError("A year is 2019, a span 2015-2020, 2015- or -2010.")
    if match[1]:
        return {"term": {"year": int(match[1])}}
    bounds = {"gte": match[2], "lte": match[3]}
    return {"range": {"year": {side: int(bound) for side, bound in bounds.items() if bound}}}


def _covers(clause: Clause, number: int) -> bool:
    if "term" in clause:
        return bool(clause["term"]["year"] == number)
    bounds = clause["range"]["year"]
    return bool(bounds.get("gte", number) <= number <= bounds.get("lte", number))


def flag(path: str) -> Callable[[str], Clause]:
    """Match a boolean field; raises ValueError for what is neither true nor false."""

    def clause(value: str) -> Clause:
        words = {"true": True, "1": True, "false": False, "0": False}
        if value.lower() not in words:
            raise ValueError("Either true or false.")
        return {"term": {path: words[value.lower()]}}

    return clause


def parse(fields: Mapping[str, Field], values: Mapping[str, Sequence[str]]) -> list[Filter]:
    """Return the filters that are asked for. Raises Problem (400) with one message for each value that cannot be."""
    filters = [
        Filter(
            name,
            field,
            wanted=tuple(field.spelled(value.strip()) for value in values[name] if not value.startswith("!")),
            excluded=tuple(field.spelled(value[1:].strip()) for value in values[name] if value.startswith("!")),
        )
        for name, field in fields.items()
        if values.get(name)
    ]
    errors = {one.name: messages for one in filters if (messages := list(_complaints(one)))}
    if errors:
        raise Problem(HTTPStatus.BAD_REQUEST, f"These filters cannot be used: {', '.join(errors)}.", errors)
    return filters


def _complaints(one: Filter) -> Iterable[str]:
    for value in one.wanted + one.excluded:
        try:
            one.field.clause(value)
        except ValueError as error:
            yield f"{value[:100]!r}: {error}"


def clauses(filters: Iterable[Filter], without: str | None = None) -> list[Clause]:
    """Return the clauses of all filters, leaving out the one of the facet that is being counted."""
    return [one.clause() for one in filters if one.name != without]

"""Fields that lists can be filtered by, counted by and sorted by, declared once per entity.

A table such as `works.fields.FIELDS` declares each field; the parameters of the API, the OpenSearch clauses, the
facets, the sentences on pages and the documentation derive from it. A filter is a query parameter: repeated values are
OR, different parameters AND, and a leading `!` negates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from marshmallow import Schema

from search_api.http.args import Repeated
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Clause = dict[str, Any]

#: Values per facet; years are returned in full.
FACET_SIZE = 20
MAX_YEARS = 200

_YEARS = re.compile(r"^(?:(\d{4})|(\d{4})?-(\d{4})?)$")


@dataclass(frozen=True)
class Facet:
    """How the values of a field are counted.

    `path` is the stored field. `names` is the index that holds the names of its ids (`topics`); without it, `label`
    makes the label from the key. `is_ordered` sorts by key, newest first, and returns all keys.
    """

    path: str
    names: str | None = None
    label: Callable[[str], str] = str
    is_ordered: bool = False

    def aggregation(self) -> Clause:
        """Return the OpenSearch aggregation."""
        if self.is_ordered:
            return {"terms": {"field": self.path, "size": MAX_YEARS, "order": {"_key": "desc"}}}
        return {"terms": {"field": self.path, "size": FACET_SIZE}}


@dataclass(frozen=True)
class Field:
    """A field that can be filtered by and, with a `facet`, counted.

    `label` names it in sentences ("topic Machine Learning"), `title` above its facet. `clause` turns a value into an
    OpenSearch clause and raises ValueError for one that cannot be used. `normalize` returns the stored spelling of a
    value, for ids that have several.
    """

    label: str
    description: str
    clause: Callable[[str], Clause]
    normalize: Callable[[str], str] = str
    facet: Facet | None = None
    pattern: str | None = None

    @property
    def title(self) -> str:
        """The label as a heading."""
        return self.label[:1].upper() + self.label[1:]


@dataclass(frozen=True)
class Sort:
    """An order of a list. Every order is total: it ends on `id`. Pages offer those with a `label`."""

    order: list[Clause]
    label: str | None = None


@dataclass(frozen=True)
class Filter:
    """The values given for one parameter; those with `!` are in `excluded`."""

    name: str
    field: Field
    wanted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def clause(self) -> Clause:
        """Return the OpenSearch clause that matches what passes the filter."""
        parts: Clause = {}
        if self.wanted:
            parts["filter"] = [{"bool": {"should": [self.field.clause(value) for value in self.wanted]}}]
        if self.excluded:
            parts["must_not"] = [self.field.clause(value) for value in self.excluded]
        return {"bool": parts}

    def selects(self, key: str) -> bool:
        """Return whether a facet's key is among the values wanted; for years, whether one of them covers it."""
        if self.field.clause is not year:
            return key in self.wanted
        return any(_covers(year(value), int(key)) for value in self.wanted)

    def sentence(self) -> str:
        """Return the filter in words: `year 2015-2020 or 2024, not 2016`."""
        words = " or ".join(self.wanted)
        if self.excluded:
            words = ", ".join([*([words] if words else []), "not " + " or ".join(self.excluded)])
        return f"{self.field.label} {words}"


def term(path: str) -> Callable[[str], Clause]:
    """Return a clause builder that matches a value of a keyword field exactly."""
    return lambda value: {"term": {path: value}}


#: Values of a flag as OpenAPI describes them: empty ones count as absent, `!` excludes.
FLAG = r"^(!?([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|1|0))?$"


def flag(path: str) -> Callable[[str], Clause]:
    """Return a clause builder for a boolean field, which raises ValueError for other values."""

    def clause(value: str) -> Clause:
        values = {"true": True, "1": True, "false": False, "0": False}
        if value.lower() not in values:
            raise ValueError("Use true or false.")
        return {"term": {path: values[value.lower()]}}

    return clause


def year(value: str) -> Clause:
    """Return the clause for `2019`, `2015-2020`, `2015-` or `-2010`. Raises ValueError for anything else."""
    match = _YEARS.match(value.strip())
    if not match or value.strip() == "-":
        raise ValueError("Use 2019, 2015-2020, 2015- or -2010.")
    if problem := span_problem(value):
        raise ValueError(problem)
    if match[1]:
        return {"term": {"year": int(match[1])}}
    bounds = {"gte": match[2], "lte": match[3]}
    return {"range": {"year": {side: int(bound) for side, bound in bounds.items() if bound}}}


def span_problem(value: str) -> str | None:
    """Return what is wrong with a span of years that ends before it begins; None for any other value."""
    match = _YEARS.match(value.strip())
    if not match or not match[2] or not match[3] or match[2] <= match[3]:
        return None
    return f"The years {match[2]} to {match[3]} end before they begin. Did you mean {match[3]}-{match[2]}?"


def _covers(clause: Clause, number: int) -> bool:
    if "term" in clause:
        return bool(clause["term"]["year"] == number)
    bounds = clause["range"]["year"]
    return bool(bounds.get("gte", number) <= number <= bounds.get("lte", number))


def facet_names(fields: Mapping[str, Field]) -> tuple[str, ...]:
    """Return the names of the fields that have a facet, in the order of the table."""
    return tuple(name for name, field in fields.items() if field.facet)


def filter_args(fields: Mapping[str, Field]) -> type[Schema]:
    """Return a schema with one repeatable parameter for each field."""
    return Schema.from_dict(
        {name: Repeated(field.pattern, metadata={"description": field.description}) for name, field in fields.items()}
    )


def parse(fields: Mapping[str, Field], values: Mapping[str, Sequence[str]]) -> list[Filter]:
    """Return the filters that the parameters ask for. Raises Problem (400) with a message for each invalid value."""
    filters = [
        Filter(
            name,
            field,
            wanted=tuple(field.normalize(value.strip()) for value in values[name] if not value.startswith("!")),
            excluded=tuple(field.normalize(value[1:].strip()) for value in values[name] if value.startswith("!")),
        )
        for name, field in fields.items()
        if values.get(name)
    ]
    errors = {filter_.name: messages for filter_ in filters if (messages := list(_errors(filter_)))}
    if errors:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            f"Invalid filters: {', '.join(errors)}.",
            errors,
            for_readers=" ".join(
                f"The filter “{fields[name].label}” does not understand {' '.join(messages)}"
                for name, messages in errors.items()
            ),
        )
    return filters


def _errors(filter_: Filter) -> Iterator[str]:
    for value in filter_.wanted + filter_.excluded:
        try:
            filter_.field.clause(value)
        except ValueError as error:
            yield f"{value[:100]!r}: {error}"


def clauses(filters: Iterable[Filter], without: str | None = None) -> list[Clause]:
    """Return the clauses of all filters except `without`, the field whose facet is being counted."""
    return [filter_.clause() for filter_ in filters if filter_.name != without]

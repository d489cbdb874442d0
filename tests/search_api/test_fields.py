"""The tables of fields agree with what is stored: a filter or facet on a field that does not exist matches nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from mappings import IndexNames
from mappings.indices import load
from search_api.researchers import fields as researchers
from search_api.retrieval import browse
from search_api.works import fields as works

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from search_api.retrieval.filters import Field, Sort

TABLES = {"works": works.FIELDS, "researchers": researchers.FIELDS}
ORDERS = {
    "works": works.SORTS,
    "researchers": researchers.SORTS,
    "topics": browse.SORTS,
    "institutions": browse.SORTS,
}
VALUES = ("2019", "true", "1", "x")


def paths(properties: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and type of every stored field."""
    for name, field in properties.items():
        yield prefix + name, field.get("type", "object")
        for inner in ("properties", "fields"):
            yield from paths(field.get(inner, {}), f"{prefix}{name}.")


def accepted(field: Field) -> dict[str, Any]:
    """Return the clause of the first value that a field accepts."""
    for value in VALUES:
        try:
            return field.clause(value)
        except ValueError:
            continue
    raise AssertionError(field.label)


@pytest.mark.parametrize("kind", TABLES)
def test_filters_and_facets_are_on_stored_fields(kind: str) -> None:
    stored = dict(paths(load(kind)["properties"]))
    for name, field in TABLES[kind].items():
        clause = json.dumps(accepted(field))
        used = re.findall(r'\{"(?:term|range)": \{"([\w.]+)"', clause)
        assert used, name
        assert all(stored[path] not in {"text", "object"} for path in used), name
        if field.facet:
            assert stored[field.facet.path] not in {"text", "object"}, name
            assert field.facet.names is None or IndexNames("t-").name(field.facet.names)


@pytest.mark.parametrize("kind", ORDERS)
def test_orders_are_on_stored_fields_and_total(kind: str) -> None:
    stored = dict(paths(load(kind)["properties"])) | {"_score": "float"}
    orders: dict[str, Sort] = ORDERS[kind]
    for name, sort in orders.items():
        assert all(stored[path] not in {"text", "object"} for criterion in sort.order for path in criterion), name
        assert sort.order[-1] == {"id": "asc"}

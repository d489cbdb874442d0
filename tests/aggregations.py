"""Aggregations as a pretended OpenSearch answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def without_buckets(aggregations: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to aggregations over no documents, those inside a filter included."""
    return {
        name: without_buckets(asked["aggs"]) if "filter" in asked else {"buckets": {} if "filters" in asked else []}
        for name, asked in aggregations.items()
    }

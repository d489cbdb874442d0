"""Request bodies for institutions; pure functions, tested without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.retrieval.browse import LEADING, YEARS

if TYPE_CHECKING:
    from collections.abc import Sequence

Body = dict[str, Any]

#: People on an institution's works who are looked at to find its own: the others come from elsewhere.
CANDIDATES = 500


def inside(institution_id: str) -> Body:
    """Return the request that counts what an institution's works hold: years, people, topics."""
    return {
        "size": 0,
        "query": {"bool": {"filter": [{"term": {"institutions.id": institution_id}}]}},
        "aggs": {
            "years": YEARS,
            "people": {"terms": {"field": "researchers.id", "size": CANDIDATES}},
            "topics": {"terms": {"field": "topics.id", "size": LEADING}},
        },
    }


def own_people(institution_id: str, ids: Sequence[str]) -> Body:
    """Return the request for those of `ids` who are at the institution themselves, not only on works with it."""
    return {
        "size": len(ids),
        "query": {"bool": {"filter": [{"terms": {"id": list(ids)}}, {"term": {"institutions.id": institution_id}}]}},
        "_source": ["id"],
    }


def headcount(institution_ids: Sequence[str]) -> Body:
    """Return the request that counts the researchers of each institution."""
    ids = list(institution_ids)
    return {
        "size": 0,
        "query": {"bool": {"filter": [{"terms": {"institutions.id": ids}}]}},
        "aggs": {"at": {"terms": {"field": "institutions.id", "include": ids, "size": len(ids)}}},
    }

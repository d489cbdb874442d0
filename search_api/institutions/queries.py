"""Request bodies for institutions; pure functions, tested without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.retrieval.browse import LEADING, YEARS

if TYPE_CHECKING:
    from collections.abc import Sequence

Body = dict[str, Any]

#: Institutions of one name that are compared with an id made from it.
NAMESAKES = 20
#: Researchers on an institution's works among whom its own are found; the others are co-authors from elsewhere.
CANDIDATES = 500


def named(words: str) -> Body:
    """Return the request for institutions whose name has all these words."""
    return {
        "size": NAMESAKES,
        "query": {"match": {"name": {"query": words, "operator": "and"}}},
        "sort": [{"works_count": "desc"}, "id"],
        "_source": {"excludes": ["indexed_at"]},
    }


def works_of(institution_id: str) -> Body:
    """Return the request that counts the works of an institution by year, researcher and topic."""
    return {
        "size": 0,
        "query": {"bool": {"filter": [{"term": {"institutions.id": institution_id}}]}},
        "aggs": {
            "years": YEARS,
            "researchers": {"terms": {"field": "researchers.id", "size": CANDIDATES}},
            "topics": {"terms": {"field": "topics.id", "size": LEADING}},
        },
    }


def affiliated(institution_id: str, ids: Sequence[str]) -> Body:
    """Return the request for those of these researchers who are affiliated with the institution themselves."""
    return {
        "size": len(ids),
        "query": {"bool": {"filter": [{"terms": {"id": list(ids)}}, {"term": {"institutions.id": institution_id}}]}},
        "_source": ["id"],
    }


def headcount(institution_ids: Sequence[str]) -> Body:
    """Return the request that counts the affiliated researchers of each institution."""
    ids = list(institution_ids)
    return {
        "size": 0,
        "query": {"bool": {"filter": [{"terms": {"institutions.id": ids}}]}},
        "aggs": {"institutions": {"terms": {"field": "institutions.id", "include": ids, "size": len(ids)}}},
    }

"""Request bodies for works; pure functions, tested without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mappings import institution_id
from search_api import filters, ranking
from search_api.facets import Facet
from search_api.filters import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

Body = dict[str, Any]

FILTERS = {
    "topic": Field(filters.term("topics.id"), "topic", "Topic id, such as `cs.LG`."),
    "assigned_topic": Field(filters.term("assigned_topics.id"), "assigned topic", "Id of a topic drawn from the text."),
    "researcher": Field(filters.term("researchers.id"), "researcher", "Researcher id, a source's id, or an ORCID iD."),
    "institution": Field(
        filters.term("institutions.id"), "institution", "Institution id, or its ROR id.", institution_id
    ),
    "venue": Field(filters.term("venue"), "venue", "Venue, as printed."),
    "type": Field(filters.term("type"), "type", "Type of work, such as `preprint`."),
    "source": Field(filters.term("source"), "source", "Where the record comes from."),
    "language": Field(filters.term("language"), "language", "Language code, such as `en`."),
    "year": Field(filters.year, "year", "`2019`, `2015-2020`, `2015-` or `-2010`."),
    "has_abstract": Field(filters.flag("has_abstract"), "has abstract", "`true` or `false`."),
}

FACETS = {
    "topic": Facet("topics.id", labels="topics"),
    "year": Facet("year", by_key=True),
    "venue": Facet("venue"),
    "researcher": Facet("researchers.id", labels="researchers"),
    "institution": Facet("institutions.id", labels="institutions"),
    "type": Facet("type"),
}

#: Every order is total: what ties ends on `id`.
SORTS: dict[str, list[Body]] = {
    "relevance": [{"_score": "desc"}, {"id": "asc"}],
    "newest": [{"year": {"order": "desc", "missing": "_last"}}, {"title.sort": "asc"}, {"id": "asc"}],
    "oldest": [{"year": {"order": "asc", "missing": "_last"}}, {"title.sort": "asc"}, {"id": "asc"}],
    # As `newest`, but within a year by the day.
    "latest": [
        {"year": {"order": "desc", "missing": "_last"}},
        {"date": {"order": "desc", "missing": "_last"}},
        {"id": "asc"},
    ],
    "title": [{"title.sort": "asc"}, {"id": "asc"}],
    "most_cited": [{"cited_by_count": {"order": "desc", "missing": "_last"}}, {"id": "asc"}],
}

SOURCE = {"excludes": ["embedding", "embedding_model", "content_hash", "indexed_at", "has_abstract", "assigned_by"]}

#: Words of a query that take part in a keyword search. OpenSearch refuses more than 1,024 clauses, and each word makes
#: one for each field.
MAX_WORDS = 200


def keyword(text: str) -> Body:
    """Give the keyword clause: title and abstract as if one field, the title counting twice; or an author's name."""
    words = " ".join(text.split()[:MAX_WORDS])
    body = {"multi_match": {"query": words, "type": "cross_fields", "fields": ["title^2", "abstract"]}}
    author = {"match": {"researchers.name": {"query": words, "boost": 0.5}}}
    return {"bool": {"should": [body, author]}}


def more_like(index: str, work_id: str) -> Body:
    """Give the keyword clause for works like one that is indexed: by its own most telling words."""
    like = {"_index": index, "_id": work_id}
    return {"more_like_this": {"fields": ["title", "abstract"], "like": [like], **ranking.TELLING}}


def query(
    mode: str, text: str | None, vector: NDArray[np.float32] | None, clauses: list[Body], *, fused: bool = True
) -> Body:
    """Give the query for a mode: without `text` all that passes the filters, without `vector` by keyword.

    `fused=False` gives, in hybrid mode, the same works without their fused score, for other sorts.
    """
    if not text:
        return {"bool": {"filter": clauses or [{"match_all": {}}]}}
    if mode == "keyword" or vector is None:
        return {"bool": {"must": [keyword(text)], "filter": clauses}}
    if mode == "semantic":
        return ranking.knn(vector, clauses)
    combine = ranking.hybrid if fused else ranking.either
    return combine(keyword(text), ranking.knn(vector, clauses), clauses)


def highlight() -> Body:
    """Give the highlight part: the whole title, the three best passages of the abstract, as escaped HTML."""
    return {
        "encoder": "html",
        "pre_tags": ["<mark>"],
        "post_tags": ["</mark>"],
        "fields": {"title": {"number_of_fragments": 0}, "abstract": {"number_of_fragments": 3, "fragment_size": 200}},
    }


def only(ids: Sequence[str]) -> Body:
    """Give the clause that holds for these works alone."""
    return {"terms": {"id": list(ids)}}


def not_these(ids: Sequence[str]) -> Body:
    """Give the clause that holds for all works but these."""
    return {"bool": {"must_not": [only(ids)]}}

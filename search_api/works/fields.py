"""Fields of works that lists can be filtered by, counted by and sorted by.

To add a facet: map and store the field (mappings/works.json, the document builder), then add a line here.
"""

from __future__ import annotations

from mappings import institution_id, topic_id
from search_api.retrieval.filters import FLAG, Facet, Field, Sort, facet_names, flag, term, year

FIELDS = {
    "id": Field("work", "Id of a work, such as one of a selection.", term("id")),
    "topic": Field(
        "topic", "Topic id, such as `cs.LG`.", term("topics.id"), topic_id, Facet("topics.id", names="topics")
    ),
    "year": Field("year", "`2019`, `2015-2020`, `2015-` or `-2010`.", year, facet=Facet("year", is_ordered=True)),
    "researcher": Field(
        "researcher",
        "Researcher id, a source's id, or an ORCID iD.",
        term("researchers.id"),
        facet=Facet("researchers.id", names="researchers"),
    ),
    "venue": Field("venue", "Venue, as printed.", term("venue"), facet=Facet("venue")),
    "type": Field("type", "Type of work, such as `preprint`.", term("type"), facet=Facet("type")),
    "institution": Field(
        "institution",
        "Institution id, or its ROR id.",
        term("institutions.id"),
        institution_id,
        Facet("institutions.id", names="institutions"),
    ),
    "assigned_topic": Field(
        "suggested topic",
        "Id of a topic suggested by similar works.",
        term("assigned_topics.id"),
        topic_id,
        Facet("assigned_topics.id", names="topics"),
    ),
    "source": Field("source", "Where the record comes from.", term("source")),
    "language": Field("language", "Language code, such as `en`.", term("language")),
    "has_abstract": Field("has abstract", "`true` or `false`.", flag("has_abstract"), pattern=FLAG),
    "is_retracted": Field("retracted", "`true` or `false`.", flag("is_retracted"), pattern=FLAG),
}

FACETS = facet_names(FIELDS)

SORTS = {
    "relevance": Sort([{"_score": "desc"}, {"id": "asc"}], "relevance"),
    "newest": Sort([{"year": {"order": "desc", "missing": "_last"}}, {"title.sort": "asc"}, {"id": "asc"}], "newest"),
    "oldest": Sort([{"year": {"order": "asc", "missing": "_last"}}, {"title.sort": "asc"}, {"id": "asc"}], "oldest"),
    # Like `newest`, but by day within a year; for feeds.
    "latest": Sort(
        [
            {"year": {"order": "desc", "missing": "_last"}},
            {"date": {"order": "desc", "missing": "_last"}},
            {"id": "asc"},
        ]
    ),
    "title": Sort([{"title.sort": "asc"}, {"id": "asc"}], "title"),
    "most_cited": Sort([{"cited_by_count": {"order": "desc", "missing": "_last"}}, {"id": "asc"}], "most cited"),
}

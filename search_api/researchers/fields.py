"""Fields of researchers that lists can be filtered by, counted by and sorted by."""

from __future__ import annotations

from mappings import institution_id, topic_id
from search_api.retrieval.filters import FLAG, Clause, Facet, Field, Sort, facet_names, flag, term, year


def level(value: str) -> Clause:
    """Return the clause for a verification level, `1` to `4`. Raises ValueError for anything else."""
    if value not in {"1", "2", "3", "4"}:
        raise ValueError("Use L1, L2, L3 or L4.")
    return {"term": {"verification_level": int(value)}}


def bare_level(value: str) -> str:
    """Return a verification level as it is stored: `L1` as `1`."""
    return value.upper().removeprefix("L")


def active(value: str) -> Clause:
    """Return the clause for researchers active in a year or span (`2019`, `2015-2020`, `2015-`, `-2010`).

    The span from their first to their last work overlaps it; a year without a work in between counts. Raises ValueError
    for anything else.
    """
    clause = year(value)
    exact = clause.get("term", {}).get("year")
    bounds = {"gte": exact, "lte": exact} if exact is not None else clause["range"]["year"]
    ends = {"last_year": {"gte": bounds.get("gte")}, "first_year": {"lte": bounds.get("lte")}}
    return {"bool": {"filter": [{"range": {end: side}} for end, side in ends.items() if None not in side.values()]}}


FIELDS = {
    "topic": Field(
        "topic", "Topic id, such as `cs.LG`.", term("topics.id"), topic_id, Facet("topics.id", names="topics")
    ),
    "suggested_topic": Field(
        "suggested topic",
        "Id of a topic that similar works suggest for works without topics.",
        term("suggested_topics.id"),
        topic_id,
        Facet("suggested_topics.id", names="topics"),
    ),
    "institution": Field(
        "institution",
        "Institution id, or its ROR id.",
        term("institutions.id"),
        institution_id,
        Facet("institutions.id", names="institutions"),
    ),
    "verification": Field(
        "verification level",
        "`L1` to `L4`.",
        level,
        bare_level,
        Facet("verification_level", label="L{}".format),
    ),
    "year": Field("active in", "Active in `2019`, `2015-2020`, `2015-` or `-2010`: from first to last work.", active),
    "open_to_collaborate": Field(
        "open to collaboration", "`true` or `false`.", flag("open_to_collaborate"), pattern=FLAG
    ),
}

FACETS = facet_names(FIELDS)

SORTS = {
    "relevance": Sort([{"_score": "desc"}, {"works_count": "desc"}, {"id": "asc"}], "relevance"),
    "works_count": Sort([{"works_count": "desc"}, {"id": "asc"}], "number of works"),
    "recent": Sort(
        [{"last_year": {"order": "desc", "missing": "_last"}}, {"works_count": "desc"}, {"id": "asc"}],
        "most recent work",
    ),
    "name": Sort([{"name.sort": "asc"}, {"id": "asc"}], "name"),
}

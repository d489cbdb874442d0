"""Request bodies for works; pure functions, tested without a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mappings import institution_id, topic_id
from search_api.retrieval import filters, ranking, syntax
from search_api.retrieval.facets import Facet
from search_api.retrieval.filters import Field

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.retrieval.syntax import Unit

Body = dict[str, Any]

FILTERS = {
    "topic": Field(filters.term("topics.id"), "topic", "Topic id, such as `cs.LG`.", topic_id),
    "assigned_topic": Field(
        filters.term("assigned_topics.id"), "assigned topic", "Id of a topic drawn from the text.", topic_id
    ),
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
    "is_retracted": Field(filters.flag("is_retracted"), "retracted", "`true` or `false`."),
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
#: Moves that turn one spelling of a name into another: two for the other order, two for names or initials between.
SLOP = 4


def keyword(text: str) -> Body:
    """Return the keyword clause of a query as typed: its words rank, and what has to hold does.

    What is required takes part in the ranking, so that a work with a phrase of stop words alone, or by an author whose
    name is nowhere else, is found too.
    """
    asked = syntax.parse(text)
    ranking_clauses = [ranking.words_clause(" ".join(asked.words.split()[:MAX_WORDS]))] if asked.words else []
    ranking_clauses += [_any_of(group) for group in asked.required]
    return {"bool": {"must": [{"bool": {"should": ranking_clauses}}] if ranking_clauses else [], "filter": held(text)}}


def held(text: str) -> list[Body]:
    """Return the clauses that must hold for every result of a query, however it is searched."""
    asked = syntax.parse(text)
    clauses = [_any_of(group) for group in asked.required]
    if asked.excluded:
        clauses.append({"bool": {"must_not": [_unit(unit) for unit in asked.excluded]}})
    return clauses


def _any_of(units: Sequence[Unit]) -> Body:
    return {"bool": {"should": [_unit(unit) for unit in units]}}


def _unit(unit: Unit) -> Body:
    """Return the clause for one word or phrase: a word in all its forms, a phrase as it stands, unless it is left out.

    A word goes as a phrase too, since one with hyphens is several; and as it stands too, since a stop word has no
    other form. A name may stand in another order and with more parts between: `SLOP` moves.
    """
    if unit.field == "author":
        return {"match_phrase": {"researchers.name": {"query": unit.text, "slop": SLOP}}}
    texts = ("title",) if unit.field else ("title", "abstract")
    fields = [*(f"{field}.exact" for field in texts), *(texts if unit.is_excluded or not unit.is_phrase else ())]
    fields += [] if unit.field else ["researchers.name"]
    return {"bool": {"should": [{"match_phrase": {field: {"query": unit.text}}} for field in fields]}}


def more_like(
    index: str, like: Sequence[str], unlike: Sequence[str] = (), text: str = "", *, include: bool = False
) -> Body:
    """Return the keyword clause for works like a text and like some that are indexed: by their most telling words.

    Words of the works in `unlike` do not count. The works themselves are found only with `include`.
    """
    liked: list[Any] = [{"_index": index, "_id": id_} for id_ in like]
    liked += [" ".join(text.split()[:MAX_WORDS])] if text else []
    disliked = [{"_index": index, "_id": id_} for id_ in unlike]
    clause = {"fields": ["title", "abstract"], "like": liked, "include": include, **ranking.TELLING}
    return {"more_like_this": clause | ({"unlike": disliked} if disliked else {})}


def query(
    mode: str,
    text: str | None,
    vector: NDArray[np.float32] | None,
    clauses: list[Body],
    *,
    fused: bool = True,
    depth: int = ranking.PAGINATION_DEPTH,
) -> Body:
    """Return the query for a mode: without `text` all that passes the filters, without `vector` by keyword.

    A `text` of nothing but exclusions finds all but those, each with the score 1. `fused=False` gives, in hybrid mode,
    the same works without their fused score, for other sorts. `depth` is the fusion's, in keyword hits of a shard.
    """
    if not text:
        return {"bool": {"filter": clauses or [{"match_all": {}}]}}
    if not syntax.parse(text).text:
        return {"bool": {"must": [{"match_all": {}}], "filter": [*clauses, *held(text)]}}
    if mode == "keyword" or vector is None:
        return {"bool": {"must": [keyword(text)], "filter": clauses}}
    near = ranking.knn(vector, [*clauses, *held(text)])
    if mode == "semantic":
        return near
    if not fused:
        return ranking.either(keyword(text), near, clauses)
    return ranking.hybrid(keyword(text), near, clauses, depth)


def highlight(text: str) -> Body:
    """Return the highlight part: the whole title, the three best passages of the abstract, as escaped HTML.

    It marks the query's words in every mode, also in what was found by meaning.
    """
    return {
        "highlight_query": keyword(text),
        "encoder": "html",
        "pre_tags": ["<mark>"],
        "post_tags": ["</mark>"],
        "fields": {"title": {"number_of_fragments": 0}, "abstract": {"number_of_fragments": 3, "fragment_size": 200}},
    }


def only(ids: Sequence[str]) -> Body:
    """Return the clause that holds for these works alone."""
    return {"terms": {"id": list(ids)}}


def not_these(ids: Sequence[str]) -> Body:
    """Return the clause that holds for all works but these."""
    return {"bool": {"must_not": [only(ids)]}}

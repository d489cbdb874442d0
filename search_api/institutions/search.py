"""Browse institutions, and read one; the API and the pages both call this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flask import url_for

from mappings import institution_id, ror_address
from mappings.documents import InstitutionDocument
from search_api.http.errors import not_found
from search_api.http.paging import own_cursor
from search_api.institutions import queries
from search_api.retrieval import browse
from search_api.understanding.entities import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]
#: Characters of the longest id that the indexer makes from a name.
MAX_ID = 100


class InstitutionResult(InstitutionDocument):
    """An institution as `schemas.InstitutionSummary` serializes it."""

    ror: str | None
    links: dict[str, str]


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """Return the list of institutions that `InstitutionsArgs` describe."""
    args = {**args, "q": institution_id(args["q"])}
    with own_cursor(browse.pagination_of(args)):
        response = services.search(services.names.institutions, browse.request(args))
    return browse.to_list(response, args, lambda stored: serialize_institutions(services, stored))


def serialize_institutions(services: Services, stored: Sequence[InstitutionDocument]) -> list[InstitutionResult]:
    """Return stored institutions with links and the number of affiliated researchers.

    The stored number counts all authors of their works, including co-authors from elsewhere.
    """
    ids = [institution["id"] for institution in stored]
    affiliated: dict[str, int] = {}
    if ids:
        counted = services.search(services.names.researchers, queries.headcount(ids))["aggregations"]["institutions"]
        affiliated = {bucket["key"]: bucket["doc_count"] for bucket in counted["buckets"]}
    return [
        cast(
            "InstitutionResult",
            {
                **institution,
                "ror": ror_address(institution["id"]),
                "researchers_count": affiliated.get(institution["id"], 0),
                "links": _links(institution["id"]),
            },
        )
        for institution in stored
    ]


def _links(id_: str) -> dict[str, str]:
    return {
        "self": url_for("institutions.institution", id_=id_),
        "html": url_for("web.institution", id_=id_),
        "works": url_for("works.works", institution=id_),
        "researchers": url_for("researchers.researchers", institution=id_),
        "feed": url_for("feeds.institution", id_=id_),
    }


def find(services: Services, id_: str) -> InstitutionDocument:
    """Return the stored institution of an id or ROR id. Raises Problem (404).

    An id that was made from the name leads to the institution after a source or a ROR dump has given it another id.
    """
    institution = services.get(services.names.institutions, institution_id(id_), _source_excludes="indexed_at")
    if institution is None:
        institution = _of_former_id(services, id_)
    if institution is None:
        raise not_found("institution", id_)
    return cast("InstitutionDocument", institution)


def _of_former_id(services: Services, id_: str) -> dict[str, Any] | None:
    """Return the only institution whose name gives this id; None if there is none, or several."""
    words = _words(id_)
    if ":" in id_ or not words or len(id_) > MAX_ID:
        return None
    hits = services.search(services.names.institutions, queries.named(words))["hits"]["hits"]
    found: list[dict[str, Any]] = [hit["_source"] for hit in hits if _words(hit["_source"]["name"]) == words]
    return found[0] if len(found) == 1 else None


def _words(name: str) -> str:
    """Return the words of a name or of an id made from it, as far as the indexer keeps them."""
    words = fold(name).replace("_", " ").split()
    return " ".join(words[1:] if words[:1] == ["the"] else words)


def read_institution(services: Services, id_: str) -> Result:
    """Return one institution as in `schemas.Institution`. Raises Problem (404)."""
    institution, names = find(services, id_), services.names
    counted = services.search(names.works, queries.works_of(institution["id"]))["aggregations"]
    (result,) = serialize_institutions(services, [institution])
    return {
        **result,
        "counts_by_year": browse.counts_by_year(counted["years"]["buckets"]),
        "researchers": _leading(services, institution["id"], counted["researchers"]["buckets"]),
        "topics": browse.with_names(services, names.topics, counted["topics"]["buckets"], "count"),
    }


def _leading(services: Services, id_: str, buckets: Sequence[Mapping[str, Any]]) -> list[Result]:
    """Return the affiliated researchers among those on the institution's works, most works first."""
    if not buckets:
        return []
    body = queries.affiliated(id_, [bucket["key"] for bucket in buckets])
    own = {hit["_source"]["id"] for hit in services.search(services.names.researchers, body)["hits"]["hits"]}
    leading = [bucket for bucket in buckets if bucket["key"] in own][: browse.LEADING]
    return browse.with_names(services, services.names.researchers, leading, "works")

"""Stored researchers: found by id of any kind, read, and serialized as results."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, cast

from mappings import person_id
from mappings.documents import Collaborator, ResearcherDocument, ResearcherTopic
from search_api.http.errors import Problem, RedirectError, not_found
from search_api.http.item_urls import item_urls
from search_api.http.paging import Pagination
from search_api.researchers import queries
from search_api.researchers.distinctive import TopicRarities, TopicRarity
from search_api.researchers.trust import Trust, snapshot
from search_api.retrieval.hits import hit_ids, only_fields
from search_api.retrieval.listing import envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]


class SupportingWork(TypedDict):
    """A work that matches the text an expert was found for; `score` is in [0, 1]."""

    id: str
    title: str
    score: float


class ResearcherReasons(TypedDict):
    """Why a researcher is similar to another."""

    shared_topics: list[ResearcherTopic]
    closest_works: list[list[Any]]
    joint_works: list[str]
    titles: dict[str, str]
    works_together: int
    keyword: float
    semantic: float


class ResearcherResult(ResearcherDocument):
    """A researcher as `schemas.Researcher` serializes it."""

    tagline: str | None
    counts: dict[str, int]
    trust: Trust
    links: dict[str, str]
    score: NotRequired[float]
    works: NotRequired[list[SupportingWork]]
    members: NotRequired[list[dict[str, str]]]
    reasons: NotRequired[ResearcherReasons]
    adds: NotRequired[list[dict[str, Any]]]


#: The views of a researcher, by name of the link.
LINKS = {
    "self": "researchers.researcher",
    "html": "web.researcher",
    "works": "researchers.works",
    "similar": "researchers.similar",
    "collaborators": "researchers.collaborators",
    "graph": "graphs.researcher_graph",
    "feed": "feeds.researcher",
}
#: Topics in a tagline.
TAGLINE = 3
#: Unknown ids that an error names per field.
MAX_NAMED = 20


def find(services: Services, id_: str) -> ResearcherDocument:
    """Return the stored researcher of an id: a canonical one, one of a source, or an ORCID iD.

    Raises RedirectError for an id that was merged into another, and Problem (404) for an unknown one.
    """
    if researcher := services.get(services.names.researchers, id_.strip()):
        return cast("ResearcherDocument", researcher)
    id_ = person_id(id_)
    body = {"size": 1, "sort": ["id"], "query": {"term": {"ids": id_}}}
    for hit in services.search(services.names.researchers, body)["hits"]["hits"]:
        return cast("ResearcherDocument", hit["_source"])
    if redirect := services.get(services.names.redirects, id_):
        raise RedirectError(redirect["researcher_id"])
    raise not_found("researcher", id_)


def serialize_researcher(services: Services, researcher: ResearcherDocument) -> ResearcherResult:
    """Return a stored researcher as in `schemas.Researcher`: with tagline, counts, trust and links."""
    counts = {
        "works": researcher["works_count"],
        "followers": researcher["followers_count"],
        "topics": len(researcher["topics"]),
        "close_collaborators": researcher["close_collaborators_count"],
    }
    # An unclaimed profile has no owner, rather than an empty one.
    stored = {name: value for name, value in researcher.items() if name not in {"owner", "corrected"} or value}
    stored |= _corrections(researcher)
    stored.setdefault("suggested_topics", [])
    added = {
        "tagline": tagline(researcher, services.shared(TopicRarities).get(services)),
        "counts": counts,
        "trust": snapshot(researcher),
        "links": item_urls(LINKS, researcher["id"]),
    }
    return cast("ResearcherResult", stored | added)


def works_clause(researcher: ResearcherDocument) -> Result:
    """Return the clause for the works of a researcher, as decisions and statements of the owner have changed them."""
    own: Result = {"term": {"researchers.id": researcher["id"]}}
    corrected = researcher.get("corrected")
    if not corrected:
        return own
    added = {"ids": {"values": corrected["works_added"]}}
    removed = [{"ids": {"values": corrected["works_removed"]}}]
    return {"bool": {"should": [own, added], "minimum_should_match": 1, "must_not": removed}}


def _corrections(researcher: ResearcherDocument) -> dict[str, Any]:
    """Return the name and affiliations of a researcher with accepted corrections; the printed name is a variant."""
    corrected = researcher.get("corrected")
    if not corrected:
        return {}
    changes: dict[str, Any] = {}
    if (name := corrected["name"]) and name != researcher["name"]:
        variants = [variant for variant in researcher["name_variants"] if variant != name]
        changes |= {"name": name, "name_variants": [researcher["name"], *variants]}
    if place := corrected["affiliation"]:
        known = {"name": place, "institution_id": None, "works": 0, "first_year": None, "last_year": None}
        others = [each for each in researcher["affiliations"] if each["name"] != place]
        changes["affiliations"] = [next((e for e in researcher["affiliations"] if e["name"] == place), known), *others]
    return changes


def tagline(researcher: ResearcherDocument, rarity: TopicRarity) -> str | None:
    """Return a researcher's most distinctive topics in one line, suggested ones included; None if none is known.

    Of topics that differ in a qualifier only, such as `Machine Learning (Statistics)`, the shortest is named.
    """
    counts: dict[str, dict[str, Any]] = {}
    for topic in (*researcher["topics"], *researcher.get("suggested_topics", ())):
        counted = counts.setdefault(topic["id"], {**topic, "count": 0})
        counted["count"] += topic["count"]
    names: dict[str, str] = {}
    for topic in rarity.ordered(counts.values()):
        key = topic["name"].partition(" (")[0].casefold()
        names[key] = min(names.get(key, topic["name"]), topic["name"], key=len)
    # Names of topics contain commas and "and", so neither can separate them.
    return " · ".join(list(names.values())[:TAGLINE]) or None


def collaborators(services: Services, id_: str, args: Mapping[str, Any]) -> Result:
    """Return the list of a researcher's co-authors, most joint works first."""
    researcher = find(services, id_)
    everyone: list[Collaborator] = researcher["collaborators"]
    pagination = Pagination(args["page"], args["per_page"])
    page = everyone[pagination.offset : pagination.offset + pagination.per_page]
    # A document holds the first 500.
    relation = "gte" if len(everyone) < researcher["collaborators_count"] else "eq"
    return envelope(page, count=len(everyone), count_relation=relation, pagination=pagination)


def read(services: Services, index: str, ids: Sequence[str], source: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored documents by id, at most 10,000; `source` selects their fields."""
    if not ids:
        return {}
    return documents_of(services.search(index, queries.stored(ids, source)))


def documents_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the documents in a response to `queries.stored`, by id."""
    return {hit["_id"]: hit["_source"] for hit in response["hits"]["hits"]}


def canonical_ids(
    services: Services, fields: Mapping[str, Sequence[str]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return, for each field of a body, the canonical ids of its researchers, each once, and the unknown ids.

    Both are in the order given.
    """
    known = _known(services, {id_ for ids in fields.values() for id_ in ids})
    canonical = {name: list(dict.fromkeys(known[id_] for id_ in ids if id_ in known)) for name, ids in fields.items()}
    return canonical, {name: [id_ for id_ in ids if id_ not in known] for name, ids in fields.items()}


def refuse_unknown(unknown: Mapping[str, Sequence[str]]) -> None:
    """Raise Problem (422) that names, under its field, every unknown id."""
    errors = {
        name: [f"No researcher has the id {id_[:200]!r}." for id_ in ids[:MAX_NAMED]]
        for name, ids in unknown.items()
        if ids
    }
    detail = f"These fields contain unknown researchers: {', '.join(errors)}."
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors)


def _known(services: Services, ids: Iterable[str]) -> dict[str, str]:
    """Return the canonical id of each known one of these ids."""
    given = sorted(ids)
    if not given:
        return {}
    stripped = {id_: id_.strip() for id_ in given}
    terms = sorted(set(stripped.values()))
    body: Result = {"query": {"terms": {"id": terms}}, "size": len(terms), **only_fields()}
    stored = set(hit_ids(services.search(services.names.researchers, body)))
    canonical = {id_: plain for id_, plain in stripped.items() if plain in stored}
    others = {id_: plain for id_ in given if id_ not in canonical and (plain := person_id(id_))}
    if not others:
        return canonical
    resolved = services.researcher_ids(sorted(set(others.values())))
    return canonical | {id_: resolved[plain] for id_, plain in others.items() if plain in resolved}

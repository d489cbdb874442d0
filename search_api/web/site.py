"""Files for crawlers: robots.txt and sitemaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, render_template, url_for

from search_api.http.errors import not_found
from search_api.http.services import services
from search_api.retrieval.hits import hit_id, only_fields
from search_api.web.blueprint import blueprint

if TYPE_CHECKING:
    from collections.abc import Iterator

#: URLs in one sitemap; the protocol allows 50,000 and OpenSearch returns 10,000 at a time.
PER_MAP = 10_000
#: Filters and graphs combine without end, and account pages are private.
NOT_FOR_CRAWLERS = (
    "/account",
    "/api/",
    "/confirm",
    "/graph",
    "/login",
    "/register",
    "/reset",
    "/search?",
    "/similar-researchers?",
)
KINDS = {"works": "web.work", "researchers": "web.researcher", "topics": "web.topic", "institutions": "web.institution"}
XML = "application/xml; charset=utf-8"


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Return robots.txt, which restricts crawlers to pages with a permanent URL."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_CRAWLERS)]
    lines.append(f"Sitemap: {url_for('web.sitemap', _external=True)}")
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Return the list of sitemaps: one per 10,000 entities of a kind."""
    maps = [
        url_for("web.sitemap_part", kind=kind, part=part, _external=True)
        for kind in KINDS
        for part in range(_parts(kind))
    ]
    return Response(render_template("sitemap.xml", maps=maps, pages=[]), content_type=XML)


@blueprint.get("/sitemaps/<kind>-<int:part>.xml")
def sitemap_part(kind: str, part: int) -> Response:
    """Return one part of the sitemap of a kind, by id."""
    if kind not in KINDS or part >= _parts(kind):
        raise not_found("sitemap", f"{kind}-{part}")
    pages = [url_for(KINDS[kind], id_=id_, _external=True) for id_ in _ids(kind, part)]
    return Response(render_template("sitemap.xml", maps=[], pages=pages), content_type=XML)


def _parts(kind: str) -> int:
    body: dict[str, Any] = {"size": 0, "query": {"match_all": {}}, "track_total_hits": True}
    count: int = services().search(services().names.name(kind), body)["hits"]["total"]["value"]
    return -(-count // PER_MAP)


def _ids(kind: str, part: int) -> Iterator[str]:
    """Yield the ids of one part, after reading the parts before it, 10,000 ids per request."""
    after: list[Any] = []
    for step in range(part + 1):
        body: dict[str, Any] = {"size": PER_MAP, "query": {"match_all": {}}, "sort": [{"id": "asc"}], **only_fields()}
        body |= {"search_after": after} if after else {}
        hits = services().search(services().names.name(kind), body)["hits"]["hits"]
        if not hits:
            return
        after = hits[-1]["sort"]
        if step == part:
            yield from map(hit_id, hits)

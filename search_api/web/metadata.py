"""Metadata of pages: the canonical URL, and JSON-LD in the vocabulary of schema.org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import request, url_for

from search_api.http.public_url import absolute
from search_api.retrieval.listing import path
from search_api.web.formatting import plain, web_address

if TYPE_CHECKING:
    from collections.abc import Mapping

Result = dict[str, Any]

#: Authors and topics listed in JSON-LD; some works have 3,000 authors.
NAMED = 50
#: Parameters of the graph page that name its centre.
CENTRES = ("work", "researcher", "topic", "institution")


def canonical() -> str:
    """Return the canonical URL of this page: absolute, with no parameters except the query and the page of a list."""
    names = CENTRES if request.endpoint == "web.graph" else ("q", "about", "page")
    kept = {name: value for name in names if (value := request.args.get(name, "").strip())}
    base = absolute(path())
    return f"{base}?{urlencode(kept)}" if kept else base


def person(researcher: Mapping[str, Any]) -> Result:
    """Return a researcher as a schema.org Person."""
    same = [f"https://orcid.org/{researcher['orcid']}"] if researcher.get("orcid") else []
    return _known(
        {
            "@context": "https://schema.org",
            "@type": "Person",
            "@id": _page("web.researcher", researcher["id"]),
            "url": _page("web.researcher", researcher["id"]),
            "name": researcher["name"],
            "alternateName": researcher["name_variants"],
            "sameAs": same,
            "description": researcher["tagline"],
            "knowsAbout": [topic["name"] for topic in researcher["topics"][:NAMED]],
            "affiliation": [
                {"@type": "Organization", "name": place["name"]} for place in researcher["affiliations"][:1]
            ],
        }
    )


def article(work: Mapping[str, Any]) -> Result:
    """Return a work as a schema.org ScholarlyArticle."""
    doi = f"https://doi.org/{work['doi']}" if work.get("doi") else None
    return _known(
        {
            "@context": "https://schema.org",
            "@type": "ScholarlyArticle",
            "@id": _page("web.work", work["id"]),
            "url": _page("web.work", work["id"]),
            "name": plain(work["title"]),
            "headline": plain(work["title"])[:110],
            "abstract": plain(work["abstract"]) if work.get("abstract") and not work.get("abstract_origin") else None,
            "datePublished": work.get("date") or (str(work["year"]) if work.get("year") else None),
            "author": [
                {"@type": "Person", "name": author["name"], "url": _page("web.researcher", author["id"])}
                for author in work["researchers"][:NAMED]
            ],
            "isPartOf": {"@type": "PublicationVolume", "name": work["venue"]} if work.get("venue") else None,
            "about": [topic["name"] for topic in work["topics"][:NAMED]],
            "inLanguage": work.get("language"),
            "license": web_address(work.get("license")),
            "sameAs": [url for url in (doi, web_address(work.get("url"))) if url],
        }
    )


def _page(endpoint: str, id_: str) -> str:
    return url_for(endpoint, id_=id_, _external=True)


def _known(description: Result) -> Result:
    """Return the description without empty values."""
    return {name: value for name, value in description.items() if value not in (None, "", [])}

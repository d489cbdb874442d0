"""What a page says of itself to machines: its one address, and JSON-LD in the words of schema.org."""

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

#: Authors and topics named in JSON-LD; some works have 3,000 authors.
NAMED = 50


def canonical() -> str:
    """Return the one address of this page: absolute, and without parameters but the query and the page of a list."""
    kept = {name: value for name in ("q", "about", "page") if (value := request.args.get(name, "").strip())}
    named = {
        name: request.args[name] for name in ("work", "researcher", "topic", "institution") if name in request.args
    }
    extra = named if request.endpoint == "web.graph" else kept
    base = absolute(path())
    return f"{base}?{urlencode(extra)}" if extra else base


def person(one: Mapping[str, Any]) -> Result:
    """Describe a researcher as schema.org's Person."""
    same = [f"https://orcid.org/{one['orcid']}"] if one.get("orcid") else []
    return _known(
        {
            "@context": "https://schema.org",
            "@type": "Person",
            "@id": _page("web.researcher", one["id"]),
            "url": _page("web.researcher", one["id"]),
            "name": one["name"],
            "alternateName": one["name_variants"],
            "sameAs": same,
            "description": one["tagline"],
            "knowsAbout": [topic["name"] for topic in one["topics"][:NAMED]],
            "affiliation": [{"@type": "Organization", "name": place["name"]} for place in one["affiliations"][:1]],
        }
    )


def article(work: Mapping[str, Any]) -> Result:
    """Describe a work as schema.org's ScholarlyArticle."""
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
                {"@type": "Person", "name": one["name"], "url": _page("web.researcher", one["id"])}
                for one in work["researchers"][:NAMED]
            ],
            "isPartOf": {"@type": "PublicationVolume", "name": work["venue"]} if work.get("venue") else None,
            "about": [topic["name"] for topic in work["topics"][:NAMED]],
            "inLanguage": work.get("language"),
            "license": web_address(work.get("license")),
            "sameAs": [address for address in (doi, web_address(work.get("url"))) if address],
        }
    )


def _page(endpoint: str, id_: str) -> str:
    return url_for(endpoint, id_=id_, _external=True)


def _known(described: Result) -> Result:
    """Leave out what is not known."""
    return {name: value for name, value in described.items() if value not in (None, "", [])}

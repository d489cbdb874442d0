"""Normalizes ids: from the many forms in which people write them to the one that is stored.

The id of a work is `scheme:local`. A work can be requested by its arXiv number, its DOI, or the URL of either, and a
researcher by an ORCID iD or its URL. The indexer and the API both use these functions, so they always agree.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from mappings.arxiv import arxiv_number, arxiv_number_in

WORK_SCHEMES = (
    *("arxiv", "doi", "openalex", "acl", "openreview", "local"),
    *("ads", "dblp", "hal", "handle", "inspire", "mag", "oai", "pmcid", "pmid", "s2", "scopus", "wos"),
)

#: A registrant code may have subdivisions: `10.1000.10/123`.
_DOI = r"10\.\d{4,9}(?:\.\d+)*/\S+"
_WHOLE_DOI = re.compile(_DOI)
_DOI_INSIDE = re.compile(rf"(?<![\d.]){_DOI}")
_DOI_PREFIX = re.compile(r"^(?:doi:\s*+|doi\.org/)", re.IGNORECASE)
#: Hosts whose URLs contain ids, as people copy them: in any case, with or without scheme and `www.`.
_HOST = re.compile(
    r"^(?:https?://)?(?:www\.|dx\.|api\.)?"
    r"(doi\.org|openalex\.org|aclanthology\.org|openreview\.net|orcid\.org|ror\.org"
    r"|(?:pubmed\.|pmc\.)?ncbi\.nlm\.nih\.gov|europepmc\.org|hdl\.handle\.net)/",
    re.IGNORECASE,
)
#: The end of a URL after the id, such as `?context=cs`. OpenReview has its ids in the query, and a DOI may contain `#`.
_AFTER_ID = {"openreview.net": re.compile(r"[&#].*$"), "doi.org": re.compile(r"\?.*$"), None: re.compile(r"[?#].*$")}
#: Sites with a page, or a file, for each paper of arXiv, and the mirrors of arXiv.
_ARXIV_SITE = re.compile(
    r"^(?:https?://)?(?:(?:[a-z0-9-]{1,63}\.){0,3}arxiv\.org|(?:www\.)?(?:alphaxiv|ar5iv)\.org|xxx\.lanl\.gov)(?=/)",
    re.IGNORECASE,
)
#: URLs as `_short_url` returns them.
_URLS = (
    (re.compile(r"^doi\.org/(10\..+)$"), "doi"),
    (re.compile(r"^openalex\.org/(?:works/)?(W\d+)$", re.IGNORECASE), "openalex"),
    (re.compile(r"^aclanthology\.org/([\w.-]+?)(?:\.pdf)?/?$"), "acl"),
    (re.compile(r"^openreview\.net/(?:forum|pdf)\?id=([\w-]+)$"), "openreview"),
    (re.compile(r"^(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(\d+)/?$"), "pmid"),
    (re.compile(r"^europepmc\.org/(?:article|abstract)/MED/(\d+)/?$", re.IGNORECASE), "pmid"),
    (
        re.compile(r"^(?:(?:pmc\.)?ncbi\.nlm\.nih\.gov|europepmc\.org)/[\w/]*?\b(PMC\d+)/?$", re.IGNORECASE),
        "pmcid",
    ),
    (re.compile(r"^hdl\.handle\.net/(\d[\w.]*/\S+)$"), "handle"),
)
_BARE = (
    (re.compile(rf"^({_DOI})$"), "doi"),
    (re.compile(r"^(W\d{4,})$", re.IGNORECASE), "openalex"),
    (re.compile(r"^PMID\s*(\d+)$", re.IGNORECASE), "pmid"),
    (re.compile(r"^(PMC\d+)$", re.IGNORECASE), "pmcid"),
)
_PEOPLE = (
    (re.compile(r"^(?:openalex\.org/(?:authors/)?|openalex:)?(A\d{4,})$", re.IGNORECASE), "openalex"),
    (re.compile(r"^openreview\.net/profile\?id=(~[\w-]+)$"), "openreview"),
    (re.compile(r"^openreview:(~.+)$", re.IGNORECASE), "openreview"),
    (re.compile(r"^aclanthology\.org/people/(?:\w/)?([\w-]+)/?$"), "acl"),
    (re.compile(r"^acl:(.+)$", re.IGNORECASE), "acl"),
)
_INSTITUTIONS = (
    (re.compile(r"^(?:ror\.org/|ror:)?(0[a-hj-km-np-tv-z0-9]{6}\d{2})/?$", re.IGNORECASE), "ror"),
    (re.compile(r"^(?:openalex\.org/(?:institutions/)?|openalex:)?(I\d{4,})$", re.IGNORECASE), "openalex"),
)
_TOPIC = re.compile(r"^(?:openalex\.org/(?:topics/)?|openalex:)(T\d+)$", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"^10\.48550/arxiv\.(.+)$", re.IGNORECASE)
#: Version and form of a preprint after its DOI, in URLs of bioRxiv and medRxiv.
_PREPRINT = re.compile(r"^(10\.(?:1101|64898)/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,8})v\d+(?:[./].*)?$", re.IGNORECASE)
#: The end of a publisher's URL after the DOI.
_PAGE = re.compile(r"(?:/(?:abstract|epdf|full|fulltext|html|meta|pdf|summary)|\.pdf)/?$", re.IGNORECASE)
_OPENS = {")": "(", "]": "[", "}": "{", ">": "<"}
_ORCID = re.compile(r"^(?:orcid\.org/|orcid:)?(\d{4}-?\d{4}-?\d{4}-?\d{3}[\dX])/?$", re.IGNORECASE)


def _short_url(text: str) -> str:
    """Return the URL of a known host as `host/path`, up to the id, still percent-encoded; other text only stripped."""
    text = text.strip()
    if not (match := _HOST.match(text)):
        return text
    host = match[1].lower()
    return f"{host}/{_AFTER_ID.get(host, _AFTER_ID[None]).sub('', text[match.end() :])}"


def work_id(text: str) -> str:
    """Return the normalized id of a work: `arxiv:1910.00744`, `doi:10.1000/x`, otherwise `local:` and the text.

    A URL, a bare arXiv number or DOI, an arXiv version or class, and the DOI that arXiv registers all have the same id.
    """
    short, text = _short_url(text), text.strip()
    site = _ARXIV_SITE.match(text)
    path = re.split(r"[?#]", text[site.end() :])[0] if site else ""
    if number := arxiv_number_in(unquote(path)) if site else arxiv_number(text):
        return f"arxiv:{number}"
    for pattern, scheme in _URLS + _BARE:
        if match := pattern.match(unquote(short) if scheme == "doi" else short):
            return _normalized(scheme, match[1])
    scheme, colon, local = text.partition(":")
    if colon and scheme.lower() in WORK_SCHEMES:
        return _normalized(scheme.lower(), local.strip())
    return f"local:{text}"


def _normalized(scheme: str, local: str) -> str:
    if scheme == "doi":
        if arxiv := _ARXIV_DOI.match(local):
            return _normalized("arxiv", arxiv[1])
        return f"doi:{local.lower()}"
    if scheme == "arxiv":
        return "arxiv:" + (arxiv_number(local) or re.sub(r"v\d+$", "", local))
    if scheme == "openalex":
        return f"openalex:{local.upper()}"
    if scheme == "pmcid":
        return f"pmcid:PMC{local.upper().removeprefix('PMC')}"
    return f"{scheme}:{local}"


def bare_doi(text: str) -> str:
    """Return a DOI in lower case without `doi:` or `https://doi.org/`: `10.1000/xyz`. Raises ValueError for others."""
    local = _DOI_PREFIX.sub("", unquote(_short_url(text)))
    if not _WHOLE_DOI.fullmatch(local):
        raise ValueError(f"not a DOI: {text!r}")
    return local.lower()


def doi_in(text: str) -> str | None:
    """Return the first DOI in a text, as `bare_doi` does, or None.

    The text may be a publisher's URL. Punctuation and closing brackets after the DOI are not part of it.
    """
    # No DOI is nearly that long, and the time grows with the length.
    text = unquote(text)[:2_000]
    match = _DOI_INSIDE.search(text)
    if not match:
        return None
    before, doi = text[: match.start()].lower(), match[0]
    if before.endswith("/"):
        doi = doi.partition("?")[0]
        if not before.endswith("doi.org/"):
            doi = _PAGE.sub("", doi)
    while doi[-1] in ".,:;/'\"" or doi.count(doi[-1]) > doi.count(_OPENS.get(doi[-1], doi[-1])):
        doi = doi[:-1]
    doi = _PREPRINT.sub(r"\1", doi)
    return doi.lower() if _WHOLE_DOI.fullmatch(doi) else None


def person_id(text: str) -> str:
    """Return the normalized id of a person at a source: `openalex:A5023888391`, or an ORCID iD.

    Other text, such as the id of a researcher, is returned unchanged.
    """
    text = text.strip()
    try:
        return orcid_id(text)
    except ValueError:
        for pattern, scheme in _PEOPLE:
            if match := pattern.match(unquote(_short_url(text))):
                return f"{scheme}:{match[1].upper() if scheme == 'openalex' else match[1]}"
        return text


def institution_id(text: str) -> str:
    """Return the normalized id of an institution, from an id or URL: `ror:04z8jg394`, `openalex:I136199984`.

    Other text, such as the id of an institution that is known by name only, is returned unchanged.
    """
    text = text.strip()
    for pattern, scheme in _INSTITUTIONS:
        if match := pattern.match(unquote(_short_url(text))):
            return f"{scheme}:{match[1].upper() if scheme == 'openalex' else match[1].lower()}"
    return text


def topic_id(text: str) -> str:
    """Return the normalized id of a topic: `T10028` for its OpenAlex URL; other text is returned unchanged."""
    text = text.strip()
    match = _TOPIC.match(_short_url(text))
    return match[1].upper() if match else text


def ror_address(id_: str) -> str | None:
    """Return the URL of an institution's ROR record, or None when its id is not a ROR id."""
    return f"https://ror.org/{id_.removeprefix('ror:')}" if id_.startswith("ror:") else None


def orcid_id(text: str) -> str:
    """Return an ORCID iD as `0000-0002-1825-0097`, from that form, sixteen characters or a URL.

    Raises ValueError when the form or the check digit (ISO 7064, MOD 11-2) is wrong.
    """
    match = _ORCID.match(_short_url(text))
    if not match:
        raise ValueError(f"not an ORCID iD: {text!r}")
    digits = match[1].replace("-", "").upper()
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    if digits[-1] != ("X" if check == 10 else str(check)):
        raise ValueError(f"the check digit of this ORCID iD is wrong: {text!r}")
    return "-".join(digits[i : i + 4] for i in range(0, 16, 4))

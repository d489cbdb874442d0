"""Ids of works in catalogues: PubMed, PubMed Central, HAL, Semantic Scholar, DBLP, INSPIRE and ADS, and their URLs."""

from __future__ import annotations

import re

_PUBMED_URL = re.compile(
    r"^(?:(?:https?://)?(?:(?:www\.|m\.)?pubmed\.(?:ncbi\.nlm\.nih\.)?gov|(?:www\.)?ncbi\.nlm\.nih\.gov/(?:m/)?pubmed"
    r"|(?:www\.)?europepmc\.org/(?:article|abstract)/med)|https?://[\w.-]+/pubmed)[/:](?:\?term=)?(?P<id>\d{1,9})/?$",
    re.IGNORECASE,
)
#: As PubMed itself takes it: `12345678[pmid]`.
_PUBMED_FIELD = re.compile(r"^(?P<id>\d{1,9})\s?\[(?:pmid|uid)\]$", re.IGNORECASE)
_PMC_URL = re.compile(
    r"^(?:https?://)?(?:www\.)?(?:pmc\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pmc|europepmc\.org)"
    r"/articles?/(?:pmc/)?(?:PMC)?(?P<id>\d{3,9})(?:\.\d+)?(?:/.*)?$",
    re.IGNORECASE,
)
_PMC = re.compile(r"^PMC\s?(?P<id>\d{3,9})(?:\.\d+)?$", re.IGNORECASE)
#: Catalogues and the scheme of their ids; see `mappings.ids.WORK_SCHEMES`.
_CATALOGUES = (
    (
        re.compile(
            r"^(?:https?://[\w.-]*(?:hal\.science|archives-ouvertes\.fr|hal\.[\w-]+\.fr)/)?"
            r"(?P<id>(?:hal|tel|halshs|inria|cel|dumas|hceres|ensl|pastel|medihal|lirmm|cea|in2p3)-\d{8})(?:v\d+)?(?:/.*)?$",
            re.IGNORECASE,
        ),
        "hal",
    ),
    (
        re.compile(
            r"^(?:https?://)?(?:www\.|api\.)?semanticscholar\.org/(?:paper/)?(?:[^\s/]+/)?(?P<id>[0-9a-f]{40})$",
            re.IGNORECASE,
        ),
        "s2",
    ),
    (
        re.compile(
            r"^(?:(?:https?://)?(?:www\.|api\.)?semanticscholar\.org/)?CorpusID:\s?(?P<id>\d{1,12})$", re.IGNORECASE
        ),
        "s2",
    ),
    (
        re.compile(
            r"^(?:https?://)?(?:www\.)?dblp\.(?:uni-trier\.de|org|dagstuhl\.de)/rec/(?:html/|bibtex/)?"
            r"(?P<id>[\w-]+/[\w-]+/[\w-]+)(?:\.(?:html|bib|xml|rdf|ris|nt))?$"
        ),
        "dblp",
    ),
    (re.compile(r"^(?:https?://)?(?:www\.)?inspirehep\.net/(?:literature|record)/(?P<id>\d{1,9})$"), "inspire"),
    (
        re.compile(r"^(?:https?://)?ui\.adsabs\.harvard\.edu/abs/(?P<id>(?:\d{4})[^\s/]{15})(?:/\w*)?$"),
        "ads",
    ),
)


def catalogue_id(text: str) -> str | None:
    """Return the id of a work, such as `pmid:12345678`, that a text is in the spelling of a catalogue or as a URL."""
    without_fragment, without_parameters = text.partition("#")[0], re.sub(r"[?#].*", "", text)
    pubmed = _PUBMED_URL.match(without_fragment) or _PUBMED_URL.match(without_parameters) or _PUBMED_FIELD.match(text)
    if pubmed:
        return f"pmid:{int(pubmed['id'])}"
    if central := _PMC_URL.match(without_parameters) or _PMC.match(text):
        return f"pmcid:PMC{central['id']}"
    for pattern, scheme in _CATALOGUES:
        if match := pattern.match(without_parameters):
            # Keys of DBLP and ADS have capitals, the others are written in lower case.
            return f"{scheme}:{match['id'] if scheme in {'dblp', 'ads'} else match['id'].lower()}"
    return None

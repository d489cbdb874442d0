"""Ids of works in catalogues: PubMed, PubMed Central, HAL, Semantic Scholar, DBLP, INSPIRE and ADS, and their URLs."""

from __future__ import annotations

import re

_PUBMED_URL = re.compile(
    r"^(?:(?:https?://)?(?:(?:www\.|m\.)?pubmed\.(?:ncbi\.nlm\.nih\.)?gov|(?:www\.)?ncbi\.nlm\.nih\.gov/(?:m/)?pubmed"
    r"|(?:(?:www\.)?ncbi\.nlm\.nih\.gov/pmc|pmc\.ncbi\.nlm\.nih\.gov)/articles/pmid"
    r"|(?:www\.)?europepmc\.org/(?:article|abstract)/med)|https?://[\w.-]+/pubmed)[/:](?:\?term=)?(?P<id>\d{1,9})/?$",
    re.IGNORECASE,
)
#: As PubMed itself takes it, `12345678[pmid]`; as Europe PMC has it, `MED:12345678`; in old URLs of PubMed.
_PUBMED_FIELD = re.compile(r"^(?P<id>\d{1,9})\s?\[(?:pmid|uid)\]$", re.IGNORECASE)
_EUROPE_PMC = re.compile(r"^MED[:/]\s?(?P<id>\d{5,9})$")
_ENTREZ = re.compile(
    r"^https?://www\.ncbi\.nlm\.nih\.gov/\S*[?&]db=pubmed\b\S*[?&](?:list_uids|uid|term)=(?P<id>\d{1,9})(?:&|$)",
    re.IGNORECASE,
)
_PMC_URL = re.compile(
    r"^(?:https?://)?(?:www\.)?(?:pmc\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pmc|europepmc\.org)"
    r"/articles?/(?:pmc/)?(?:PMC)?(?P<id>\d{3,9})(?:\.\d+)?(?:/.*)?$",
    re.IGNORECASE,
)
_PMC = re.compile(r"^PMC\s?(?P<id>\d{3,9})(?:\.\d+)?$", re.IGNORECASE)
#: A key of DBLP after the kind of publication.
_KEY = r"[\w-]+/[\w-]+"
#: Catalogues and the scheme of their ids; see `mappings.ids.WORK_SCHEMES`.
_CATALOGUES = (
    (
        re.compile(
            r"^(?:(?:https?://)?[\w.-]*(?:hal\.science|archives-ouvertes\.fr|hal\.[\w-]+\.fr)/)?"
            r"(?P<id>(?:hal|tel|halshs|inria|cel|dumas|hceres|ensl|pastel|medihal|lirmm|cea|in2p3)-\d{8})(?:v\d+)?(?:/.*)?$",
            re.IGNORECASE,
        ),
        "hal",
    ),
    (
        re.compile(
            r"^(?:https?://)?(?:www\.|api\.)?semanticscholar\.org/(?:graph/v1/)?(?:paper/)?(?:[^\s/]+/)?(?P<id>[0-9a-f]{40})$",
            re.IGNORECASE,
        ),
        "s2",
    ),
    (
        re.compile(
            r"^(?:(?:https?://)?(?:www\.|api\.)?semanticscholar\.org/)?(?:Corpus\s?ID|S2CID)\s?:?\s?(?P<id>\d{1,12})$",
            re.IGNORECASE,
        ),
        "s2",
    ),
    (
        re.compile(
            r"^(?:https?://)?(?:www\.)?dblp\.(?:uni-trier\.de|org|dagstuhl\.de)/rec/(?:html/|bibtex/)?"
            rf"(?P<id>[\w-]+/{_KEY})(?:\.(?:html|bib|xml|rdf|ris|nt))?$"
        ),
        "dblp",
    ),
    (re.compile(rf"^(?:dblp:\s?)?(?P<id>(?:books|conf|journals|phd|reference|series|tr)/{_KEY})$"), "dblp"),
    (re.compile(rf"^dblp(?::\s?|\s)(?P<id>[\w-]+/{_KEY})$", re.IGNORECASE), "dblp"),
    (
        re.compile(r"^(?:https?://)?(?:www\.)?inspirehep\.net/(?:api/)?(?:literature|record)/(?P<id>\d{1,9})/?$"),
        "inspire",
    ),
    (
        re.compile(r"^(?:https?://)?(?:ui\.)?adsabs\.harvard\.edu/abs/(?P<id>(?:\d{4})[^\s/]{15})(?:/\w*)?$"),
        "ads",
    ),
    # Year, journal, volume, section, page and initial, filled up with dots.
    (
        re.compile(r"^(?:(?:ads\s)?bibcode:?\s)?(?P<id>(?:1[89]|20)\d{2}[A-Za-z&+.]{5}[\w.]{4}[\w.][\d.]{4}[A-Z])$"),
        "ads",
    ),
)


def catalogue_id(text: str) -> str | None:
    """Return the id of a work, such as `pmid:12345678`, that a text is in the spelling of a catalogue or as a URL."""
    without_fragment, without_parameters = text.partition("#")[0], re.sub(r"[?#].*", "", text)
    pubmed = (
        _PUBMED_URL.match(without_fragment)
        or _PUBMED_URL.match(without_parameters)
        or next(filter(None, (pattern.match(text) for pattern in (_PUBMED_FIELD, _EUROPE_PMC, _ENTREZ))), None)
    )
    if pubmed:
        return f"pmid:{int(pubmed['id'])}"
    if central := _PMC_URL.match(without_parameters) or _PMC.match(text):
        return f"pmcid:PMC{central['id']}"
    for pattern, scheme in _CATALOGUES:
        if match := pattern.match(without_parameters):
            # Keys of DBLP and ADS have capitals, the others are written in lower case.
            return f"{scheme}:{match['id'] if scheme in {'dblp', 'ads'} else match['id'].lower()}"
    return None

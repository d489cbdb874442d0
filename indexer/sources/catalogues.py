"""Short names of sources, the order in which they are trusted, and which of them are catalogues.

A record of a catalogue is the same record in whichever file or harvest it arrives. Records of other formats belong to
their file: two libraries may describe a work differently.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from indexer.sources.base import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Short names of all sources, the best first: curated catalogues, publishers and registries, aggregators, exports of
#: reference managers.
ORDER = (
    *("json", "aclanthology", "pubmed", "inspire", "nasaads", "crossref", "datacite", "europepmc", "jats"),
    *("openreview", "dblp", "arxiv", "hal", "oaipmh", "openalex", "semanticscholar", "nbib", "ovid", "webofscience"),
    *("mods", "marcxml", "cerif", "dublincore", "orcid", "rdf", "endnotexml", "csljson", "refworks", "refer", "ris"),
    *("bibtex", "citationfileformat", "csv"),
)
CATALOGUES = frozenset(
    (
        *("aclanthology", "arxiv", "crossref", "datacite", "dblp", "europepmc", "hal", "inspire", "nasaads", "oaipmh"),
        *("openalex", "openreview", "pubmed", "semanticscholar"),
    )
)
#: The import format, in which an operator writes records.
IMPORT_FORMAT = "json"
_SAME = {
    "arxivoai": "arxiv",
    "jsonlines": IMPORT_FORMAT,
    "oai": "oaipmh",
    "openalexmergedworks": "openalex",
    "peerscope": IMPORT_FORMAT,
    "pubmedbooks": "pubmed",
    "pubmeddeletions": "pubmed",
}


@lru_cache(maxsize=1_000)
def short_name(name: str) -> str:
    """Return the short name of a format or server: `arXiv (OAI-PMH)` and `arxiv-oai` are `arxiv`."""
    short = re.sub(r"\([^()]*\)|[^a-z0-9]", "", name.lower())
    return _SAME.get(short, short)


def order_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return all sources in their order: those named first, the others as in `ORDER`. Raises SourceError."""
    first = [short_name(name) for name in names]
    if unknown := next((name for name, short in zip(names, first, strict=True) if short not in ORDER), None):
        raise SourceError(f"PEERSCOPE_SOURCE_ORDER: {unknown!r} is not a source; sources are {', '.join(ORDER)}.")
    return tuple(dict.fromkeys((*first, *ORDER)))

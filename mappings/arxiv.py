"""Numbers of arXiv as they are stored: without a version, and without the subject class that they had until 2007."""

from __future__ import annotations

import re
from itertools import pairwise

#: The archives until 2007.
_ARCHIVE = (
    r"(?P<archive>acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat"
    r"|cs|dg-ga|funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math(?:-ph)?|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph"
    r"|q-alg|q-bio|quant-ph|solv-int|supr-con)"
)
_NUMBER = re.compile(r"^(?P<number>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})(?:v\d+)?$", re.IGNORECASE)
#: With a class, as in `cs.LG/0206006` and `cond-mat.str-el/0309136`.
_OLD_NUMBER = re.compile(
    rf"^{_ARCHIVE}(?:\.(?:[a-z]{{2}}|[a-z-]{{4,10}}))?/(?P<number>\d{{7}})(?:v\d+)?$", re.IGNORECASE
)
#: `PS_cache/cs/pdf/0206/0206006v1.pdf`, `ftp/cs/papers/0206/0206006.pdf`.
_OLD_FILE = re.compile(rf"/{_ARCHIVE}/(?:dvi|html|papers|pdf|ps)/\d{{4}}/(?P<number>\d{{7}})(?!\d)", re.IGNORECASE)
_FILE_END = re.compile(r"(?:\.(?:dvi|gz|html?|pdf|ps|tar|tex)){1,2}$", re.IGNORECASE)


def arxiv_number(text: str) -> str | None:
    """Return the number that a text is, `1910.00744` or `cs/0206006`, or None."""
    if match := _NUMBER.match(text):
        return match["number"]
    match = _OLD_NUMBER.match(text)
    return _old_number(match) if match else None


def arxiv_number_in(address: str) -> str | None:
    """Return the number of the paper to which an address of arXiv, or of a site with its papers, leads, or None."""
    if match := _OLD_FILE.search(address):
        return _old_number(match)
    parts = [re.sub(r"^arxiv\.(?=\d)", "", part, flags=re.IGNORECASE) for part in re.split(r"[/:?#&=]", address)]
    parts = [_FILE_END.sub("", part) for part in parts]
    # Numbers until 2007 contain a slash.
    return next(filter(None, map(arxiv_number, [*parts, *map("/".join, pairwise(parts))])), None)


def _old_number(match: re.Match[str]) -> str:
    return f"{match['archive'].lower()}/{match['number']}"

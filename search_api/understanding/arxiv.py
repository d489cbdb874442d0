"""Numbers of arXiv, alone, in the URL of a paper, or in the key of a preprint in DBLP."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from mappings import work_id

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Ids of a work: the normalized one, then others that a collection may have it under.
Ids = tuple[str, ...]

#: The archives until 2007.
_ARCHIVES = (
    r"acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga"
    r"|funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math(?:-ph)?|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph|q-alg"
    r"|q-bio|quant-ph|solv-int|supr-con"
)
_NUMBER = re.compile(r"^\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}(?:v\d+)?$", re.IGNORECASE)
#: With a class, as in `cs.LG/0206006` and `cond-mat.str-el/0309136`, or a space, as in `hep-th 9901001`.
_OLD_NUMBER = re.compile(
    rf"^(?P<archive>{_ARCHIVES})(?:\.(?P<subject>[a-z]{{2}}|[a-z-]{{4,10}}))?[/\s-](?P<number>\d{{7}})(?:v\d+)?$",
    re.IGNORECASE,
)
#: What the URL of a paper contains, there or at others that have a page for each.
_PLACES = ("arxiv", "ar5iv", "alphaxiv", "xxx.lanl.gov", "/papers/")
_DBLP_KEY = re.compile(r"^journals/corr/abs-(?P<month>\d{4})-(?P<number>\d{4,5})$")
_OLD_DBLP_KEY = re.compile(r"^journals/corr/(?P<archive>[a-z-]+)(?:-[A-Z]{2})?-(?P<number>\d{7})$")


def arxiv_ids(text: str) -> Ids:
    """Return the ids of the paper whose number or URL a text is; empty for other texts."""
    return number_ids(text) or next(filter(None, map(number_ids, _segments(text))), ())


def number_ids(text: str) -> Ids:
    """Return the ids for a number of arXiv, with or without a version; empty for other texts."""
    text = text.removesuffix(".pdf")
    if _NUMBER.match(text):
        return (work_id(f"arxiv:{text.lower()}"),)
    if not (match := _OLD_NUMBER.match(text)):
        return ()
    archive, subject, number = match["archive"].lower(), match["subject"], match["number"]
    # The class is no part of the number, but some sources have it in the id: two capitals, or a word in lower case.
    cased = subject and (subject.upper() if len(subject) == 2 else subject.lower())
    return (f"arxiv:{archive}/{number}", *([f"arxiv:{archive}.{cased}/{number}"] if cased else []))


def dblp_ids(key: str) -> Ids:
    """Return the ids for the key of a preprint in DBLP, `journals/corr/abs-1402-3375`; empty for other keys."""
    if match := _DBLP_KEY.match(key):
        return number_ids(f"{match['month']}.{match['number']}")
    match = _OLD_DBLP_KEY.match(key)
    return number_ids(f"{match['archive']}/{match['number']}") if match else ()


def _segments(text: str) -> Iterator[str]:
    """Yield the parts of an address of a paper of arXiv that may be its number; numbers until 2007 contain a slash."""
    is_address = re.match(r"(?:https?://)?[\w.-]+/|abs/|pdf/", text, re.IGNORECASE)
    if not is_address or not (text[:4] in {"abs/", "pdf/"} or any(place in text.lower() for place in _PLACES)):
        return
    parts = [re.sub(r"^arxiv\.(?=\d)", "", part, flags=re.IGNORECASE) for part in re.split(r"[/:?#&=]", text)]
    yield from parts
    yield from map("/".join, pairwise(parts))

"""Numbers of arXiv, alone, in the URL of a paper, or in the key of a preprint in DBLP."""

from __future__ import annotations

import re

from mappings import arxiv_number, arxiv_number_in

#: What the URL of a paper contains, there or at others that have a page for each.
_PLACES = ("arxiv", "ar5iv", "alphaxiv", "xxx.lanl.gov", "/papers/")
_ADDRESS = re.compile(r"(?:https?://)?[\w.-]+/|abs/|pdf/", re.IGNORECASE)
#: What may be in the place of the slash of numbers until 2007, as in `hep-th 9901001`.
_NO_SLASH = re.compile(r"(?<=[a-z])[\s-](?=\d{7}(?!\d))", re.IGNORECASE)
_DBLP_KEY = re.compile(r"^journals/corr/abs-(?P<month>\d{4})-(?P<number>\d{4,5})$")
_OLD_DBLP_KEY = re.compile(r"^journals/corr/(?P<archive>[a-z-]+)(?:-[A-Z]{2})?-(?P<number>\d{7})$")


def arxiv_id(text: str) -> str | None:
    """Return the id of the paper whose number, with or without a version, or URL a text is; None for other texts."""
    text = _NO_SLASH.sub("/", text)
    number = arxiv_number(text.removesuffix(".pdf"))
    if not number and _ADDRESS.match(text):
        is_paper = text[:4] in {"abs/", "pdf/"} or any(place in text.lower() for place in _PLACES)
        number = arxiv_number_in(text) if is_paper else None
    return f"arxiv:{number}" if number else None


def dblp_preprint(key: str) -> str | None:
    """Return the id for the key of a preprint in DBLP, `journals/corr/abs-1402-3375`; None for other keys."""
    if match := _DBLP_KEY.match(key):
        return arxiv_id(f"{match['month']}.{match['number']}")
    match = _OLD_DBLP_KEY.match(key)
    return arxiv_id(f"{match['archive']}/{match['number']}") if match else None

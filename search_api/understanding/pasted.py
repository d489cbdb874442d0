"""The texts of a query that may be an identifier: without what was copied along with it, and parts of a URL."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_PUNCTUATION = ".,;:!?'\"。、，"  # noqa: RUF001 (also full stops and commas of East Asia, which NFKC keeps or makes)
#: `[text](address)` of Markdown, `\doi{...}` of LaTeX, `doi = {...},` of BibTeX, `DO  - ...` of RIS, a link of HTML.
_WRAPPERS = (
    re.compile(r"^\[[^\[\]]{0,500}\]\((?P<inside>[^\s()]{1,500}(?:\([^\s()]{0,100}\)[^\s()]{0,100})?)\)$"),
    re.compile(r"^\\(?:doi|url|href|arxiv|eprint)\{(?P<inside>[^{}]{1,500})\}(?:\{[^{}]{0,500}\})?$", re.IGNORECASE),
    re.compile(r"^(?:doi|url|eprint|pmid|pmcid)\s{0,9}=\s{0,9}[{\"](?P<inside>[^{}\"]{1,500})[}\"]$", re.IGNORECASE),
    re.compile(r"^(?:DO|UR|AN|L[1-4])\s{2}-\s(?P<inside>\S.{0,500})$"),
    re.compile(r"^<?a\s[^<>]{0,200}?href=[\"'](?P<inside>[^\"'<>]{1,500})(?:[\"'].{0,500})?$", re.IGNORECASE),
)
#: Schemes before an identifier or a URL.
_SCHEMES = re.compile(r"^(?:view-source:|info:(?=\w+/)|urn:)", re.IGNORECASE)
_BROKEN_SCHEME = re.compile(r"^(https?)\s?:\s?/\s?/\s?", re.IGNORECASE)
_INNER_URL = re.compile(r"(?<=[/=])https?://", re.IGNORECASE)


def texts_in(text: str) -> Iterator[str]:
    """Yield a query without what surrounds an identifier, and if it is a URL, then a URL within and its parameters."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    text = bare(unicodedata.normalize("NFKC", visible).strip())
    for wrapper in _WRAPPERS:
        if match := wrapper.match(text):
            text = bare(match["inside"].strip())
    text = _SCHEMES.sub("", text.replace("\\/", "/"))
    text = _BROKEN_SCHEME.sub(r"\1://", text)
    yield text
    if re.match(r"https?://", text, re.IGNORECASE):
        yield from _parts(text)


def _parts(url: str) -> Iterator[str]:
    if inner := _INNER_URL.search(url, 8):
        yield url[inner.start() :]
    try:
        query = urlsplit(url).query
    except ValueError:
        return
    for _, value in parse_qsl(query, max_num_fields=None)[:20]:
        yield unquote(value).strip()


def bare(text: str) -> str:
    """Return the text without brackets around it and without punctuation after it."""
    while text:
        last = text[-1]
        opening = _BRACKETS.get(last)
        if opening and text[0] == opening and text.count(last) == text.count(opening):
            text = text[1:-1].strip()
        elif last in _PUNCTUATION or (opening and text.count(last) > text.count(opening)):
            text = text[:-1].rstrip()
        else:
            break
    return text

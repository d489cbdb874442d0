"""The texts of a query that may be an identifier: without what was copied along with it, and parts of a URL."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What word processors and typesetters print in the place of a hyphen or a slash.
LOOKALIKES = str.maketrans(
    dict.fromkeys("‐‑‒–—―−⁃˗﹣－", "-") | dict.fromkeys("⁄∕", "/")  # noqa: RUF001 (these are the characters)
)
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<", "〉": "〈", "⟩": "⟨"}
_PUNCTUATION = ".,;:!?'\"。、，"  # noqa: RUF001 (also full stops and commas of East Asia, which NFKC keeps or makes)
#: `[text](address)` of Markdown, `\doi{...}` of LaTeX, `doi = {...},` of BibTeX, `DO  - ...` of RIS, a link of HTML.
_WRAPPERS = (
    re.compile(r"^\[[^\[\]]{0,500}\]\((?P<inside>[^\s()]{1,500}(?:\([^\s()]{0,100}\)[^\s()]{0,100})?)\)$"),
    re.compile(r"^\\(?:doi|url|href|arxiv|eprint)\{(?P<inside>[^{}]{1,500})\}(?:\{[^{}]{0,500}\})?$", re.IGNORECASE),
    re.compile(r"^(?:doi|url|eprint|pmid|pmcid)\s{0,9}=\s{0,9}[{\"](?P<inside>[^{}\"]{1,500})[}\"]$", re.IGNORECASE),
    re.compile(r"^(?:DO|UR|AN|L[1-4])\s{2}-\s(?P<inside>\S.{0,500})$"),
    re.compile(r"^<?a\s[^<>]{0,200}?href=[\"'](?P<inside>[^\"'<>]{1,500})(?:[\"'].{0,500})?$", re.IGNORECASE),
)
#: A character reference of HTML; without the semicolon, `&note=` of a URL would be one.
_ENTITY = re.compile(r"&#?\w{1,10};")
#: Schemes before an identifier or a URL.
_SCHEMES = re.compile(r"^(?:view-source:|info:(?:ncbi/)?(?=\w+/)|urn:)", re.IGNORECASE)
#: Words that introduce an identifier in a reference or a mail.
_LEAD_IN = re.compile(
    r"^(?:(?:available|retrieved|accessed)\s(?:online\s)?(?:at|from|via)|url|link|see)\s?:?\s+(?=https?://|doi|10\.|arxiv)",
    re.IGNORECASE,
)
#: What follows an identifier in references and on pages: `[cs.LG]`, `[PubMed - indexed for MEDLINE]`, `(2015)`,
#: `, Feb 2014`, `14 Feb 2014`, `(ORCID)`, `. Epub 2015 Jul 15.`
_AFTER = (
    re.compile(r"\s?\[[^\[\]]{1,40}\]$"),
    re.compile(r"[,;.]?\s\(?(?:\d{1,2}\s)?(?:[A-Z][a-z]{2,8}\.?\s)?(?:19|20)\d{2}[a-z]?\)?$"),
    re.compile(r"\s\((?:arxiv|doi|orcid|pmid|ror)(?:\sid)?\)$", re.IGNORECASE),
    re.compile(r"[,;.]\sEpub\s[\w\s]{4,20}$"),
)
_MAX_AFTER = 5
#: A label and an identifier at the end of a URL: `https://identifiers.org/pubmed:12345678`.
_LABELLED_END = re.compile(r"/(?P<end>[A-Za-z]{2,10}:[^/?#\s][^?#\s]*)$")
_BROKEN_SCHEME = re.compile(r"^(https?)\s?:\s?/\s?/\s?", re.IGNORECASE)
_INNER_URL = re.compile(r"(?<=[/=])https?://", re.IGNORECASE)


def texts_in(text: str) -> Iterator[str]:
    """Yield a query without what surrounds an identifier, then decoded, then without what follows the identifier.

    If it is a URL, a URL within and its parameters follow.
    """
    for plain in _decoded(text):
        for variant in _without_end(plain):
            yield variant
            if re.match(r"https?://", variant, re.IGNORECASE):
                yield from _parts(variant)


def _unwrapped(text: str) -> str:
    """Return the text in NFKC, without invisible characters and the syntax of a reference or a page around it."""
    text = bare(_plain(_ENTITY.sub(lambda match: html.unescape(match[0]), text)))
    for wrapper in _WRAPPERS:
        if match := wrapper.match(text):
            text = bare(match["inside"].strip())
    text = _LEAD_IN.sub("", text)
    text = _SCHEMES.sub("", text.replace("\\/", "/"))
    text = _BROKEN_SCHEME.sub(r"\1://", text)
    # Lines of a reference break after a slash.
    return re.sub(r"(?<=/)\s+(?=[^\s(\[])", "", text) if re.match(r"https?://", text, re.IGNORECASE) else text


def _plain(text: str) -> str:
    if text.isascii():
        return text.strip()
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", visible).strip()


def _decoded(text: str) -> Iterator[str]:
    """Yield the text unwrapped, then percent-decoded; a URL within another one may be encoded twice."""
    yield (text := _unwrapped(text))
    for _ in range(2):
        if (decoded := _unwrapped(unquote(text))) == text:
            return
        yield (text := decoded)


def _without_end(text: str) -> Iterator[str]:
    """Yield the text, then without what follows an identifier in references."""
    yield text
    for _ in range(_MAX_AFTER):
        match = next(filter(None, (pattern.search(text) for pattern in _AFTER)), None)
        if not match:
            return
        yield (text := bare(text[: match.start()]))


def _parts(url: str) -> Iterator[str]:
    if inner := _INNER_URL.search(url, 8):
        yield url[inner.start() :]
    if labelled := _LABELLED_END.search(url, 8):
        yield labelled["end"]
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

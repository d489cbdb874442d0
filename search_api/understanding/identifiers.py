"""Recognize an identifier, or the URL of one, that was typed or pasted as a query."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from mappings import doi_in, institution_id, orcid_id, person_id, work_id

Kind = Literal["work", "researcher", "institution"]

#: No identifier is longer, except in URLs that hide nothing else.
MAX_LENGTH = 1_000

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−﹣－", "-"))  # noqa: RUF001 (hyphens of word processors)
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_LABEL = re.compile(
    r"^(?P<label>doi|arxiv|pubmed(?:\s*id)?|pmid|pmcid|orcid(?:\s*id)?|ror|openalex|acl(?:\s*anthology)?|openreview)"
    r"(?:\s*[:=#]\s*|\s+|(?=\d))(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_ARXIV_CLASS = re.compile(r"(?:(?<!\s)\s++)?\[[a-z-]++(?:\.[A-Za-z-]++)?\]$")
_ARXIV = re.compile(r"^(?:\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?$", re.IGNORECASE)
_ARXIV_URL = re.compile(
    r"^(?:https?://)?(?:[\w-]+\.)*arxiv\.org/(?:abs|pdf|html|format|ps|src|e-print|list)/"
    r"(?P<id>[a-z-]+(?:\.[A-Z]{2})?/\d{7}|\d{4}\.\d{4,5})",
    re.IGNORECASE,
)
#: A letter for the venue, the year (1965 to 2020), the number.
_ACL_OLD = re.compile(r"^[AC-FH-UW-Y](?:[01]\d|20|6[5-9]|[7-9]\d)-\d{4}(?:v\d+)?$", re.IGNORECASE)
_ACL_NEW = re.compile(r"^(?:19|20)\d{2}\.[a-z0-9_]+(?:-[a-z0-9_]+)*\.\d+(?:v\d+)?$", re.IGNORECASE)
_ACL_URL = re.compile(
    r"^(?:https?://)?(?:www\.)?(?:aclanthology\.(?:org|info|coli\.uni-saarland\.de)|aclweb\.org/anthology)/"
    r"(?:papers/|volumes/)?(?:[A-Z]/[A-Z]\d{2}/)?(?P<id>[A-Za-z0-9._-]+?)(?:\.(?:pdf|bib|xml|mods|endf))?(?:/.*)?$",
    re.IGNORECASE,
)
_OPENALEX = re.compile(r"^(?:(?:https?://)?(?:www\.|api\.|explore\.)?openalex\.org/(?:\w+/)?)?([WAI])(\d{4,12})$", re.I)
_PUBMED_URL = re.compile(
    r"^(?:https?://)?(?:(?:www\.|m\.)?pubmed\.(?:ncbi\.nlm\.nih\.)?gov|(?:www\.)?ncbi\.nlm\.nih\.gov/(?:m/)?pubmed)/"
    r"(?P<id>\d{1,9})/?$",
    re.IGNORECASE,
)
_PMC = re.compile(
    r"^(?:(?:https?://)?(?:www\.)?(?:pmc\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pmc|europepmc\.org)/articles?/"
    r"|(?:pmcid\s*:\s*))?(?P<id>PMC\d{3,9})(?:/.*)?$",
    re.IGNORECASE,
)
_ORCID = re.compile(r"^(?:\d{4}[- ]){3}\d{3}[\dX]$", re.IGNORECASE)
_ROR = re.compile(r"^(?=\d*[a-z])0[a-hj-km-np-tv-z0-9]{6}\d{2}$", re.IGNORECASE)
#: A page of Peerscope itself, on any host.
_OWN_URL = re.compile(
    r"^https?://[^/\s]+(?:/[^\s?#]*)?/(?P<kind>work|researcher|institution)s/(?P<id>[^\s?#]+?)(?:/(?:graph|similar))?/?"
    r"(?:[?#]\S*)?$"
)


@dataclass(frozen=True)
class Identifier:
    """An identifier in its normalized spelling; `kind` is what it identifies.

    With `is_certain` it is one even if the collection does not contain it; otherwise the text may also be words, such
    as the model number `W1234`.
    """

    id: str
    kind: Kind
    is_certain: bool = True


def identifier_in(text: str) -> Identifier | None:
    """Return the identifier that a query consists of; None for words, and for a query in quotes, which is literal."""
    text = unicodedata.normalize("NFKC", text).strip()
    if not text or len(text) > MAX_LENGTH or text[0] in '"“”«':
        return None
    text = _bare(text)
    for recognize in (_labelled, _doi, _arxiv, _acl, _pubmed, _person, _institution, _openreview, _own):
        if found := recognize(text):
            return found
    return None


def _bare(text: str) -> str:
    """Return the text without brackets around it and without punctuation after it."""
    if text[0] in "<([{" and _BRACKETS.get(text[-1]) == text[0]:
        text = text[1:-1].strip()
    while text and (text[-1] in ".,;:!'\"" or (text[-1] in _BRACKETS and text.count(text[-1]) > text.count("("))):
        if text[-1] in _BRACKETS and text.count(text[-1]) <= text.count(_BRACKETS[text[-1]]):
            break
        text = text[:-1].rstrip()
    return text


def _labelled(text: str) -> Identifier | None:
    """Return the identifier after its label, such as `PMID: 123` or `arXiv:1402.3375v2 [cs.LG]`."""
    if not (match := _LABEL.match(text)):
        return None
    label, rest = re.sub(r"\s.*", "", match["label"].lower()), match["rest"].strip()
    return _BY_LABEL[label](rest)


def _labelled_pubmed(rest: str) -> Identifier | None:
    return Identifier(f"pmid:{int(rest)}", "work") if re.fullmatch(r"\d{1,9}", rest) else None


def _labelled_ror(rest: str) -> Identifier | None:
    return _institution(rest if "/" in rest else f"ror:{rest}")


def _labelled_acl(rest: str) -> Identifier | None:
    if re.search(r"\s", rest):
        return None
    return _acl(rest) or Identifier(person_id(f"acl:{rest}"), "researcher", is_certain=False)


def _labelled_openreview(rest: str) -> Identifier | None:
    if re.search(r"\s", rest):
        return None
    kind: Kind = "researcher" if rest.startswith("~") else "work"
    return Identifier(f"openreview:{rest}", kind, is_certain=False)


def _doi(text: str) -> Identifier | None:
    """Return the work of a DOI, alone or in a URL."""
    text = unquote(text.translate(_DASHES)) if "%" in text else text.translate(_DASHES)
    text = re.sub(r"[?&]utm_\S*$", "", text)
    # Some pages print "10.1000 / xyz".
    text = re.sub(r"^(10\.\d{4,9})\s*/\s*", r"\1/", text)
    is_alone = not re.search(r"\s", text) and re.match(r"(?:10\.|https?://|(?:www\.|dx\.)?doi\.org/)", text, re.I)
    doi = doi_in(text) if is_alone else None
    return Identifier(work_id(f"doi:{doi}"), "work") if doi else None


def _arxiv(text: str) -> Identifier | None:
    if match := _ARXIV_URL.match(text):
        text = match["id"]
    if not _ARXIV.match(text):
        return None
    archive, slash, number = text.rpartition("/")
    name, dot, subject = archive.partition(".")
    return Identifier(work_id(f"arxiv:{name.lower()}{dot}{subject.upper()}{slash}{number.lower()}"), "work")


def _acl(text: str) -> Identifier | None:
    """Return a paper of the ACL Anthology, or a person in a URL of theirs."""
    if match := re.match(r"^(?:https?://)?aclanthology\.org/people/", text, re.IGNORECASE):
        return Identifier(person_id("aclanthology.org/people/" + text[match.end() :]), "researcher")
    is_url = _ACL_URL.match(text)
    id_ = is_url["id"] if is_url else text
    if _ACL_OLD.match(id_):
        return Identifier("acl:" + re.sub(r"V\d+$", "", id_.upper()), "work")
    if _ACL_NEW.match(id_):
        return Identifier("acl:" + re.sub(r"v\d+$", "", id_.lower()), "work")
    return None


def _pubmed(text: str) -> Identifier | None:
    if match := _PUBMED_URL.match(text):
        return Identifier(f"pmid:{int(match['id'])}", "work")
    if match := _PMC.match(text):
        return Identifier(f"pmcid:{match['id'].upper()}", "work")
    return None


def _person(text: str) -> Identifier | None:
    """Return a person by an ORCID iD, also one whose check digit is wrong, or by an id of OpenAlex."""
    plain = re.sub(r"\s+", " ", text.translate(_DASHES)).strip()
    with suppress(ValueError):
        return Identifier(orcid_id(plain.replace(" ", "")), "researcher")
    digits = re.sub(r"^(?:https?://)?(?:www\.)?orcid\.org/", "", plain, flags=re.IGNORECASE)
    if _ORCID.match(digits):
        return Identifier(digits.replace(" ", "-").upper(), "researcher")
    return _openalex(text)


def _openalex(text: str) -> Identifier | None:
    if not (match := _OPENALEX.match(text)):
        return None
    letter, number = match[1].upper(), match[2]
    kinds: dict[str, Kind] = {"W": "work", "A": "researcher", "I": "institution"}
    # W1234 may be a model number; real ids have more digits.
    is_certain = match[0].lower() != f"{letter}{number}".lower() or len(number) > 6
    return Identifier(f"openalex:{letter}{number}", kinds[letter], is_certain)


def _institution(text: str) -> Identifier | None:
    if text.isdecimal():
        return None
    id_ = institution_id(text)
    if id_ != text or re.fullmatch(r"ror:0\w{6}\d{2}", id_):
        return Identifier(id_, "institution")
    return Identifier(f"ror:{text.lower()}", "institution", is_certain=False) if _ROR.match(text) else None


def _openreview(text: str) -> Identifier | None:
    if (person := person_id(text)).startswith("openreview:"):
        return Identifier(person, "researcher")
    if re.fullmatch(r"~[^\W\d]\S*\d", text) and "_" in text[2:-1]:
        return Identifier(f"openreview:{text}", "researcher", is_certain=False)
    if "openreview.net/" in text and (work := work_id(text)).startswith("openreview:"):
        return Identifier(work, "work")
    return None


def _own(text: str) -> Identifier | None:
    """Return the item of a page of Peerscope, and a work by any other id that works have, such as `local:x`."""
    if match := _OWN_URL.match(text):
        kind: Kind = match["kind"]  # type: ignore[assignment]  # the pattern has these three
        id_ = unquote(match["id"])
        return Identifier(work_id(id_) if kind == "work" else id_, kind, is_certain=False)
    is_word = re.search(r"\s", text) or not re.search(r"[:/]", text)
    if not is_word and (not (id_ := work_id(text)).startswith("local:") or text.startswith("local:")):
        return Identifier(id_, "work", is_certain=False)
    return None


_BY_LABEL = {
    "acl": _labelled_acl,
    "arxiv": lambda rest: _arxiv(_ARXIV_CLASS.sub("", rest)) or _doi(rest),
    "doi": _doi,
    "openalex": _openalex,
    "openreview": _labelled_openreview,
    "orcid": _person,
    "pmcid": _pubmed,
    "pmid": _labelled_pubmed,
    "pubmed": _labelled_pubmed,
    "ror": _labelled_ror,
}

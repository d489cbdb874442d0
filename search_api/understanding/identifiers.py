"""Recognize an identifier, or the URL of one, that was typed or pasted as a query."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from mappings import doi_in, institution_id, orcid_id, person_id, work_id
from search_api.understanding.arxiv import arxiv_id, dblp_preprint
from search_api.understanding.catalogues import catalogue_id
from search_api.understanding.pasted import LOOKALIKES, bare, texts_in

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["work", "researcher", "institution"]

#: No identifier is longer, except in URLs that hide nothing else.
MAX_LENGTH = 1_000
#: Digits of a year, which a number after the name of a database may be.
YEAR = 4
#: Digits of a number that may be one of OpenAlex without its URL, and above which it certainly is.
MIN_OPENALEX, CERTAIN_OPENALEX = 4, 6

#: Names of identifiers. A period may follow as in `arXiv.org:`, and words as in `DOI number`.
_LABEL = re.compile(
    r"^(?:crossref\s)?(?P<label>(?:dx\.)?doi|digital object identifier|arxiv|corr|(?:e-?|pre)print|pubmed|pmid|pmcid"
    r"|pmc|medline|europepmc|orcid|isni|ror|openalex|(?:acl\s)?anthology|aclanthology|acl|openreview|hal|handle|hdl"
    r"|bibcode)(?:\.org(?=[\s:]))?(?:[\s-]?(?:ids?|numbers?|no\.?|nr\.?|(?:e-?|pre)prints?)(?![a-z]))?"
    r"(?:\s*[:=#/.,(>-]{1,3}\s*|\s+|(?=\d))(?P<rest>\S.*)$",
    re.IGNORECASE,
)
#: A label in the middle of a text: `doi:10.1000/xyz. PMID: 12345678; PMCID: PMC3531190`.
_NEXT_LABEL = re.compile(r"[.;,]?\s{1,9}(?=(?:doi|pmid|pmcid|arxiv)(?:\s?:|\s))", re.IGNORECASE)
#: Identifiers of records in repositories: `oai:arXiv.org:1402.3375`.
_OAI = re.compile(
    r"^oai:(?P<place>arxiv\.org|hal|pubmedcentral\.nih\.gov|(?:www\.)?aclanthology\.org):(?P<id>\S+)$", re.IGNORECASE
)
#: A letter for the venue, the year (1965 to 2020), the number.
_ACL_OLD = re.compile(r"^[AC-FH-UW-Y](?:[01]\d|20|6[5-9]|[7-9]\d)-\d{4}(?:v\d+)?$", re.IGNORECASE)
_ACL_NEW = re.compile(r"^(?:19|20)\d{2}\.[a-z0-9_]+(?:-[a-z0-9_]+)*\.\d+(?:v\d+)?$", re.IGNORECASE)
_ACL_URL = re.compile(
    r"^(?:https?://)?(?:www\.)?(?:aclanthology\.(?:org|info|coli\.uni-saarland\.de)|aclweb\.org/anthology)/"
    r"(?:papers/|volumes/)?(?:[A-Z]/[A-Z]\d{2}/)?(?P<id>[A-Za-z0-9._-]+?)(?:\.(?:pdf|bib|xml|mods|endf))?(?:/.*)?$",
    re.IGNORECASE,
)
_OPENALEX = re.compile(
    r"^(?P<url>(?:https?://)?(?:www\.|api\.|explore\.)?openalex\.org/(?:\w+/)?)?(?P<letter>[WAI])(?P<number>\d{1,12})$",
    re.IGNORECASE,
)
#: An iD with any separators, alone or in a URL of ORCID.
_ORCID = re.compile(r"^(?:id[\s:]\s?)?(?P<iD>(?:\d{4}\s?[-_/]?\s?){3}\d{3}[\dX])$", re.IGNORECASE)
_ORCID_URL = re.compile(
    r"^(?:https?://)?(?:[\w-]+\.)*orcid\.org/(?:v[\d.]+/)?(?P<iD>[\dX-]{16,19})(?:/[\w-]*)?$", re.IGNORECASE
)
_ROR_API = re.compile(r"^(?:https?://)?api\.ror\.org/(?:v\d/)?organizations/", re.IGNORECASE)
_ROR = re.compile(r"^(?=\d*[a-z])0[a-hj-km-np-tv-z0-9]{6}\d{2}$", re.IGNORECASE)
_OPENREVIEW_URL = re.compile(
    r"^(?:https?://)?(?:\w+\.)?openreview\.net/[^\s?]*\?(?:\S*&)?id=(?P<id>[\w-]+)(?:[&#]\S*)?$"
)
#: A page of Peerscope itself, on any host.
_OWN_URL = re.compile(
    r"^https?://[^/\s]+(?:/[^\s?#]*)?/(?P<kind>work|researcher|institution)s/(?P<id>[^\s?#]+?)(?:/(?:graph|similar))?/?"
    r"(?:[?#]\S*)?$"
)


@dataclass(frozen=True)
class Identifier:
    """An identifier in its normalized spelling; `kind` is what it identifies.

    With `is_certain` it is one even if the collection does not contain it; otherwise the text may also be words, such
    as the model number `W1234`. `also` are other ids that the collection may have the work under.
    """

    id: str
    kind: Kind
    is_certain: bool = True
    also: tuple[str, ...] = ()


def identifier_in(text: str) -> Identifier | None:
    """Return the identifier that a query consists of; None for words, and for a query in quotes, which is literal.

    Of several identifiers, as references have them of one work, the first is returned with the others in `also`.
    """
    text = text.strip()
    if not text or len(text) > MAX_LENGTH or (text[0] in '"“”«' and text[-1] in '"“”»'):
        return None
    text = text.lstrip('"“”«')
    if found := _single(text):
        return found
    if len(labelled := _NEXT_LABEL.split(text)) < 2:
        return None
    every = [_single(part) for part in labelled]
    works = [found for found in every if found and found.kind == "work"]
    if len(works) < 2 or len(works) < len(every):
        return None
    first, *others = works
    return replace(first, also=(*first.also, *(id_ for other in others for id_ in (other.id, *other.also))))


def _single(text: str) -> Identifier | None:
    """Return the identifier that a text consists of; a page of Peerscope only if it contains no other."""
    candidates = list(filter(None, texts_in(text)))
    for candidate in candidates:
        plain = candidate.translate(LOOKALIKES)
        for recognize in (_labelled, _oai, _doi, _arxiv, _acl, _catalogue, _person, _institution, _openreview):
            if found := recognize(plain):
                return found
    return next(filter(None, map(_own, candidates)), None)


def _labelled(text: str) -> Identifier | None:
    """Return the identifier after its label, such as `PMID: 123` or `arXiv:1402.3375v2 [cs.LG]`."""
    if not (match := _LABEL.match(text)):
        return None
    label, rest = re.sub(r"\s.*|-", "", match["label"].lower().removeprefix("dx.")), bare(match["rest"].strip())
    return _BY_LABEL[label](rest) or (_labelled(rest) if rest else None)


def _labelled_pubmed(rest: str) -> Identifier | None:
    return Identifier(f"pmid:{int(rest)}", "work") if re.fullmatch(r"\d{1,9}", rest) else None


def _labelled_medline(rest: str) -> Identifier | None:
    """Return the work, unless the number may be a year: `PubMed 2020`."""
    return _labelled_pubmed(rest) if len(rest) > YEAR else None


def _labelled_pmc(rest: str) -> Identifier | None:
    found = _catalogue(rest) or _catalogue(f"PMC{rest}")
    return replace(found, is_certain=len(rest) > YEAR) if found else None


def _labelled_ror(rest: str) -> Identifier | None:
    return _institution(rest if "/" in rest else f"ror:{rest}")


def _labelled_acl(rest: str) -> Identifier | None:
    if re.search(r"[\s/]", rest):
        return None
    return _acl(rest) or Identifier(person_id(f"acl:{rest}"), "researcher", is_certain=False)


def _labelled_corr(rest: str) -> Identifier | None:
    return _arxiv(re.sub(r"^vol(?:ume|\.)?\s", "", rest))


def _labelled_handle(rest: str) -> Identifier | None:
    """Return the work of a handle; those of DOIs are DOIs."""
    if found := _doi(rest):
        return found
    handle = work_id(f"https://hdl.handle.net/{rest}")
    return Identifier(handle, "work") if handle.startswith("handle:") and not re.search(r"\s", rest) else None


def _labelled_openreview(rest: str) -> Identifier | None:
    if re.search(r"[\s/?]", rest):
        return None
    kind: Kind = "researcher" if rest.startswith("~") else "work"
    return Identifier(f"openreview:{rest}", kind, is_certain=False)


def _oai(text: str) -> Identifier | None:
    """Return the work of a record in a repository, which may be stored under the identifier of the record."""
    if not (match := _OAI.match(text)):
        return None
    place, id_ = match["place"].lower(), match["id"]
    if place == "pubmedcentral.nih.gov":
        found = _labelled_pmc(id_)
    else:
        found = {"arxiv.org": _arxiv, "hal": _catalogue}.get(place, _acl)(id_)
    return replace(found, also=(*found.also, f"oai:{text[4:]}")) if found else None


def _doi(text: str) -> Identifier | None:
    """Return the work of a DOI, alone or in a URL."""
    if re.match(r"https?://", text, re.IGNORECASE):
        text = text.partition("#")[0]
        path, _, parameters = text.partition("?")
        # A DOI in the parameters of a URL is one of the texts by itself.
        text = path if "10." in path else "" if parameters else text
    text = re.sub(r"[?&]utm_\S*$", "", unquote(text) if "%" in text else text)
    # Some pages print "10.1000 / xyz" or "10. 1000/xyz".
    text = re.sub(r"^10\.\s?(\d{4,9})\s*/\s*", r"10.\1/", text)
    is_alone = not re.search(r"\s", text) and re.match(
        r"(?:doi/|10\.|https?://|(?:www\.|dx\.)?doi\.org/|hdl\.handle\.net/)", text, re.I
    )
    if not is_alone or not (doi := doi_in(text)):
        return None
    # arXiv's own DOIs contain the number.
    return Identifier(work_id(f"doi:{doi}"), "work")


def _arxiv(text: str) -> Identifier | None:
    return Identifier(id_, "work") if (id_ := arxiv_id(text)) else None


def _acl(text: str) -> Identifier | None:
    """Return a paper of the ACL Anthology, or a person in a URL of theirs."""
    if match := re.match(r"^(?:https?://)?aclanthology\.org/people/", text, re.IGNORECASE):
        return Identifier(person_id("aclanthology.org/people/" + text[match.end() :]), "researcher")
    is_url = _ACL_URL.match(text)
    id_ = is_url["id"] if is_url else text.removesuffix(".pdf")
    if _ACL_OLD.match(id_):
        return Identifier("acl:" + re.sub(r"V\d+$", "", id_.upper()), "work")
    if _ACL_NEW.match(id_):
        return Identifier("acl:" + re.sub(r"v\d+$", "", id_.lower()), "work")
    return None


def _catalogue(text: str) -> Identifier | None:
    if not (found := catalogue_id(text)):
        return None
    preprint = dblp_preprint(found.removeprefix("dblp:"))
    return Identifier(found, "work", also=(preprint,) if preprint else ())


def _person(text: str) -> Identifier | None:
    """Return a person by an ORCID iD, also one whose check digit is wrong, or by an id of OpenAlex."""
    if match := _ORCID.match(text) or _ORCID_URL.match(re.sub(r"[?#].*", "", text)):
        digits = re.sub(r"[^\dX]", "", match["iD"].upper())
        is_orcid = len(digits) == 16 and ("X" not in digits[:-1])
        with suppress(ValueError):
            return Identifier(orcid_id(digits), "researcher")
        # Sixteen digits without separators may be any number.
        if is_orcid and match["iD"] != digits:
            return Identifier("-".join(digits[i : i + 4] for i in range(0, 16, 4)), "researcher")
    return _openalex(text)


def _openalex(text: str) -> Identifier | None:
    if not (match := _OPENALEX.match(re.sub(r"/?(?:[?#].*)?$", "", text))):
        return None
    letter, number = match["letter"].upper(), match["number"]
    # Without a URL, W1234 may be a model number and I5 a word; real ids have more digits.
    if not match["url"] and len(number) < MIN_OPENALEX:
        return None
    kinds: dict[str, Kind] = {"W": "work", "A": "researcher", "I": "institution"}
    is_certain = bool(match["url"]) or len(number) > CERTAIN_OPENALEX
    return Identifier(f"openalex:{letter}{number}", kinds[letter], is_certain)


def _institution(text: str) -> Identifier | None:
    text = _ROR_API.sub("", text)
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
    match = _OPENREVIEW_URL.match(text)
    return Identifier(f"openreview:{match['id']}", "work") if match else None


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


_BY_LABEL: dict[str, Callable[[str], Identifier | None]] = {
    **dict.fromkeys(("acl", "aclanthology", "anthology"), _labelled_acl),
    **dict.fromkeys(("arxiv", "eprint", "preprint"), lambda rest: _arxiv(rest) or _doi(rest)),
    **dict.fromkeys(("bibcode", "hal"), _catalogue),
    "corr": _labelled_corr,
    **dict.fromkeys(("digital", "doi"), _doi),
    **dict.fromkeys(("handle", "hdl"), _labelled_handle),
    **dict.fromkeys(("medline", "pubmed"), _labelled_medline),
    "openalex": lambda rest: _openalex(re.sub(r"^\w+/", "", rest)),
    "openreview": _labelled_openreview,
    **dict.fromkeys(("isni", "orcid"), _person),
    **dict.fromkeys(("europepmc", "pmc", "pmcid"), _labelled_pmc),
    "pmid": _labelled_pubmed,
    "ror": _labelled_ror,
}

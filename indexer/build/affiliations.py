"""Finds the institutions of an affiliation, as printed or as described by the source.

Institutions that the source describes are preferred, by ROR id or the source's id. A printed affiliation is split and
normalized, so that `Dept. of CS, Univ. of Edinburgh, UK` and `university of edinburgh` are one institution; different
names of one institution (`MIT` and its long name) remain two.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from indexer.identity import fold_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexer.records import Author
    from mappings.documents import InstitutionName

#: Maximum characters of a slug, which becomes an id.
MAX_SLUG = 100

_NO_INSTITUTION = {
    "",
    "n a",
    "na",
    "none",
    "null",
    "unaffiliated",
    "independent",
    "independent researcher",
    "no affiliation",
}
_ABBREVIATIONS = (
    (re.compile(r"\bUniv\b\.?", re.IGNORECASE), "University"),
    (re.compile(r"\bInst\b\.?", re.IGNORECASE), "Institute"),
    (re.compile(r"\bTech\.", re.IGNORECASE), "Technology"),
    (re.compile(r"\bDept?\b\.?", re.IGNORECASE), "Department"),
    (re.compile(r"\bLab\b\.?s?$", re.IGNORECASE), "Lab"),
)
#: Words that mark a part of an affiliation as an institution, in the languages of most affiliations.
_INSTITUTION = re.compile(
    r"universi|\binstitut\w* (of|de|for|für)|institute$|politec|polytech|\bcollege\b|academ|école|ecole|hochschule|"
    r"\bcnrs\b|\binria\b|\bmax[ -]planck|hospital|\bcorporation\b|\bresearch\b|\blabs?\b|laborator",
    re.IGNORECASE,
)
_UNIVERSITY = re.compile(r"universi|politec|polytech|hochschule|institute of technology|\bécole\b", re.IGNORECASE)
_DEPARTMENT = re.compile(
    r"^(the )?(department|school|faculty|division|section|group|chair|college of|graduate school|cent(er|re) for)\b",
    re.IGNORECASE,
)
_LEGAL_FORM = re.compile(
    r"(?:(?<![\s,.&])[\s,.&]++)?\b(inc|ltd|llc|gmbh|co|corp|plc|n ?v|s ?a|s ?r ?l|b ?v|ag|limited|company)\b$"
)
_AND = re.compile(
    r"(?:(?:,|(?<!\s))\s++and|(?:(?<!\s)\s++)?&)\s++"
    r"(?=(?:The )?(?:University|Universit|Institute of|Max[ -]Planck|National )\b)"
)
#: A remark in parentheses, which may contain others.
_REMARK = re.compile(r"\((?:[^()]|\([^()]*+\))*+\)")
_SEPARATOR = re.compile(r"(?:(?<!\s)\s++)?[;|]\s*+|(?<!\s)\s++/\s++")
#: University systems, whose campuses are the institutions.
_SYSTEM = re.compile(
    r"^university of (california|texas|illinois|wisconsin|massachusetts|maryland|north carolina)$|"
    r"^(indian|national) institute of technology$|^international institute of information technology$",
    re.IGNORECASE,
)
_SMALL_WORDS = {"of", "and", "for", "the", "in", "at", "de", "la", "di", "der", "für", "do", "da"}


def institutions(author: Author) -> list[InstitutionName]:
    """Return the distinct institutions of an author, in the order of the source."""
    if author.institutions:
        named = [(_source_id(place.ror, place.id) or slug(place.name), place.name) for place in author.institutions]
    else:
        named = [(slug(name), name) for name in printed_institutions(author.affiliation or "")]
    first_names = dict(reversed(named))
    return [{"id": id_, "name": first_names[id_]} for id_ in dict(named) if id_]


def _source_id(ror: str | None, id_: str | None) -> str | None:
    return f"ror:{ror.rstrip('/').rpartition('/')[2]}" if ror else id_


def slug(name: str) -> str:
    """Return the id of an institution that is known by name only, without legal forms such as Inc."""
    folded = fold_name(name).removeprefix("the ")
    while (shorter := _LEGAL_FORM.sub("", folded).strip()) and shorter != folded:
        folded = shorter
    return folded.replace(" ", "-")[:MAX_SLUG]


@lru_cache(maxsize=20_000)  # each is printed on many works
def printed_institutions(affiliation: str) -> tuple[str, ...]:
    """Return the institutions in a printed affiliation: `Amazon`, `MIT` of `Amazon and Dept. of CS, MIT`."""
    parts = [piece for part in _SEPARATOR.split(affiliation) for piece in _split_at_and(part)]
    names = (name for part in parts for name in _institutions_of(_expand_abbreviations(part)))
    return tuple(name for name in names if fold_name(name) not in _NO_INSTITUTION)


def _split_at_and(part: str) -> Iterable[str]:
    """Split at an `and` or `&` if an institution begins after it; otherwise it is part of a name."""
    return _AND.split(part)


def _expand_abbreviations(part: str) -> str:
    part = _REMARK.sub(" ", part)
    for pattern, word in _ABBREVIATIONS:
        part = pattern.sub(word, part)
    return " ".join(part.split())


def _institutions_of(part: str) -> list[str]:
    """Choose among the pieces between commas: universities, else an institution, else the first non-department."""
    pieces = [piece.strip(" .") for piece in part.split(",") if piece.strip(" .")]
    whole = [piece for piece in pieces if not _DEPARTMENT.match(piece)] or pieces
    universities = [_with_campus(piece, whole[n + 1 :]) for n, piece in enumerate(whole) if _UNIVERSITY.search(piece)]
    others = [piece for piece in whole if _INSTITUTION.search(piece)] or whole
    return [_capitalized(name) for name in universities or others[:1]]


def _with_campus(name: str, following: list[str]) -> str:
    """Append the campus to the name of a university system: `University of California, Berkeley`."""
    return f"{name}, {following[0]}" if following and _SYSTEM.search(name) else name


def _capitalized(name: str) -> str:
    """Capitalize a name in lower or upper case like a name; mixed case is kept."""
    if not (name.islower() or name.isupper()) or (name.isupper() and " " not in name):
        return name
    words = name.lower().split()
    return " ".join(word if index and word in _SMALL_WORDS else word.capitalize() for index, word in enumerate(words))

"""Affiliation, as printed or as a source knows it -> institutions with an id and a name.

A source's own institutions come first: by ROR id, else by the source's id. A printed affiliation is taken apart and
cleaned, so that `Dept. of CS, Univ. of Edinburgh, UK` and `university of edinburgh` are one institution; what cannot be
told apart from its spelling alone (`MIT` and its long name) stays two.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from indexer.identity import fold_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexer.records import Author

#: Characters of a slug that becomes an id.
MAX_SLUG = 100

_NOBODY = {"", "n a", "na", "none", "null", "unaffiliated", "independent", "independent researcher", "no affiliation"}
_ABBREVIATIONS = (
    (re.compile(r"\bUniv\b\.?", re.IGNORECASE), "University"),
    (re.compile(r"\bInst\b\.?", re.IGNORECASE), "Institute"),
    (re.compile(r"\bTech\.", re.IGNORECASE), "Technology"),
    (re.compile(r"\bDept?\b\.?", re.IGNORECASE), "Department"),
    (re.compile(r"\bLab\b\.?s?$", re.IGNORECASE), "Lab"),
)
#: Words by which a part of an affiliation is an institution of its own, in the languages of most affiliations.
_INSTITUTION = re.compile(
    r"universi|\binstitut\w* (of|de|for|für)|institute$|politec|polytech|\bcollege\b|academ|école|ecole|hochschule|"
    r"\bcnrs\b|\binria\b|\bmax[ -]planck|hospital|\bcorporation\b|\bresearch\b|\blabs?\b|laborator",
    re.IGNORECASE,
)
_UNIVERSITY = re.compile(r"universi|politec|polytech|hochschule|institute of technology|\bécole\b", re.IGNORECASE)
_PART_OF_ONE = re.compile(
    r"^(the )?(department|school|faculty|division|section|group|chair|college of|graduate school|cent(er|re) for)\b",
    re.IGNORECASE,
)
_LEGAL_FORM = re.compile(r"[\s,.&]*\b(inc|ltd|llc|gmbh|co|corp|plc|n ?v|s ?a|s ?r ?l|b ?v|ag|limited|company)\b$")
_AND = re.compile(r"(?:,?\s+and|\s*&)\s+(?=(?:The )?(?:University|Universit|Institute of|Max[ -]Planck|National )\b)")
#: Systems of universities, of which the campus is the institution.
_SYSTEM = re.compile(
    r"^university of (california|texas|illinois|wisconsin|massachusetts|maryland|north carolina)$|"
    r"^(indian|national) institute of technology$|^international institute of information technology$",
    re.IGNORECASE,
)
_SMALL_WORDS = {"of", "and", "for", "the", "in", "at", "de", "la", "di", "der", "für", "do", "da"}


def institutions(author: Author) -> list[dict[str, str]]:
    """Return the institutions of an author as `{"id", "name"}`, in the order given, none twice."""
    if author.institutions:
        found = [(_known_id(one.ror, one.id) or slug(one.name), one.name) for one in author.institutions]
    else:
        found = [(slug(name), name) for name in printed_institutions(author.affiliation or "")]
    first = dict(reversed(found))
    return [{"id": id_, "name": first[id_]} for id_ in dict(found) if id_]


def _known_id(ror: str | None, id_: str | None) -> str | None:
    return f"ror:{ror.rstrip('/').rpartition('/')[2]}" if ror else id_


def slug(name: str) -> str:
    """Return the id of an institution that is known by name alone; legal forms such as Inc. do not count."""
    folded = fold_name(name).removeprefix("the ")
    while (shorter := _LEGAL_FORM.sub("", folded).strip()) and shorter != folded:
        folded = shorter
    return folded.replace(" ", "-")[:MAX_SLUG]


@lru_cache(maxsize=20_000)  # as each is printed on many works
def printed_institutions(affiliation: str) -> tuple[str, ...]:
    """Take a printed affiliation apart: `Amazon and Dept. of CS, MIT` gives `Amazon`, `MIT`."""
    parts = [piece for part in re.split(r"\s*[;|]\s*|\s+/\s+", affiliation) for piece in _joined_by_and(part)]
    names = (name for part in parts for name in _institutions_of(_spelled_out(part)))
    return tuple(name for name in names if fold_name(name) not in _NOBODY)


def _joined_by_and(part: str) -> Iterable[str]:
    """Part at an `and` or `&` that is followed by an institution's own beginning, not by half of its name."""
    return _AND.split(part)


def _spelled_out(part: str) -> str:
    part = re.sub(r"\([^)]*\)", " ", part)
    for pattern, word in _ABBREVIATIONS:
        part = pattern.sub(word, part)
    return " ".join(part.split())


def _institutions_of(part: str) -> list[str]:
    """Choose among the pieces between commas: universities, else an institution, else the first that is whole."""
    pieces = [piece.strip(" .") for piece in part.split(",") if piece.strip(" .")]
    whole = [piece for piece in pieces if not _PART_OF_ONE.match(piece)] or pieces
    universities = [_with_campus(piece, whole[n + 1 :]) for n, piece in enumerate(whole) if _UNIVERSITY.search(piece)]
    others = [piece for piece in whole if _INSTITUTION.search(piece)] or whole
    return [_cased(name) for name in universities or others[:1]]


def _with_campus(name: str, following: list[str]) -> str:
    """Keep what tells the campuses of a system apart: `University of California, Berkeley`."""
    return f"{name}, {following[0]}" if following and _SYSTEM.search(name) else name


def _cased(name: str) -> str:
    """Return words of one case capitals where names have them; mixed case is somebody's choice and stays."""
    if not (name.islower() or name.isupper()) or (name.isupper() and " " not in name):
        return name
    words = name.lower().split()
    return " ".join(word if index and word in _SMALL_WORDS else word.capitalize() for index, word in enumerate(words))

"""Parse printed affiliations: several institutions, departments, places, remarks.

`Dept. of CS, Univ. of Edinburgh, UK and Amazon` names two institutions. What is an institution is decided by words
such as `University` in many languages, and by names that are known: from a list, a ROR dump, or the collection itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from indexer.identity import fold_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence


class KnownNames(Protocol):
    """Names of institutions that are known, and names of places."""

    def is_known(self, name: str) -> bool:
        """Return whether a printed name is that of an institution."""

    def is_place(self, name: str) -> bool:
        """Return whether a printed name is that of a country or city."""


NO_INSTITUTION = {
    "", "n a", "na", "none", "null", "unaffiliated", "independent", "independent researcher", "independent scholar",
    "no affiliation", "researcher", "student", "phd student", "freelancer", "freelance", "ai engineer", "engineer",
    "retired", "individual", "self employed", "self", "unknown",
}  # fmt: skip
_ABBREVIATIONS = (
    (re.compile(r"\bUniv\b\.?", re.IGNORECASE), "University"),
    (re.compile(r"\bU\.(?=\s|$)"), "University"),
    (re.compile(r"\bInst\b\.?", re.IGNORECASE), "Institute"),
    (re.compile(r"\bTech\.", re.IGNORECASE), "Technology"),
    (re.compile(r"\bDept?\b\.?", re.IGNORECASE), "Department"),
    (re.compile(r"\bLab\b\.?s?$", re.IGNORECASE), "Lab"),
    (re.compile(r"\bIIT\b(?=[\s,-]++[A-Z])"), "Indian Institute of Technology"),
    (re.compile(r"\bTU\b(?=\s++[A-Z])"), "Technical University of"),
)
#: Words that mark a part of an affiliation as an institution, in the languages of most affiliations.
_INSTITUTION = re.compile(
    r"universi|\binstitut\w* (of|de|for|für)|institute$|politec|polytech|\bcollege\b|academ|école|ecole|hochschule|"
    r"\bmax[ -]planck|hospital|\bcorporation\b|\bresearch\b|\blabs?\b|laborator|\bclini[ck]|krankenhaus|"
    r"\bfoundation\b|\bministry\b",
    re.IGNORECASE,
)
_UNIVERSITY = re.compile(
    r"universi|universtät|politec|polytech|hochschule|institute of technology|\bécole\b|institute of science\b|"
    r"institute of information technology|"
    r"\bengineering college\b|\bcollege (of|london|cork|dublin)\b|advanced institute of|\bhospital\b|"
    r"\bmedical (school|center|centre)\b|\bmax[ -]planck institute",
    re.IGNORECASE,
)
#: Words of names that identify nothing on their own.
_GENERIC = {
    "the", "of", "and", "for", "university", "hospital", "hospitals", "medical", "medicine", "center", "centre",
    "school", "college", "institute", "clinic", "clinical", "general", "regional", "national", "district",
    "central", "public", "teaching", "children", "childrens", "s", "women", "pharmacy", "va", "veterans",
    "affairs", "administration", "health", "science", "sciences", "research", "department", "technical", "city",
    "county",
}  # fmt: skip
_DEPARTMENT = re.compile(
    r"^(the )?(department|departmen|school|faculty|division|section|group|chair|college of|graduate school|"
    r"cent(?:er|re) for|unit|service|clinic of|klinik für|computer science departmen)\b|\bdepartment$|\bdepartmen$",
    re.IGNORECASE,
)
#: Names of units that every university has, and addresses, which do not identify an institution.
_NOTHING = re.compile(r"^(the )?(department|faculty|division|section|chair|unit|service)\b|@", re.IGNORECASE)
_COMPANY = re.compile(r"\b(inc|ltd|llc|gmbh|corp|plc|ag|limited|s\.?a|b\.?v|pvt)\b\.?$", re.IGNORECASE)
#: The second half of a legal form: `Co., Ltd.`
_LEGAL_PIECE = re.compile(r",(?=\s*+(?:inc|ltd|llc|gmbh|corp|limited)\b)", re.IGNORECASE)
#: Units that also stand alone in other affiliations, but belong to the university that is named beside them.
_UNIT = re.compile(r"\b(cent(er|re)|lab|laborator\w*|group|institute|unit)\b", re.IGNORECASE)
#: The begin of a name with its head noun first, or after other words: then an institution follows an `and`.
_HEAD_FIRST = re.compile(
    r"^(the )?(universi|institut\w* (of|de|for|für)|max[ -]planck|national |école|ecole|hospital)", re.IGNORECASE
)
_HEAD_LATER = re.compile(
    r"^((?:\w[\w.\u2019'-]*+ ){1,4}?)(universi|institute of technology|college|academy|hospital|institut|school\b|"
    r"labs?\b|research$|center|centre)",
    re.IGNORECASE,
)
_OF = re.compile(r"\b(of|for|de|del|der|für|in)\b", re.IGNORECASE)
_CONJUNCTION = re.compile(r"(,? (?:and|&) (?:, )?)", re.IGNORECASE)
_LEADING_AND = re.compile(r"^(and|&) ", re.IGNORECASE)
#: Characters of an affiliation that are read: one with 22 universities has 600.
MAX_LENGTH = 2_000
#: A remark in parentheses, which may contain others.
_REMARK = re.compile(r"\((?:[^()]|\([^()]*+\))*+\)")
#: Marks of a footnote before a name: `2Harvard Medical School`, `#N# *Department`.
_FOOTNOTE = re.compile(r"^\s*+(?:#N#\s*+)?[*†‡§¶]*+\d{0,4}+\s*+(?=[A-Z])(?!\d)")
_SEPARATOR = re.compile(r"[;|]|(?<=\s)/(?=\s)|(?<=[A-Z]{2})/(?=[A-Z]\w*+\s)")
_ACRONYM = re.compile(r"\(([A-Z][A-Za-z*&-]{1,9})\)$")
#: University systems, whose campuses are the institutions.
_SYSTEM = re.compile(
    r"^(the )?(university of (california|texas|illinois|wisconsin|massachusetts|maryland|north carolina|michigan|"
    r"minnesota|colorado|hawaii|missouri|nebraska|tennessee)|state university of new york|ohio state university)$|"
    r"^(indian|national) institute of technology$|^(international|indian) institute of information technology$|"
    r"^harbin institute of technology$",
    re.IGNORECASE,
)
_ACADEMY = re.compile(r"\bacadem(y|ia) of (sciences?|medical sciences|military sciences?)$", re.IGNORECASE)
_ACADEMY_INSTITUTE = re.compile(r"^(the )?institute (of|for)\b", re.IGNORECASE)
_FEDERATION = re.compile(r"^(the )?(university of london|athena r\.?c|athena research cent(er|re))$", re.IGNORECASE)


def printed_names(affiliation: str, known: KnownNames) -> Iterator[str]:
    """Yield the names of the institutions in a printed affiliation, without repetitions, as printed."""
    seen = set()
    for part in _SEPARATOR.split(_FOOTNOTE.sub("", affiliation[:MAX_LENGTH])):
        for name in _names_of_part(" ".join(part.split()), known):
            key = fold_name(name)
            if key not in seen and key not in NO_INSTITUTION:
                seen.add(key)
                yield name


def acronyms(affiliation: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of name and acronym in a printed affiliation: `German Aerospace Center (DLR)`.

    The letters of the acronym begin words of the name, in order.
    """
    for part in re.split(r"[;,|]", affiliation[:MAX_LENGTH]):
        if match := _ACRONYM.search(part.strip()):
            name = part.strip()[: match.start()].strip()
            initials = iter("".join(word[0] for word in re.findall(r"\w+", name)).casefold())
            if name and all(letter in initials for letter in re.sub(r"\W", "", match[1]).casefold()):
                yield name, match[1]


def is_university(name: str) -> bool:
    """Return whether a name is that of a university, hospital or the like, in the languages of most affiliations."""
    return bool(_UNIVERSITY.search(name)) and not _DEPARTMENT.search(name)


def is_generic(name: str) -> bool:
    """Return whether a name has only words that many institutions have, such as `University Hospital`."""
    return all(word in _GENERIC for word in fold_name(name).split())


def is_department(name: str) -> bool:
    """Return whether a name is that of a unit of an institution."""
    return bool(_DEPARTMENT.search(name))


def is_institution(name: str) -> bool:
    """Return whether a name has a word that marks an institution."""
    return bool(_INSTITUTION.search(name) or _UNIVERSITY.search(name))


def expand_abbreviations(part: str) -> str:
    """Return a part of an affiliation without remarks in parentheses, and with abbreviated words written out."""
    part = _REMARK.sub(" ", part)
    for pattern, word in _ABBREVIATIONS:
        part = pattern.sub(word, part)
    return " ".join(part.split())


def _names_of_part(part: str, known: KnownNames) -> Iterator[str]:
    if known.is_known(part):
        yield part
        return
    pieces: list[str] = []
    joined: set[str] = set()
    for text in _LEGAL_PIECE.sub(" ", expand_abbreviations(part)).split(","):
        split = [piece for piece in _split_at_and(_LEADING_AND.sub("", text.strip(" .")), known) if piece]
        pieces += split
        joined.update(split if len(split) > 1 else ())
    yield from _choose(pieces, joined, known)


def _split_at_and(text: str, known: KnownNames) -> list[str]:
    """Split at each `and` or `&` with an institution on both sides; otherwise it is part of a name."""
    parts = _CONJUNCTION.split(text)
    if len(parts) == 1 or known.is_known(text):
        return [text]
    pieces, is_name = [parts[0]], _ends_a_name(parts[0], known)
    for conjunction, part in zip(parts[1::2], parts[2::2], strict=True):
        if not pieces[-1].strip(" ,") or (is_name and _begins_a_name(part, known)):
            pieces.append(part)
            is_name = _ends_a_name(part, known)
        else:
            pieces[-1] += conjunction + part
            is_name = is_name or is_institution(part)
    return [piece.strip(" ,") for piece in pieces]


def _ends_a_name(text: str, known: KnownNames) -> bool:
    is_word = " " not in text and text[:1].isupper()
    return is_word or is_institution(text) or is_department(text) or known.is_known(text)


def _begins_a_name(text: str, known: KnownNames) -> bool:
    if known.is_known(text) or _HEAD_FIRST.match(text):
        return True
    later = _HEAD_LATER.match(text)
    # `Advanced Studies of the Institute` continues a name.
    return later is not None and not _OF.search(later[1])


def _choose(pieces: Sequence[str], joined: Container[str], known: KnownNames) -> Iterator[str]:
    """Yield the universities and known institutions among the pieces between commas, else one other institution.

    Pieces that were `joined` by `and` stand for themselves; others may be units of a university. The last resort is the
    first piece that is neither a department nor a place.
    """
    whole = [piece for piece in pieces if not _DEPARTMENT.search(piece) and not known.is_place(piece)]
    chosen: list[str] = []
    rest = iter(zip(whole, [*whole[1:], ""], strict=False))
    for piece, following in rest:
        if _belongs_to(piece, following, known):
            chosen.append(f"{piece}, {following}")
            next(rest, None)
        elif piece in joined or (_is_main(piece, known) and not (chosen and _is_federation(piece))):
            chosen.append(piece)
    if any(_UNIVERSITY.search(name) for name in chosen):
        chosen = [name for name in chosen if _UNIVERSITY.search(name) or name in joined or not _UNIT.search(name)]
    if not chosen:
        others = whole or [piece for piece in pieces if not known.is_place(piece) and not _NOTHING.search(piece)]
        chosen = [piece for piece in others if _INSTITUTION.search(piece)][:1] or others[:1]
    yield from chosen


def _belongs_to(piece: str, following: str, known: KnownNames) -> bool:
    """Return whether two pieces are one name: a system and its campus, an institute and its academy."""
    if not following:
        return False
    is_campus = bool(_SYSTEM.search(piece)) and not _is_main(following, known)
    return is_campus or bool(_ACADEMY.search(following) and _ACADEMY_INSTITUTE.match(piece))


def _is_federation(piece: str) -> bool:
    """Return whether a piece is the larger organization of an institution that was named before it."""
    return bool(_FEDERATION.search(piece) or _ACADEMY.search(piece))


def _is_main(piece: str, known: KnownNames) -> bool:
    return known.is_known(piece) or bool(_UNIVERSITY.search(piece)) or bool(_COMPANY.search(piece))

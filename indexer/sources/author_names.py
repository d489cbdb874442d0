"""Names of authors as catalogues and libraries write them: reading order, lists in one field, and notes in names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from indexer.records import RecordWarning
from indexer.records.names import EAST_ASIAN, in_own_order
from indexer.sources.base import INCOMPLETE_AUTHORS
from indexer.sources.budget import affordable
from indexer.sources.text import strip_markup

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "2nd", "3rd", "4th"))
#: Words of organisations, whose names are never split.
_ORGANISATION = re.compile(
    r"\b(?:agency|association|bank|bureau|center|centre|club|collaboration|college|commission|committee|company"
    r"|consortium|corp|corporation|council|department|federation|foundation|gmbh|group|inc|initiative|institute?"
    r"|institution|investigators|laborator(?:y|ies)|ltd|llc|ministry|network|office|organi[sz]ation|press|program(?:me)?"
    r"|project|school|service|society|sons|staff|study|survey|task force|team|trial|trust|union|universit\w*)\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(r"(?:corp|gmbh|inc|llc|ltd)\.?", re.IGNORECASE)
#: Academic degrees after a name; `Md` alone is a given name.
_DEGREES = re.compile(
    r"(?:(?:,|(?<!\s))\s++(?:MD,\s++)?(?:ph\.?\s?d|m\.?sc|b\.?sc|dphil|frcp)\.?){1,8}(?=\s*(?:$|;))", re.IGNORECASE
)
#: One after a comma, where the name is complete before it.
_DEGREE = re.compile(
    r"(?:m\.\s?d|M\.?D|ph\.?\s?d|m\.?p\.?h|m\.?b\.?b\.?s|m\.?b\.?a|pharm\.?d|d\.?v\.?m|d\.?d\.?s|r\.?n|esq|m\.?sc|b\.?sc"
    r"|M\.?A|B\.?A|M\.?S|B\.?S|j\.?d|ll\.?m|ed\.?d|dr|prof)\.?",
    re.IGNORECASE,
)
_EAST_ASIAN_NAME = re.compile(rf"[{EAST_ASIAN}]+")
_ET_AL = re.compile(
    r"(?:^|(?<![\s,;&\uff0c\u3001])[\s,;&\uff0c\u3001]++)(?:and\s++)?(?:[(\[]?\bet\.?\s*+al(?:ii|iae)?\b\.?[)\]]?"
    r"|[(\[]?(?:and\s++)?(?:\d+\s)?(?:more\s)?others\b[)\]]?"
    r"|[(\[]?(?:and\s++)?(?:(?:\.\.\.|\u2026|\+|plus\b)\s?)?\d+\s"
    r"(?:more|(?:(?:more|other|further|additional)\s)?(?:co-?)?authors)\b[)\]]?"
    r"|u\.\s?a\.$|\.\.\.$|\u2026$|\u7b49$)[\s.,;]*+$",
    re.IGNORECASE,
)
_ORCID = re.compile(r"[(\[<]?(?:https?://orcid\.org/)?\b\d{4}-\d{4}-\d{4}-\d{3}[\dX]\b[)\]>]?")
_EMAIL = re.compile(
    r"(?:[(<\[]\s*+|(?<!\s)\s++)?(?:e-?mail:?\s*+)?(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]++\s*+[)>\]]?", re.IGNORECASE
)
_FOOTNOTE = re.compile(
    r"\$\s*+\^\s*+\{?+(?:[\d,\s*†‡§¶#]|\\(?:d?dagger|ast|star|S|P)\b|(?<![a-z\\])[a-z](?![a-z]))++\}?+\s*+\$"
    r"|\$?\^?\{?[*†‡§¶‖#✉]+\}?\$?|\$(?:\s++|\s*+\^?\{?[\d,\s*]++\}?\s*+)\$"
    r"|(?:(?<!\s)\s++)?[¹²³⁰⁴⁵⁶⁷⁸⁹⁺]++(?:[,\s]*+[¹²³⁰⁴⁵⁶⁷⁸⁹]++)*+"
    r"|(?:(?<=[^\W\d_.])|(?<=[A-Z]\.))\d{1,2}(?!\d)(?:\s*+,\s*+\d{1,2}(?!\d))*(?=\s*(?:$|[,;&*†‡§¶‖#]|and\b))"
)
_ROLE = re.compile(
    r"(?:(?<!\s)\s++)?[(\[](?:eds?|hrsg|trans|corresponding author|author|editors?|\d{4}[a-z]?)\.?[)\]]", re.IGNORECASE
)
#: A number of a list, or `by`, before a name.
_BEFORE = re.compile(r"(?:[(\[]?\d{1,4}[.)\]]\s++|by\s++|on behalf of\s++(?:the\s++)?)", re.IGNORECASE)
_BRACKETS = re.compile(r"(?:(?<!\s)\s++)?\(([^()]*+)\)")
_PARTICLES = r"(?:(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ten|ter)\s+)*"
#: `Alder E`, `van Birch KA`: family name, then initials without points.
_VANCOUVER = re.compile(rf"({_PARTICLES}[^\W\d_][\w'\u2019-]+(?:\s[^\W\d_][\w'\u2019-]+)?)\s([A-Z]{{1,3}})")
#: `Alder E. F.`, `Birch G.-H.`, `Cedar J K`: the same with points, in any script, or with spaces.
_POINTED = re.compile(
    rf"({_PARTICLES}[^\W\d_][\w'\u2019-]+(?:\s[^\W\d_][\w'\u2019-]+)?)\s((?:(?!\d)\w\.[\s-]?){{1,4}}|[A-Z](?:\s[A-Z]){{1,3}})"
)


def full_name(given: str, family: str, suffix: str = "") -> str:
    """Return a name in reading order; Chinese, Japanese and Korean names as family and given name without a space."""
    given, family, suffix = given.strip(), family.strip(), suffix.strip()
    if _EAST_ASIAN_NAME.fullmatch(given) and _EAST_ASIAN_NAME.fullmatch(family):
        return family + given
    return " ".join(part for part in (given, family, suffix) if part)


def is_suffix(text: str) -> bool:
    """Return whether a part of a name is a suffix such as `Jr.` or `III`."""
    return text.strip(" .").casefold() in SUFFIXES


def from_inverted(name: str) -> str:
    """Return `Last, First`, `Last, First, Jr.` and `Last, Jr., First` in reading order; other names unchanged."""
    family, *rest = (part.strip() for part in name.split(","))
    suffixes = [part for part in rest if is_suffix(part)]
    given = [part for part in rest if part and part not in suffixes]
    if not given and not suffixes:
        return family
    first, space, last = given[0].rpartition(" ") if given else ("", "", "")
    if space and is_suffix(last) and not suffixes:
        # As PubMed writes it: `Alder, Ann Jr`.
        given[0], suffixes = first, [last]
    return " ".join([full_name(given[0] if given else "", family), *suffixes, *given[1:]])


def clean(name: str) -> str:
    """Return a name without footnote marks, e-mail addresses, ORCID iDs and roles such as `(ed.)`."""
    name = affordable(name)
    if "&" in name or "<" in name:
        name = strip_markup(name) or ""
    for pattern in (_ORCID, _EMAIL, _ROLE, _FOOTNOTE, _DEGREES):
        name = pattern.sub("", name)
    name = _without_affiliation(" ".join(name.split()).strip(" ;&").removesuffix(",").strip())
    before = _BEFORE.match(name)
    return without_degrees(name[before.end() :] if before else name)


def _without_affiliation(name: str) -> str:
    """Return a name without an organisation in brackets after it."""
    brackets = _BRACKETS.search(name)
    if brackets and _ORGANISATION.search(brackets[1]) and not _ORGANISATION.search(name[: brackets.start()]):
        return f"{name[: brackets.start()]}{name[brackets.end() :]}".strip()
    return name


def without_degrees(name: str) -> str:
    """Return a name without degrees after a comma, if the name is complete before it: `Ann Ash, MD`.

    The degrees in a list of complete names are removed as well: `Ann Ash, MD, Bo Beech, PhD`. In `Ash, MA` and in
    `Ash, MA, Beech, BS` they are initials.
    """
    parts = name.split(",")
    are_degrees = [_DEGREE.fullmatch(part.strip()) is not None for part in parts]
    names = [part for part, is_degree in zip(parts, are_degrees, strict=True) if not is_degree]
    if not are_degrees[0] and all(" " in part.strip() for part in names):
        return ",".join(names)
    if any(are_degrees[1:2]) and not all(are_degrees[2:]):
        return name
    while len(parts) > 2 and are_degrees[len(parts) - 1]:
        parts.pop()
    return ",".join(parts)


def is_organisation(name: str) -> bool:
    """Return whether a name is that of an organisation; a single word such as `Press` may be a family name."""
    return any(
        _ORGANISATION.search(part) and (len(part.split()) > 1 or _COMPANY.fullmatch(part.strip()))
        for part in name.split(",")
    )


def in_reading_order(names: Sequence[str]) -> list[str]:
    """Return names with their initials after the family name in reading order; other names unchanged.

    Initials with points (`Alder E. F.`) are certain. Those of Vancouver style (`Alder EF`) count only if all names have
    that style and one of them has a single initial: `Wei LI` alone may be a name in capitals.
    """
    names = [in_own_order(name) for name in names]
    matches = [_VANCOUVER.fullmatch(name) for name in names if not is_organisation(name)]
    is_vancouver = all(matches) and any(match and len(match[2]) == 1 for match in matches)
    return [
        family_first(name) or name if not is_organisation(name) and (is_vancouver or _POINTED.fullmatch(name)) else name
        for name in names
    ]


def family_first(name: str) -> str | None:
    """Return a name with its initials after the family name (`Alder EF`, `Alder E. F.`) in reading order; else None."""
    if match := _VANCOUVER.fullmatch(name):
        return f"{' '.join(f'{letter}.' for letter in match[2])} {match[1]}"
    match = _POINTED.fullmatch(name)
    return f"{match[2]} {match[1]}" if match else None


def without_et_al(text: str) -> tuple[str, list[RecordWarning]]:
    """Return a text without `et al.` or `others` at its end, with a warning that authors are missing."""
    match = _ET_AL.search(text)
    if not match:
        return text, []
    warning = RecordWarning(INCOMPLETE_AUTHORS, f"the list of authors ends with {match[0].strip(' ,;')!r}")
    return text[: match.start()], [warning]

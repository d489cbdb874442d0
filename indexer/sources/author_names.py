"""Names of authors as catalogues and libraries write them: reading order, lists in one field, and notes in names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from indexer.records import RecordWarning
from indexer.sources.base import INCOMPLETE_AUTHORS
from indexer.sources.budget import affordable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
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
#: Scripts in which a name is written without a space, family name first.
_EAST_ASIAN = r"\u3005\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_EAST_ASIAN_NAME = re.compile(rf"[{_EAST_ASIAN}]+")
_ET_AL = re.compile(
    r"(?:^|(?<![\s,;&])[\s,;&]++)(?:and\s++)?(?:\(?\bet\.?\s*+al(?:ii|iae)?\b\.?\)?|others\b|u\.\s?a\.$)[\s.,;]*+$",
    re.IGNORECASE,
)
_INITIAL_FIRST = re.compile(r"[A-Z]\.[\s-]?[^\W\d_]")
_ORCID = re.compile(r"(?:https?://orcid\.org/)?\b\d{4}-\d{4}-\d{4}-\d{3}[\dX]\b")
_EMAIL = re.compile(
    r"(?:[(<\[]\s*+|(?<!\s)\s++)?(?:e-?mail:?\s*+)?(?<![\w.+-])[\w.+-]++@[\w-]++\.[\w.-]++\s*+[)>\]]?", re.IGNORECASE
)
_FOOTNOTE = re.compile(
    r"\$\s*+\^\s*+\{?+(?:[\d,\s*†‡§¶#]|\\(?:d?dagger|ast|star|S|P)\b|(?<![a-z\\])[a-z](?![a-z]))++\}?+\s*+\$"
    r"|\$?\^?\{?[*†‡§¶‖#✉]+\}?\$?|\$(?:\s++|\s*+\^?\{?[\d,\s*]++\}?\s*+)\$"
    r"|(?:(?<!\s)\s++)?[¹²³⁰⁴⁵⁶⁷⁸⁹⁺]++(?:[,\s]*+[¹²³⁰⁴⁵⁶⁷⁸⁹]++)*+"
    r"|(?<=[^\W\d_.])\d{1,2}(?!\d)(?:\s*+,\s*+\d{1,2}(?!\d))*(?=\s*(?:$|[,;&]|and\b))"
)
_ROLE = re.compile(
    r"(?:(?<!\s)\s++)?[(\[](?:eds?|hrsg|trans|corresponding author|author|editors?)\.?[)\]]", re.IGNORECASE
)
_AND = re.compile(r"(?<!\s)\s++(?:&|and)\s++")
#: `and` in other languages; some are also parts of names (`Ramón y Cajal`).
_OTHER_AND = re.compile(r"(?<!\s)\s++(?:und|et|y|e|og|och|en|i)\s++")
#: Those that are never inside of a name.
_SURE_AND = re.compile(r"\s(?:und|et|og|och)\s")
_INITIALS = r"(?:[A-Z]\.?[\s-]?){1,4}"
_PARTICLES = r"(?:(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ten|ter)\s+)*"
#: `Alder E`, `van Birch KA`: family name, then initials without points.
_VANCOUVER = re.compile(rf"({_PARTICLES}[^\W\d_][\w'\u2019-]+(?:\s[^\W\d_][\w'\u2019-]+)?)\s([A-Z]{{1,3}})")
_GIVEN = re.compile(rf"{_INITIALS}|[^\W\d_][\w'\u2019.-]+(?:\s{_INITIALS})?")


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
    return " ".join([full_name(given[0] if given else "", family), *suffixes, *given[1:]])


def clean(name: str) -> str:
    """Return a name without footnote marks, e-mail addresses, ORCID iDs and roles such as `(ed.)`."""
    name = affordable(name)
    for pattern in (_ORCID, _EMAIL, _ROLE, _FOOTNOTE, _DEGREES):
        name = pattern.sub("", name)
    return " ".join(name.split()).strip(" ;&").removesuffix(",").strip()


def is_organisation(name: str) -> bool:
    """Return whether a name is that of an organisation; a single word such as `Press` may be a family name."""
    return any(
        _ORGANISATION.search(part) and (len(part.split()) > 1 or _COMPANY.fullmatch(part.strip()))
        for part in name.split(",")
    )


def split_list(text: str) -> list[str]:
    """Return the names in a text that cannot be one person, in their original form; else only the text.

    Lists separated by `;`, `&`, `and` or commas, and Vancouver style (`Alder E, Birch G`), are recognised. What may be
    one person or an organisation is not split.
    """
    if ";" in text:
        return [part for part in (item.strip() for item in text.split(";")) if part]
    if is_organisation(text):
        return [text]
    parts = [part for part in (item.strip(" ,") for item in _AND.split(text)) if part]
    if len(parts) > 1 and all(_is_complete(item) for part in parts for item in _split_commas(part)):
        return [item for part in parts for item in _split_commas(part)]
    parts = [part for part in (item.strip(" ,") for item in _OTHER_AND.split(text)) if part]
    if len(parts) > 1:
        names = [item for part in parts for item in _split_commas(part)]
        if all(map(is_one_name, names)) or (_SURE_AND.search(text) and all(map(_is_capitalized, names))):
            return names
    return _split_commas(text)


def is_one_name(text: str) -> bool:
    """Return whether a text is certainly the name of one person: `Ash, A. B.`, `Ash, Ann` or `A. Ash`."""
    family, *rest = (part.strip() for part in text.split(","))
    if is_organisation(text) or not family[:1].isupper():
        return False
    return len(rest) == 1 and rest[0][:1].isupper() if rest else _INITIAL_FIRST.match(text) is not None


def _is_capitalized(name: str) -> bool:
    """Return whether a name has two to four words that all begin with a capital letter."""
    words = name.replace(",", " ").split()
    return 1 < len(words) < 5 and all(word[0].isupper() for word in words)


def in_reading_order(names: Sequence[str]) -> list[str]:
    """Return names in Vancouver style (`Alder E`, `Birch GA`) with their initials first; other names unchanged.

    Only if all have that style and one of them has a single initial: `Wei LI` alone may be a name in capitals.
    """
    matches = [_VANCOUVER.fullmatch(name) for name in names if not is_organisation(name)]
    is_vancouver = all(matches) and any(match and len(match[2]) == 1 for match in matches)
    return [name if is_organisation(name) else _from_vancouver(name) for name in names] if is_vancouver else [*names]


def _split_commas(text: str) -> list[str]:
    parts = [part.removeprefix("and ").strip() for part in text.split(",")]
    parts = [part for part in parts if part]
    if len(parts) < 2:
        return [text.strip(" ,")]
    if all(_VANCOUVER.fullmatch(part) for part in parts):
        return [_from_vancouver(part) for part in parts]
    starts_with_initial = [re.match(r"[A-Z]\.[\s-]?\w", part) is not None for part in parts]
    has_many_words = [len(part.split()) > 1 and not is_suffix(part.split()[0]) for part in parts]
    if all(starts_with_initial) and all(has_many_words):
        return parts
    # One person has at most three parts: family name, given names, suffix.
    if len(parts) > 2 and all(has_many_words) and not any(map(is_suffix, parts)):
        return parts
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if len(parts) > 3 and len(parts) % 2 == 0 and all(_GIVEN.fullmatch(given) for _, given in pairs):
        return [f"{family}, {given}" for family, given in pairs]
    return [text.strip(" ,")]


def _is_complete(name: str) -> bool:
    """Return whether a name has a family name and more, so that it may be an item of a list."""
    return len(re.findall(r"[^\W\d_][\w'\u2019-]*", name)) > 1


def _from_vancouver(name: str) -> str:
    match = _VANCOUVER.fullmatch(name)
    if not match:
        return name
    return f"{' '.join(f'{letter}.' for letter in match[2])} {match[1]}"


def without_et_al(text: str) -> tuple[str, list[RecordWarning]]:
    """Return a text without `et al.` or `others` at its end, with a warning that authors are missing."""
    match = _ET_AL.search(text)
    if not match:
        return text, []
    warning = RecordWarning(INCOMPLETE_AUTHORS, f"the list of authors ends with {match[0].strip(' ,;')!r}")
    return text[: match.start()], [warning]


def read_names(texts: Iterable[str]) -> tuple[list[str], list[RecordWarning]]:
    """Return the names of people and organisations in author fields, in reading order, with warnings.

    Each text is a name, or a list that should have been several fields. `et al.` is removed.
    """
    names: list[str] = []
    warnings: list[RecordWarning] = []
    for text in texts:
        cleaned, problems = without_et_al(clean(text))
        people = split_list(cleaned) if cleaned else []
        if len(people) > 1:
            problems.append(RecordWarning("split authors", f"the author {cleaned!r} was read as {len(people)} names"))
        names += [name if is_organisation(name) else from_inverted(name) for name in people]
        warnings += problems
    return in_reading_order([name for name in names if name]), warnings

"""Lists of authors in one field, separated by semicolons, commas, `&` or `and`, and in Vancouver style."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from indexer.records import RecordWarning
from indexer.records.names import EAST_ASIAN, starts_with_family_name
from indexer.sources.author_names import (
    clean,
    family_first,
    from_inverted,
    in_reading_order,
    is_organisation,
    is_suffix,
    without_et_al,
)
from indexer.sources.given_names import is_given_name

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEMICOLON = re.compile(r"[;\uff1b]")
_AND = re.compile(r"(?<!\s)\s++(?:&|and)\s++|(?<=,)(?:&|and)\s++")
#: `and` in other languages; some are also parts of names (`Ramón y Cajal`).
_OTHER_AND = re.compile(r"(?<!\s)\s++(?:und|et|y|e|og|och|en|i|\u0438)\s++")
#: Those that are never inside of a name.
_SURE_AND = re.compile(r"\s(?:und|et|og|och|\u0438)\s")
_SLASH = re.compile(r"(?<!\s)\s++[/|]\s++")
#: The group for which people wrote: `Ann Ash on behalf of the ... Group`.
_ON_BEHALF = re.compile(r"(?<![\s,;])[\s,;]++(?:on behalf of(?: the)?|for the)\s++", re.IGNORECASE)
_INITIALS = r"(?:[A-Z]\.?[\s-]?){1,4}"
_GIVEN = re.compile(rf"{_INITIALS}|[^\W\d_][\w'\u2019.-]+(?:\s{_INITIALS})?")
_INITIAL_FIRST = re.compile(r"[A-Z]\.[\s-]?[^\W\d_]")
_INITIAL_INSIDE = re.compile(r"(?:^|\s)[^\W\d_a-z]\.[\s-]?\S*[^\W\d_]{2}")
_EAST_ASIAN_NAME = re.compile(rf"[{EAST_ASIAN}]+")
_EAST_ASIAN_SEPARATOR = re.compile(r"[,;\u3001\uff0c\uff1b]")
#: Characters from which on a text cannot be a family name: those of Korean have one or two, of Chinese at most two.
_MIN_FULL_NAME = 3
#: Words of one person in a list without initials (`Ann Ash, Bo Beech`).
_MAX_WORDS = 4


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
        elif may_be_two_people(cleaned):
            message = f"the author {cleaned!r} may be two people; read as one"
            problems.append(RecordWarning("unclear authors", message))
        names += [name if is_organisation(name) else from_inverted(name) for name in people]
        warnings += problems
    return in_reading_order([name for name in names if name]), warnings


def split_list(text: str) -> list[str]:
    """Return the names in a text that cannot be one person, in their original form; else only the text.

    What may be one person or an organisation is not split.
    """
    if names := _east_asian_list(text):
        return names
    if _SEMICOLON.search(text):
        return [part for part in (item.strip() for item in _SEMICOLON.split(text)) if part]
    behalf = _ON_BEHALF.search(text)
    if behalf and behalf.start() and not is_organisation(text[: behalf.start()]) and is_organisation(text):
        return [*split_list(text[: behalf.start()]), text[behalf.end() :].strip()]
    if is_organisation(text):
        return [text]
    for split in (_split_and, _split_other_and, _split_slashes):
        if len(names := split(text)) > 1:
            return names
    return _split_commas(text)


def is_one_name(text: str) -> bool:
    """Return whether a text is certainly the name of one person: `Ash, A. B.`, `Ash, Ann` or `A. Ash`."""
    family, *rest = (part.strip() for part in text.split(","))
    if is_organisation(text) or not family[:1].isupper():
        return False
    return len(rest) == 1 and rest[0][:1].isupper() if rest else _INITIAL_FIRST.match(text) is not None


def natural_list(text: str) -> list[str]:
    """Return the names of `Ann Ash, Bo Beech` if each has several words; else an empty list."""
    parts = [part for part in (item.strip() for item in text.split(",")) if part]
    is_list = all(1 < len(part.split()) <= _MAX_WORDS and part[0].isupper() and not _has_suffix(part) for part in parts)
    return parts if is_list and len(parts) > 1 else []


def are_two_people(text: str) -> bool:
    """Return whether `John Smith, Kim Doe` is certainly two people.

    That is, if the first has an initial before a word, which no family name has, or if both begin with a frequent given
    name and end with a word that is none: `García Márquez, Gabriel José` is one person.
    """
    parts = natural_list(text)
    if len(parts) != 2:
        return False
    if _INITIAL_INSIDE.search(parts[0]):
        return True
    return all(is_given_name(names[0]) and _may_be_family_name(names[-1]) for names in map(str.split, parts))


def may_be_two_people(text: str) -> bool:
    """Return whether `Ada Ash, Zorla Beech` may be two people, but need not be.

    That is, if the first begins with a frequent given name, as few family names do, and the second ends with a word
    that is none. The compound family name of `Castro Ferreira, Thiago Luis` begins with none.
    """
    parts = natural_list(text)
    if len(parts) != 2 or are_two_people(text) or is_organisation(text):
        return False
    first, second = (part.split() for part in parts)
    return is_given_name(first[0]) and not is_given_name(first[-1]) and _may_be_family_name(second[-1])


def _may_be_family_name(text: str) -> bool:
    """Return whether a text is a capitalized word, and no frequent given name."""
    is_word = len(text) > 1 and text[0].isupper() and text[1:].replace("-", "").replace("'", "").isalpha()
    return is_word and not is_given_name(text)


def _east_asian_list(text: str) -> list[str]:
    """Return the names of a list in Chinese, Japanese or Korean; an empty one if the text may be one name."""
    parts = [part for part in map(str.strip, _EAST_ASIAN_SEPARATOR.split(text)) if part]
    if len(parts) < 2 or not all(_EAST_ASIAN_NAME.fullmatch(part.replace(" ", "")) for part in parts):
        return []
    if len(parts) > 2 or not re.search(r"[,\uff0c]", text):
        return parts
    are_full = all(map(starts_with_family_name, parts)) and len(parts[0]) >= _MIN_FULL_NAME and len(parts[1]) > 1
    return parts if are_full else []


def _split_and(text: str) -> list[str]:
    parts = [part for part in (item.strip(" ,") for item in _AND.split(text)) if part]
    if len(parts) < 2 or not all(_is_complete(item) for part in parts for item in _split_commas(part)):
        return [text]
    if len(parts) == 2 and "," not in parts[1] and _AND.split(text)[0].rstrip().endswith(","):
        # The comma before `and` ends an item of a list.
        return [*(natural_list(parts[0]) or _split_commas(parts[0])), parts[1]]
    return [item for part in parts for item in _split_commas(part)]


def _split_other_and(text: str) -> list[str]:
    parts = [part for part in (item.strip(" ,") for item in _OTHER_AND.split(text)) if part]
    names = [item for part in parts for item in _split_commas(part)]
    if len(parts) > 1 and (
        all(map(is_one_name, names)) or (_SURE_AND.search(text) and all(map(_is_capitalized, names)))
    ):
        return names
    return [text]


def _split_slashes(text: str) -> list[str]:
    parts = _SLASH.split(text)
    return parts if all(map(_is_capitalized, parts)) else [text]


def _is_capitalized(name: str) -> bool:
    """Return whether a name has two to four words that all begin with a capital letter."""
    words = name.replace(",", " ").split()
    return 1 < len(words) < 5 and all(word[0].isupper() for word in words)


def _split_commas(text: str) -> list[str]:
    parts = [part.removeprefix("and ").strip() for part in text.split(",")]
    parts = [part for part in parts if part]
    if len(parts) < 2:
        return [text.strip(" ,")]
    if all(family_first(part) for part in parts):
        return [family_first(part) or part for part in parts]
    starts_with_initial = [re.match(r"[A-Z]\.[\s-]?\w", part) is not None for part in parts]
    has_many_words = [len(part.split()) > 1 and not is_suffix(part.split()[0]) for part in parts]
    if all(starts_with_initial) and all(has_many_words):
        return parts
    # One person has at most three parts: family name, given names, suffix.
    if (len(parts) > 2 and all(has_many_words) and not any(map(is_suffix, parts))) or are_two_people(text):
        return parts
    pairs = list(zip(parts[::2], parts[1::2], strict=False))
    if len(parts) > 3 and len(parts) % 2 == 0 and all(_GIVEN.fullmatch(given) for _, given in pairs):
        return [f"{family}, {given}" for family, given in pairs]
    return [text.strip(" ,")]


def _has_suffix(name: str) -> bool:
    return any(map(is_suffix, name.split()))


def _is_complete(name: str) -> bool:
    """Return whether a name has a family name and more, so that it may be an item of a list."""
    return len(re.findall(r"[^\W\d_][\w'\u2019-]*", name)) > 1

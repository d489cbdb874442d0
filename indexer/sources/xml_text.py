"""Read texts, names and dates of XML records whose namespaces do not matter."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from indexer.sources.author_names import clean, full_name
from indexer.sources.text import strip_markup
from indexer.sources.xml_records import local_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_ORCID = re.compile(r"\d{4}-?\d{4}-?\d{4}-?\d{3}[\dXx]")
#: Kinds of references from a title to a note, in JATS.
_NOTES = frozenset({"fn", "author-notes", "table-fn"})
_INITIALS = re.compile(r"[A-Z]{1,4}")


def without_namespaces(element: Element) -> Element:
    """Return an element after removing the namespaces of its tags and attributes, in place."""
    for part in element.iter():
        if isinstance(part.tag, str) and "}" in part.tag:
            part.tag = local_name(part.tag)
        for key in [key for key in part.attrib if "}" in key]:
            part.attrib.setdefault(local_name(key), part.attrib.pop(key))
    return element


def first(element: Element, *paths: str) -> str | None:
    """Return the text of the first element at one of the paths that has any."""
    return next((text for path in paths for text in texts(element, path)), None)


def texts(element: Element, *paths: str) -> list[str]:
    """Return the texts of all elements at the paths, without empty ones."""
    return [text for path in paths for part in element.findall(path) if (text := text_of(part))]


def marked_up(element: Element | None) -> str | None:
    """Return the text of an element without its markup; formulas are kept once, blocks are separated by spaces."""
    return None if element is None else strip_markup(_inner(element)) or None


def _inner(element: Element) -> str:
    parts = [escape(element.text or "", quote=False)]
    for child in element:
        name = local_name(child.tag)
        is_note = name == "fn" or child.get("ref-type") in _NOTES
        parts.append("" if is_note else f"<{name}>{_inner(child)}</{name}>")
        parts.append(escape(child.tail or "", quote=False))
    return "".join(parts)


def person(
    given: str | None = None,
    family: str | None = None,
    *,
    suffix: str | None = None,
    name: str | None = None,
    orcid: str | None = None,
    **details: Any,
) -> dict[str, Any]:
    """Return an author; `name` is used where given and family name are missing."""
    given, family = clean(given or ""), clean(family or "")
    printed = full_name(given, family, suffix or "") if family or given else clean(name or "")
    match = _ORCID.search(orcid or "")
    return {"name": printed, "orcid": match[0].upper() if match else None, **details}


def spaced_initials(initials: str | None) -> str | None:
    """Return initials without points (`JA`) as they are printed: `J. A.`; other text is returned unchanged."""
    if initials and _INITIALS.fullmatch(initials):
        return " ".join(f"{letter}." for letter in initials)
    return initials


def date_of(year: str | None, month: str | None = None, day: str | None = None) -> str | None:
    """Return a date as `2019-10-02`, with a month as a number or a name, or the part of it that is known."""
    if not year:
        return None
    number = (month or "").strip().zfill(2)
    number = number if re.fullmatch(r"\d\d", number) else _MONTHS.get((month or "").strip()[:3].lower(), "")
    if not number:
        return year
    return f"{year}-{number}-{day.strip().zfill(2)}" if day and day.strip().isdecimal() else f"{year}-{number}"


def joined(parts: Iterable[str | None], separator: str = "; ") -> str | None:
    """Return the distinct texts in one, None when there is none."""
    return separator.join(dict.fromkeys(part for part in parts if part)) or None

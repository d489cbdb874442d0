"""Works as an Atom document (RFC 4287), with the standard library: the format is a dozen elements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from flask import url_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mappings.documents import WorkDocument

NAMESPACE = "http://www.w3.org/2005/Atom"
#: Date of a work without a date, and of a feed without entries.
UNKNOWN = "1970-01-01T00:00:00Z"
#: Characters that XML 1.0 does not allow, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ET.register_namespace("", NAMESPACE)


@dataclass(frozen=True)
class Feed:
    """Title of a feed, and absolute URLs of the feed and of the page it belongs to."""

    title: str
    self: str
    page: str


def document(feed: Feed, works: Sequence[WorkDocument]) -> bytes:
    """Return the document in UTF-8 with one entry per work, in the order given."""
    root = ET.Element(_name("feed"))
    _add(root, "id", feed.self)
    _add(root, "title", feed.title)
    _add(root, "updated", max((moment(work) for work in works), default=UNKNOWN))
    _add(root, "generator", "Peerscope")
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.self)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    for work in works:
        _entry(root, work)
    written: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + written


def moment(work: WorkDocument) -> str:
    """Return the time of publication in RFC 3339: the start of its day, or of its year if the day is unknown."""
    if work["date"]:
        return f"{work['date']}T00:00:00Z"
    return f"{work['year']:04d}-01-01T00:00:00Z" if work["year"] else UNKNOWN


def _entry(root: ET.Element, work: WorkDocument) -> None:
    entry = _add(root, "entry")
    page = url_for("web.work", id_=work["id"], _external=True)
    _add(entry, "id", page)
    _add(entry, "title", work["title"])
    _add(entry, "updated", moment(work))
    if work["date"]:
        _add(entry, "published", moment(work))
    _add(entry, "link", rel="alternate", type="text/html", href=page)
    url = work["url"] or ""
    if url.startswith(("https://", "http://")):
        _add(entry, "link", rel="via", href=url)
    for author in work["researchers"]:
        person = _add(entry, "author")
        _add(person, "name", author["name"])
        _add(person, "uri", url_for("web.researcher", id_=author["id"], _external=True))
    for topic in work["topics"]:
        _add(entry, "category", term=topic["id"], label=topic["name"])
    if work["abstract"]:
        _add(entry, "summary", work["abstract"])


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, _name(name), {key: _clean(value) for key, value in attributes.items()})
    element.text = _clean(text) if text is not None else None
    return element


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"

"""Pasted texts: how they fit into an address, and whose works are in conflict with their authors'."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from search_api.http.args import MAX_QUERY
from search_api.http.errors import Problem
from search_api.researchers.documents import canonical_ids, read
from search_api.researchers.names import by_name
from search_api.researchers.rank import conflicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search_api.http.services import Services

Body = dict[str, Any]

#: Characters of a text in an address. Proxies often accept 8,000 for the whole address, with filters and a host name.
MAX_ADDRESS = 6_000
#: Up to this length, a text is readable in its address.
READABLE = 1_000
#: Authors of a text whose co-authors are excluded, and characters of the field that names them.
MAX_AUTHORS, MAX_AUTHORS_FIELD = 50, 4_000
#: Researchers of one name: more are not read, since none of them is meant for certain.
NAMESAKES = 20


def address_of(text: str) -> dict[str, str] | None:
    """Return the parameter that carries a text in an address, `text` or compressed `packed`; None if it is too long."""
    if len(quote(text)) <= READABLE:
        return {"text": text}
    packed = pack(text)
    return {"packed": packed} if len(packed) <= MAX_ADDRESS else None


def pack(text: str) -> str:
    """Return a text compressed, in characters that an address may contain."""
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    data = deflate.compress(text.encode()) + deflate.flush()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpack(packed: str) -> str:
    """Return the text of `pack`. Raises Problem (400) for anything else."""
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        # A few bytes can describe gigabytes.
        text = inflate.decompress(data, 4 * MAX_QUERY).decode()
        if inflate.eof and not inflate.unused_data and len(text) <= MAX_QUERY:
            return text
    except (binascii.Error, zlib.error, ValueError):
        pass
    message = "The text in this address is damaged. Was the address copied completely?"
    raise Problem(HTTPStatus.BAD_REQUEST, message, {"packed": ["Not a packed text."]})


@dataclass(frozen=True)
class Conflicts:
    """The authors of a text, as `{id, name}`, and all ids that are excluded: theirs and their co-authors'.

    `unknown` are the given names without a researcher, `ambiguous` those that several researchers match.
    """

    authors: Sequence[Body] = ()
    excluded: frozenset[str] = frozenset()
    unknown: Sequence[str] = ()
    ambiguous: Sequence[str] = ()

    @property
    def clauses(self) -> list[Body]:
        """The clause for researchers who are not excluded."""
        return [{"bool": {"must_not": [{"terms": {"id": sorted(self.excluded)}}]}}] if self.excluded else []


def find_conflicts(services: Services, given: str) -> Conflicts:
    """Return the conflicts with authors given one a line: a name, an ORCID iD, or the address of a profile.

    An exact name excludes everybody who has it. Raises Problem (400) for more than `MAX_AUTHORS`.
    """
    entries = list(dict.fromkeys(entry for line in re.split(r"[\n;]", given) if (entry := " ".join(line.split()))))
    if len(entries) > MAX_AUTHORS or len(given) > MAX_AUTHORS_FIELD:
        detail = f"At most {MAX_AUTHORS} authors can be excluded."
        raise Problem(HTTPStatus.BAD_REQUEST, detail, {"authors": [detail]})
    if not entries:
        return Conflicts()
    ids, unknown, ambiguous = _researchers(services, entries)
    stored = read(services, services.names.researchers, ids, {"includes": ["id", "name"]})
    return Conflicts(
        [stored[id_] for id_ in ids if id_ in stored],
        frozenset(ids) | conflicts(services, ids),
        unknown,
        ambiguous,
    )


def _researchers(services: Services, entries: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the ids of the researchers that the entries mean, and the unknown and the ambiguous entries."""
    as_ids = {entry: _id_in(entry) for entry in entries}
    known, _ = canonical_ids(services, {entry: [id_] for entry, id_ in as_ids.items()})
    names = [entry for entry in entries if not known[entry]]
    bodies = [{"query": by_name(name), "size": NAMESAKES, "_source": ["id", "name"]} for name in names]
    responses = services.search_together([(services.names.researchers, body) for body in bodies]) if bodies else []
    ids = [id_ for entry in entries for id_ in known[entry]]
    unknown: list[str] = []
    ambiguous: list[str] = []
    for name, response in zip(names, responses, strict=True):
        people = [hit["_source"] for hit in response["hits"]["hits"]]
        same = [person for person in people if _folded(person["name"]) == _folded(name)]
        if same or len(people) == 1:
            ids += [person["id"] for person in same or people]
        else:
            (ambiguous if people else unknown).append(name)
    return list(dict.fromkeys(ids)), unknown, ambiguous


def _id_in(entry: str) -> str:
    """Return the id in the address of a profile; anything else as it is."""
    _, marker, id_ = urlsplit(entry).path.partition("/researchers/") if "/researchers/" in entry else ("", "", "")
    return unquote(id_).strip("/") if marker and id_ else entry


def _folded(name: str) -> str:
    """Return a name in lower case, in the order of its words, whichever side of a comma comes first."""
    last, comma, first = name.partition(",")
    return " ".join((f"{first} {last}" if comma else name).casefold().replace(".", " ").split())

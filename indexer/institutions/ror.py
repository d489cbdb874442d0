"""Names from a dump of the Research Organization Registry (https://ror.org), in a SQLite file in the home folder.

The dump (schema version 2, JSON, plain or zipped) is read piece by piece: as a whole it takes more than a gigabyte.
"""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from contextlib import closing
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

from indexer.institutions.registry import Resolved, name_key
from peerscope.errors import PeerscopeError
from peerscope.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "institutions.sqlite"
_TABLES = """
CREATE TABLE institution (ror TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
CREATE TABLE name (key TEXT, ror TEXT, rank INTEGER, PRIMARY KEY (key, rank, ror)) WITHOUT ROWID;
"""
#: Kinds of names from the most to the least specific; acronyms are often shared.
_RANKS = {"ror_display": 0, "label": 0, "alias": 1, "acronym": 2}
_CHUNK = 1 << 20


class RorError(PeerscopeError, ValueError):
    """A file that is not a dump of ROR; the message states why."""


class RorNames:
    """The names of a dump that was loaded; read-only."""

    def __init__(self, path: Path) -> None:
        """Open the file that `load` wrote."""
        self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
        self.find = lru_cache(maxsize=20_000)(self._find)

    def _find(self, key: str) -> Resolved | None:
        """Return the institution with this folded name; None without, or when several have it as the same kind."""
        query = (
            "SELECT name.ror, institution.name, rank FROM name JOIN institution USING (ror) WHERE key = ? ORDER BY rank"
        )
        rows = self._database.execute(query, (key,)).fetchall()
        best = {(ror, name) for ror, name, rank in rows if rank == rows[0][2]}
        return Resolved(*best.pop()) if len(best) == 1 else None


def names_of(home: Path) -> RorNames | None:
    """Return the names of the dump that was loaded into a home folder; None without one."""
    path = home / FILE
    return RorNames(path) if path.exists() else None


def load(dump: Path, home: Path) -> int:
    """Replace the names in a home folder by those of a dump; return the number of institutions.

    A withdrawn or inactive organization counts as its successor. Raises RorError, and then keeps the former names.
    """
    new = home / f"{FILE}.new"
    new.unlink(missing_ok=True)
    create_private(new)
    count, successors = 0, {}
    try:
        with closing(sqlite3.connect(new)) as database, database:
            database.executescript(_TABLES)
            for organization in _organizations(dump):
                id_, names = _read(organization)
                if organization.get("status", "active") == "active":
                    database.execute("INSERT OR REPLACE INTO institution VALUES (?, ?)", (id_, names[0][0]))
                    count += 1
                elif successor := _successor(organization):
                    successors[id_] = successor
                else:
                    continue
                rows = ((name_key(name), id_, rank) for name, rank in names)
                database.executemany("INSERT OR IGNORE INTO name VALUES (?, ?, ?)", rows)
            for former, successor in successors.items():
                database.execute("UPDATE OR REPLACE name SET ror = ? WHERE ror = ?", (successor, former))
            if not count:
                raise RorError(f"{dump} names no active organization.")
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        new.unlink(missing_ok=True)
        if isinstance(error, RorError):
            raise
        raise RorError(f"{dump} is not a dump of ROR in JSON, schema version 2: {error}") from error
    new.replace(home / FILE)
    return count


def _organizations(dump: Path) -> Iterator[dict[str, Any]]:
    if not zipfile.is_zipfile(dump):
        with dump.open(encoding="utf-8") as file:
            yield from _items(file)
        return
    with zipfile.ZipFile(dump) as archive:
        # Dumps of 2024 have both versions of the schema; the second has `v2` in its name.
        names = sorted(name for name in archive.namelist() if name.endswith(".json"))
        name = next((name for name in names if "v2" in name), names[0] if names else None)
        if name is None:
            raise RorError(f"{dump} has no JSON file.")
        with archive.open(name) as content:
            yield from _items(io.TextIOWrapper(content, encoding="utf-8"))


def _items(file: IO[str]) -> Iterator[dict[str, Any]]:
    """Yield the items of a JSON array, reading it piece by piece. Raises ValueError."""
    decoder, text = json.JSONDecoder(), file.read(_CHUNK).lstrip("\ufeff \t\r\n")
    if not text.startswith("["):
        raise ValueError("it is not a list")
    text = text[1:]
    while True:
        text = text.lstrip(" \t\r\n,")
        if text.startswith("]"):
            return
        try:
            item, end = decoder.raw_decode(text)
        except json.JSONDecodeError:
            more = file.read(_CHUNK)
            if not more:
                raise ValueError("it ends in the middle") from None
            text += more
            continue
        yield item
        text = text[end:]


def _read(organization: dict[str, Any]) -> tuple[str, list[tuple[str, int]]]:
    """Return the id and the names with their ranks, the displayed name first."""
    if not isinstance(organization.get("names"), list):
        raise RorError("The dump has schema version 1: download a dump with version 2 from https://zenodo.org (ROR).")
    names = [
        (
            str(name["value"]),
            min(_RANKS.get(kind, 1) for kind in name["types"] or ["alias"]),
            "ror_display" in name["types"],
        )
        for name in organization["names"]
    ]
    names.sort(key=lambda name: (not name[2], name[1]))
    return f"ror:{organization['id'].rstrip('/').rpartition('/')[2]}", [(name, rank) for name, rank, _ in names]


def _successor(organization: dict[str, Any]) -> str | None:
    for relation in organization.get("relationships", ()):
        if str(relation.get("type", "")).casefold() == "successor":
            return f"ror:{relation['id'].rstrip('/').rpartition('/')[2]}"
    return None

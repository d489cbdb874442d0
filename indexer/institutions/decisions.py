"""Decisions of an operator about institutions, in `institutions.toml` in the home folder.

    [[institution]]
    id = "ror:03vek6s52"
    name = "Harvard University"
    names = ["Harvard", "Harvard Medical School"]

    [[none]]
    names = ["AI Engineer"]

`id` may be left out; then the id is made of the name. The names are printed forms; case, accents and legal forms do
not matter. The next run applies changes to all works.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from indexer.institutions.registry import Decisions, Resolved, name_key, slug
from indexer.institutions.ror import FILE as ROR_FILE
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "institutions.toml"
_KEYS = {"institution": {"id", "name", "names", "reason"}, "none": {"names", "reason"}}


class InstitutionsFileError(PeerscopeError, ValueError):
    """A file of decisions that cannot be applied; the message names the entry and the reason."""


def load_decisions(home: Path) -> Decisions:
    """Return the decisions in a home folder, none without a file. Raises InstitutionsFileError."""
    path = home / FILE
    if not path.exists():
        return Decisions()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InstitutionsFileError(f"{path} is not valid TOML: {error}") from error
    by_key: dict[str, Resolved | None] = {}
    for kind, entries in content.items():
        if kind not in _KEYS or not isinstance(entries, list):
            raise InstitutionsFileError(f"{path}: [[{kind}]] is neither [[institution]] nor [[none]].")
        for number, entry in enumerate(entries, 1):
            _check(entry, kind, f"{path}: [[{kind}]] number {number}")
            resolved = None if kind == "none" else Resolved(entry.get("id") or slug(entry["name"]), entry["name"])
            names = [*entry["names"], *([entry["name"]] if kind == "institution" else [])]
            by_key |= {name_key(name): resolved for name in names}
    return Decisions(by_key)


def digest_of(home: Path) -> bytes:
    """Return a digest of the decisions and the ROR dump of a home folder; empty without any."""
    decisions, dump = home / FILE, home / ROR_FILE
    content = decisions.read_bytes() if decisions.exists() else b""
    return content + (f"{dump.stat().st_size} {dump.stat().st_mtime_ns}".encode() if dump.exists() else b"")


def _check(entry: Any, kind: str, place: str) -> None:
    if not isinstance(entry, dict) or (unknown := sorted(set(entry) - _KEYS[kind])):
        raise InstitutionsFileError(f"{place} has the unknown key {unknown[0]!r}.")
    names = entry.get("names", [] if kind == "institution" else None)
    if not isinstance(names, list) or not all(isinstance(name, str) and name_key(name) for name in names):
        raise InstitutionsFileError(f"{place} needs `names`, a list of texts.")
    entry["names"] = names
    if kind == "institution" and not (isinstance(entry.get("name"), str) and name_key(entry["name"])):
        raise InstitutionsFileError(f"{place} needs a `name`.")
    if not isinstance(entry.get("id", ""), str):
        raise InstitutionsFileError(f"{place}: `id` must be a text such as ror:03vek6s52.")

"""Accepted corrections as decisions of identity, in a file that the indexer reads beside `overrides.toml`.

`corrections.toml` in PEERSCOPE_HOME has the format of `overrides.toml`, which takes precedence over it. It is
computed from the table of corrections only and written after each decision; the server compares both every minute, in
case it was killed in between. `peerscope people sync` writes it too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import select

from accounts.corrections.models import Correction
from indexer.identity.overrides import CORRECTIONS, OverridesError, parse_text
from peerscope.private_files import write_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy.orm import Session

    from accounts.database import Database

HEAD = "# Written by Peerscope from accepted corrections. Add your own decisions to overrides.toml instead.\n"


def accepted(session: Session) -> list[Correction]:
    """Return the accepted corrections in the order of their decision."""
    query = select(Correction).where(Correction.status == "accepted")
    return list(session.scalars(query.order_by(Correction.decided_at, Correction.id)))


def conflict(session: Session, correction: Correction) -> str | None:
    """Return why a correction contradicts the accepted ones; None if it does not."""
    others = [other for other in accepted(session) if other.id != correction.id]
    try:
        parse_text(to_toml([*others, correction]))
    except OverridesError as error:
        return f"This contradicts an accepted correction: {error}"
    return None


def to_toml(corrections: Iterable[Correction]) -> str:
    """Return the decisions as text; a mention that several corrections name is decided by the first."""
    entries: list[str] = []
    taken: set[str] = set()
    for correction in corrections:
        reason = f"correction {correction.id}"
        if correction.kind == "duplicate_of":
            ids = json.dumps([correction.researcher_id, correction.other], ensure_ascii=False)
            entries.append(f"[[merge]]\nids = {ids}\nreason = {json.dumps(reason)}\n")
            continue
        mentions = [mention for mention in correction.mentions if mention not in taken]
        taken.update(mentions)
        # The works may be by several other people, so each becomes a separate person.
        groups = [[mention] for mention in mentions] if correction.kind == "not_this_person" else [mentions]
        if correction.kind in {"not_this_person", "two_people"}:
            entries += [_split(correction.researcher_id, group, reason) for group in groups if group]
    return "\n".join([HEAD, *entries])


def write(database: Database, home: Path) -> bool:
    """Write the file if it differs from the accepted corrections; returns whether it did. Raises OSError."""
    with database.read() as session:
        corrections = accepted(session)
    path, text = home / CORRECTIONS, to_toml(corrections)
    current = path.read_text(encoding="utf-8") if path.exists() else None
    if current == text or (current is None and not corrections):
        return False
    write_private(path, text)
    return True


def _split(researcher_id: str, mentions: list[str], reason: str) -> str:
    id_, keys = json.dumps(researcher_id, ensure_ascii=False), json.dumps(mentions, ensure_ascii=False)
    return f"[[split]]\nid = {id_}\nmentions = {keys}\nreason = {json.dumps(reason)}\n"

"""The trust snapshot: how well the identity behind a record is verified. It does not judge the research.

A score out of 100, the sum of parts that are all shown. It is computed from the record when requested, so it cannot
contradict it.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from mappings.documents import Owner, ResearcherDocument

#: Points and description of each verification level. A pending claim proves nothing, so it adds none.
LEVELS = {
    1: (5, "Imported record"),
    2: (5, "Imported record, claim awaiting review"),
    3: (30, "Claimed and verified"),
    4: (40, "Claimed and verified, institutional e-mail confirmed"),
}
#: How the claim of a level was verified, and what level 4 adds.
PROOFS = {"orcid": "Claimed, ORCID iD verified", "admin": "Claimed, confirmed by an administrator"}
EMAIL = "institutional e-mail confirmed"
LEVEL_PENDING, LEVEL_WITH_EMAIL = 2, 4
PENDING = "Someone has claimed this record; the claim is awaiting review and does not change the score."
MEANING = "Describes how well the identity of this record is established, not the quality of the research."
#: The lowest score of each band.
BANDS = ((80, "Verified"), (60, "Trusted"), (40, "Established"), (20, "Emerging"), (0, "New"))


class TrustPart(TypedDict):
    """One part of the score: its points out of `max`, and what they are based on."""

    key: str
    label: str
    points: float
    max: int
    detail: str


class Trust(TypedDict):
    """The snapshot, as in `schemas.Trust`."""

    score: int
    band: str
    parts: list[TrustPart]
    verification_level: int
    claimed: bool
    note: str | None
    meaning: str


def snapshot(record: ResearcherDocument) -> Trust:
    """Return score, band and parts for a researcher. The score is the rounded sum of the parts."""
    level, owner = record["verification_level"], record.get("owner")
    works, close = record["works_count"], record["close_collaborators_count"]
    places, orcid = record["affiliations"], record["orcid"]
    stated = owner.get("affiliation") if owner else None
    parts = [
        _part("verification", "Verification level", LEVELS[level][0], 40, f"L{level}: {describe_proof(level, owner)}"),
        _part("works", "Body of work", _growth(25, works, 200), 25, f"{works} work{'' if works == 1 else 's'}"),
        _part("collaborators", "Close collaborators", _growth(15, close, 100), 15, f"{close} with two or more works"),
        _part(
            "affiliation",
            "Affiliation known",
            10 * bool(places or stated),
            10,
            "imported" if places else "stated by the owner" if stated else "not imported",
        ),
        _part("orcid", "ORCID iD known", 10 * bool(orcid), 10, "imported" if orcid else "not imported"),
    ]
    score = round(sum(part["points"] for part in parts))
    return {
        "score": score,
        "band": next(name for floor, name in BANDS if score >= floor),
        "parts": parts,
        "verification_level": level,
        "claimed": record["claimed"],
        "note": PENDING if level == LEVEL_PENDING else None,
        "meaning": MEANING,
    }


def describe_proof(level: int, owner: Owner | None) -> str:
    """Return what a verification level rests on: the proof that was given, each with its date where that is known.

    For example `Claimed, confirmed by an administrator on 3 May 2026, institutional e-mail confirmed on 4 May 2026`.
    """
    proof = owner.get("proof") if owner else None
    if owner is None or proof not in PROOFS:
        return LEVELS[level][1]
    text = PROOFS[proof] + _on(owner.get("proven_at"))
    return f"{text}, {EMAIL}{_on(owner.get('email_proven_at'))}" if level == LEVEL_WITH_EMAIL else text


def level_label(level: int) -> str:
    """Return the label of a verification level: `L1: Imported record`."""
    return f"L{level}: {LEVELS[level][1]}" if level in LEVELS else f"L{level}"


def _on(date: str | None) -> str:
    if not date:
        return ""
    day = datetime.fromisoformat(date)
    return f" on {day.day} {day:%B %Y}"


def _growth(most: int, count: int, full: int) -> float:
    """Return `most` points for `full` or more, and in proportion to ln(1 + count) for fewer."""
    return most * min(1.0, math.log1p(count) / math.log1p(full))


def _part(key: str, label: str, points: float, most: int, detail: str) -> TrustPart:
    return {"key": key, "label": label, "points": round(points, 1), "max": most, "detail": detail}

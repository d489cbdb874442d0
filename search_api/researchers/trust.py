"""The trust snapshot: how well the identity behind a record is verified. It does not judge the research.

A score out of 100, the sum of parts that are all shown. It is computed from the record when requested, so it cannot
contradict it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from mappings.documents import ResearcherDocument

#: Points and description of each verification level.
LEVELS = {
    1: (5, "Imported record"),
    2: (15, "Claim pending"),
    3: (30, "Claimed and verified"),
    4: (40, "Claimed and verified, institutional e-mail confirmed"),
}
#: How the claim of a level was verified, and what level 4 adds.
PROOFS = {"orcid": "Claimed, verified with ORCID", "admin": "Claimed, confirmed by an administrator"}
LEVEL_WITH_EMAIL = 4
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


def snapshot(record: ResearcherDocument) -> Trust:
    """Return score, band and parts for a researcher. The score is the rounded sum of the parts."""
    level = record["verification_level"]
    points, description = LEVELS[level]
    owner = record.get("owner")
    if owner and (proof := owner.get("proof")) in PROOFS:
        description = PROOFS[proof]
        description += ", institutional e-mail confirmed" if level == LEVEL_WITH_EMAIL else ""
    works, close = record["works_count"], record["close_collaborators_count"]
    places, orcid = record["affiliations"], record["orcid"]
    parts = [
        _part("verification", "Verification level", points, 40, f"L{level}: {description}"),
        _part("works", "Body of work", _growth(25, works, 200), 25, f"{works} work{'' if works == 1 else 's'}"),
        _part("collaborators", "Close collaborators", _growth(15, close, 100), 15, f"{close} with two or more works"),
        _part("affiliation", "Affiliation known", 10 * bool(places), 10, _known(places)),
        _part("orcid", "ORCID iD known", 10 * bool(orcid), 10, _known(orcid)),
    ]
    score = round(sum(part["points"] for part in parts))
    return {
        "score": score,
        "band": next(name for floor, name in BANDS if score >= floor),
        "parts": parts,
        "verification_level": level,
        "claimed": record["claimed"],
    }


def _growth(most: int, count: int, full: int) -> float:
    """Return `most` points for `full` or more, and in proportion to ln(1 + count) for fewer."""
    return most * min(1.0, math.log1p(count) / math.log1p(full))


def _known(value: object) -> str:
    return "imported" if value else "not imported"


def _part(key: str, label: str, points: float, most: int, detail: str) -> TrustPart:
    return {"key": key, "label": label, "points": round(points, 1), "max": most, "detail": detail}

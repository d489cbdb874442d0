"""The trust snapshot: what is known about the identity behind a record. It does not judge the research.

Out of 100, by parts that are all shown. Computed when it is asked for, from what the record holds, so it cannot
disagree with it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Points and words of each verification level.
LEVELS = {
    1: (5, "Imported record"),
    2: (15, "Claim pending"),
    3: (30, "Claimed, ORCID iD proven"),
    4: (40, "Claimed, ORCID iD and institution e-mail proven"),
}
#: Words of the levels where an admin confirmed the claim in place of an ORCID iD.
CONFIRMED = {3: "Claimed, confirmed by an admin", 4: "Claimed, confirmed by an admin, institution e-mail proven"}
#: The lowest score of each band.
BANDS = ((80, "Verified"), (60, "Trusted"), (40, "Established"), (20, "Emerging"), (0, "New"))


def snapshot(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return score, band and parts for a researcher's document. The score is the rounded sum of the parts."""
    level = record["verification_level"]
    points, words = LEVELS[level]
    if (record.get("owner") or {}).get("proof") == "admin":
        words = CONFIRMED.get(level, words)
    close = record["close_collaborators_count"]
    parts = [
        _part("verification", "Verification level", points, 40, f"L{level}: {words}"),
        _part(
            "works", "Body of work", _growth(25, record["works_count"], 200), 25, _plural(record["works_count"], "work")
        ),
        _part("collaborators", "Close collaborators", _growth(15, close, 100), 15, f"{close} with two or more works"),
        _part(
            "affiliation", "Affiliation known", 10 * bool(record["affiliations"]), 10, _known(record["affiliations"])
        ),
        _part("orcid", "ORCID iD known", 10 * bool(record["orcid"]), 10, _known(record["orcid"])),
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
    """Return `most` points from `full` on, and before that in proportion to ln(1 + count)."""
    return most * min(1.0, math.log1p(count) / math.log1p(full))


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _known(value: object) -> str:
    return "imported" if value else "not imported"


def _part(key: str, label: str, points: float, most: int, detail: str) -> dict[str, Any]:
    return {"key": key, "label": label, "points": round(points, 1), "max": most, "detail": detail}

"""The weights and thresholds of author identity, with the measurement that chose each.

The first fields of `Weights` were learned from people whose ORCID iDs are known:
`peerscope evaluate identity --truth TRUTH.tsv.gz --fit WORKS.jsonl.gz` prints them. The others were chosen on one half
of the family names of the ACL Anthology. docs/identity.md reports the quality on other names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING

from indexer.identity.compatibility import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Schemes whose ids an algorithm assigns: they split and merge people. Others are assigned by people.
AUTOMATIC_SCHEMES = frozenset(("openalex", "mag", "s2"))

#: Cost of a difference between two names, in nats.
VERDICTS: Mapping[Verdict, float] = MappingProxyType(
    {
        Verdict.IDENTICAL: 0.0,
        Verdict.TRANSLITERATED: 0.0,
        Verdict.MIDDLE: 2.0,
        Verdict.INITIAL: 1.0,
        Verdict.NICKNAME: 3.0,
        Verdict.PART: 6.0,
        Verdict.SWAPPED: 5.0,
    }
)


@dataclass(frozen=True, slots=True)
class Weights:
    """All weights and thresholds. Values are nats (natural logarithms of odds) unless stated otherwise."""

    # Learned: nats per unit of the fact in `features.py`; every fact can only raise (or only lower) the evidence.
    coauthors: float = 0.15
    #: No common co-author, when both works have co-authors.
    strangers: float = 2.37
    neighbours: float = 1.11
    institutions: float = 0.57
    other_institution: float = 2.92
    embedding: float = 3.71
    words: float = 4.88

    # Not learned, since the works with ORCID iDs are of one field, of four years, and without references.
    embedding_expected: float = 0.4
    references: float = 0.8
    self_citation: float = 3.0
    topics: float = 0.3
    other_topics: float = 0.6
    venues: float = 0.1
    #: Nats per year beyond a gap of `usual_gap` years.
    years: float = 0.15
    usual_gap: int = 6
    max_years: float = 3.0

    #: Share of the best pair of mentions in the evidence between two groups; the rest is the mean over all pairs.
    best: float = 0.5

    #: Minimum score at which two groups are joined.
    threshold: float = 1.25
    #: The same for groups with different home blocks.
    bridge: float = 2.25
    #: Pairs that miss the threshold by at most this are listed as probable duplicates.
    review: float = 1.5
    #: Factor of -ln(namesakes): how fast the evidence that is needed grows with the number of namesakes.
    namesakes: float = 1.0
    verdicts: Mapping[Verdict, float] = field(default_factory=lambda: VERDICTS)
    #: Cost of two forms of a name when neither a co-author nor an institution is shared.
    unproven: float = 0.25
    #: Cost of two different ids of one scheme, which curators assigned, or an algorithm.
    other_id: float = 18.0
    other_automatic_id: float = 6.0

    def conflict(self, schemes: Sequence[str]) -> float:
        """Return the cost of different ids in these schemes; infinite for ORCID iDs."""
        costs = (self.other_automatic_id if scheme in AUTOMATIC_SCHEMES else self.other_id for scheme in schemes)
        return inf if "orcid" in schemes else sum(costs)

"""The weights and thresholds of author identity, with the measurement that chose each.

Chosen by `peerscope evaluate identity --tune` on one half of the family names of the ACL Anthology; docs/identity.md
reports the quality on the other half.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from indexer.identity.compatibility import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Cost of a difference between two names, in nats.
VERDICTS: Mapping[Verdict, float] = MappingProxyType(
    {
        Verdict.IDENTICAL: 0.0,
        Verdict.TRANSLITERATED: 0.0,
        Verdict.MIDDLE: 2.0,
        Verdict.INITIAL: 3.5,
        Verdict.NICKNAME: 3.0,
        Verdict.PART: 6.0,
        Verdict.SWAPPED: 5.0,
    }
)


@dataclass(frozen=True, slots=True)
class Weights:
    """All weights and thresholds. Values are nats (natural logarithms of odds) unless stated otherwise."""

    #: Minimum score at which two groups are joined.
    threshold: float = -0.5
    #: The same for two mentions of one printed name with a shared co-author, before groups are compared.
    core: float = 0.0
    #: The same for groups with different home blocks.
    bridge: float = 0.5
    #: Pairs that miss the threshold by at most this are listed as probable duplicates.
    review: float = 1.5
    verdicts: Mapping[Verdict, float] = field(default_factory=lambda: VERDICTS)
    #: Factor of -ln(namesakes).
    namesakes: float = 1.1
    #: Cost of two forms of a name when neither a co-author nor an institution is shared.
    unproven: float = 2.0
    coauthors: float = 0.85
    strangers: float = 0.1
    institutions: float = 0.95
    max_institution: float = 6.0
    min_institution: float = 2.5
    #: `--tune` would lower this and `other_topics` on works of one field; both separate namesakes across fields.
    other_institution: float = 0.3
    words: float = 6.0
    words_expected: float = 0.05
    words_most: float = 0.4
    topics: float = 0.3
    other_topics: float = 0.6
    venues: float = 0.25
    #: Nats per year beyond a gap of `usual_gap` years or a career of `usual_career` years.
    years: float = 0.15
    usual_gap: int = 6
    usual_career: int = 30
    max_years: float = 3.0
    vectors: float = 4.0
    vectors_expected: float = 0.3
    #: Maximum that words, topics and venues can add to a name: pairs that share nothing else are discarded early.
    most_without: float = 4.5
    #: Maximum number of pairs of groups compared in a block. Above, only those that share a trait: the 15 largest
    #: blocks of 97,000 works gave 2,465 clusters in 2.3 s, against 2,438 in 6.0 s at 60,000.
    max_pairs: int = 3_000
    #: Maximum number of groups with one trait that are compared with each other: a more common trait is no evidence.
    max_sharing: int = 40

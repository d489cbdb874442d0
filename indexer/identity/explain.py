"""Evidence in words, for `peerscope why-merged` and `peerscope duplicates`."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING

from indexer.identity.compatibility import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.identity.evidence import Part

#: Number of facts listed in a sentence; the rest are counted.
MAX_LISTED = 4
#: Below this estimate of namesakes a name counts as rare, below the second as uncommon.
RARE, UNCOMMON = 0.06, 0.5

_NAMES = {
    Verdict.IDENTICAL: "same name",
    Verdict.TRANSLITERATED: "same name (different transliteration)",
    Verdict.MIDDLE: "name matches (middle name missing)",
    Verdict.INITIAL: "name matches (given name abbreviated)",
    Verdict.NICKNAME: "name matches (nickname)",
    Verdict.PART: "name matches (part of the name missing)",
    Verdict.SWAPPED: "name matches (different word order)",
    Verdict.INCOMPATIBLE: "different names",
}
#: Texts for evidence with facts, and without.
_SHARED = {
    "coauthors": ("shared co-authors: {}", "no shared co-authors"),
    "neighbours": ("co-authors who wrote with each other: {}", "co-authors who wrote with each other"),
    "institutions": ("shared words in affiliations: {}", "different affiliations"),
    "words": ("shared title words: {}", "no shared title words"),
    "topics": ("shared topics: {}", "no shared topics"),
    "venues": ("shared venue: {}", "no shared venue"),
    "conflict": ("different ids in {}", ""),
    "unproven": ("", "name variants with no other evidence"),
    "listed twice": ("one work lists the name twice: {}", ""),
}
_DECISIONS = {
    "id": "same id: {}",
    "questioned": "same id {}, but the names or other ids contradict",
    "override": "decided in overrides.toml: {}",
    "owner": "confirmed by the owner of the profile",
}


def describe_evidence(parts: Sequence[Part], score: float) -> str:
    """Return the evidence as the end of a sentence: the score, and each part with what it adds in nats.

    A decision (a shared id, an override, the owner's word) scores inf and is described without numbers.
    """
    if isinf(score) or parts[0].kind in _DECISIONS:
        return f": {'; '.join(_DECISIONS[part.kind].format(*part.facts) for part in parts)}."
    return f", score {score:.1f}: {'; '.join(map(_describe_with_value, parts))}."


def _describe_with_value(part: Part) -> str:
    """Return a phrase with what the part adds in nats; a part of no value is a fact for the reader only."""
    return f"{_describe(part)} ({part.value:+.1f})" if part.value else _describe(part)


def _describe(part: Part) -> str:
    if part.kind == "name":
        verdict, namesakes = part.facts
        return f"{_NAMES[verdict]}, {_frequency(namesakes)}"
    if part.kind == "years":
        return f"gap of {part.facts[0]} years between works" if part.facts[0] else "works are years apart"
    if part.kind == "embedding":
        return "similar content" if part.value > 0 else "different content"
    if part.kind == "references":
        count, cites = part.facts
        shared = f"{count} shared reference{'s' if count != 1 else ''}"
        return f"{shared}, one cites the other" if cites else shared
    with_facts, without = _SHARED[part.kind]
    return with_facts.format(listed(part.facts)) if part.facts else without


def _frequency(namesakes: float) -> str:
    """Describe the estimated number of other people in this collection who could have the name."""
    if namesakes < RARE:
        return "rare here"
    if namesakes < UNCOMMON:
        return "uncommon here"
    return f"common here (about {max(namesakes, 1):.0f} possible namesake{'s' if namesakes >= 1.5 else ''})"


def listed(facts: Iterable[object]) -> str:
    """Return the first facts and the number of others; a co-author known only by block `smith|j` as `smith, j.`."""
    texts = [f"{a}, {b}." if b else a for a, _, b in (str(fact).partition("|") for fact in facts)]
    more = f" and {len(texts) - MAX_LISTED} more" if len(texts) > MAX_LISTED else ""
    return ", ".join(texts[:MAX_LISTED]) + more

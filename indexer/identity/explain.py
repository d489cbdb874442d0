"""Why mentions are one researcher, in sentences: what `peerscope why-merged` prints."""

from __future__ import annotations

from math import isinf
from typing import TYPE_CHECKING

from indexer.identity.compatibility import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.identity.clusters import Cluster, Link, Side
    from indexer.identity.evidence import Part

#: Facts named one by one in a sentence; the rest are counted.
SHOWN = 4


def explain(cluster: Cluster) -> list[str]:
    """Return one sentence for each join that made the cluster, in the order they were made."""
    if not cluster.links:
        return ["One mention, or mentions that nothing joined: there is no join to explain."]
    return [explain_link(link) for link in cluster.links]


def explain_link(link: Link, verb: str = "joined") -> str:
    """Return one join as a sentence: the two sides, the score, and its parts with what each adds."""
    return f"{_side(link.left)} {verb} with {_side(link.right)}{link.evidence}"


def evidence_of(parts: Sequence[Part], score: float) -> str:
    """Return the end of that sentence: what speaks for one person, and against."""
    if isinf(score):
        return f": {'; '.join(_decided(part) for part in parts)}."
    told = "; ".join(f"{_sentence(part)} ({part.value:+.1f})" for part in parts)
    return f", score {score:.1f}: {told}."


def _side(side: Side) -> str:
    more = f" and {side.size - 1} more" if side.size > 1 else ""
    return f"{side.name} [{side.key}{more}]"


def _decided(part: Part) -> str:
    if part.kind == "id":
        return f"both have the id {part.facts[0]}"
    return f"decided by a person: {part.facts[0]}"


def _sentence(part: Part) -> str:
    if part.kind == "name":
        verdict, namesakes = part.facts
        return f"{WORDS[verdict]}, which about {namesakes:g} others here could have"
    if part.kind == "years":
        gap, span = part.facts
        return f"{gap} years without a work, {span} years from first to last"
    if part.kind == "embedding":
        return f"their works' embeddings have cosine {part.facts[0]:g}"
    return _shared(part)


def _shared(part: Part) -> str:
    some, none = _PHRASES[part.kind]
    return f"{some}: {listed(part.facts)}" if part.facts else none


_PHRASES = {
    "coauthors": ("co-authors in common", "no co-author in common"),
    "institutions": ("institution in common", "no institution in common"),
    "words": ("words of titles in common", "no words of titles in common"),
    "topics": ("topics in common", "no topic in common"),
    "unproven": ("", "two forms of a name, and nothing that people share speaks for them"),
    "venues": ("venue in common", "no venue in common"),
}


def listed(facts: Iterable[object]) -> str:
    """Return the first few facts, and how many more there are; co-authors known by their block as `smith, j.` are."""
    texts = [f"{a}, {b}." if b else a for a, _, b in (str(fact).partition("|") for fact in facts)]
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more

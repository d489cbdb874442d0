"""Mentions for the tests of identity, in a few words."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from indexer.identity.context import Context, context_of
from indexer.identity.corpus import blocks_of, resolve
from indexer.identity.mentions import Mention, mentions_of
from indexer.identity.weights import Weights
from indexer.records import Author, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.identity.clusters import Resolution

_NUMBERS = count(1)


def work(id_: str, *authors: str | Author, title: str = "A title", **fields: Any) -> list[Mention]:
    """Return the mentions of a work by authors of these names."""
    people = tuple(author if isinstance(author, Author) else Author(author) for author in authors)
    return mentions_of(Work(f"local:{id_}", title, people, **fields))


def crowd(*names: str) -> list[list[Mention]]:
    """Return one work each of many people, and of these: the corpus in which something is rare or common."""
    letters = "abcdefghij"
    filler = [f"{a}{b}ion {c}{a}{b}erg" for a in letters for b in letters for c in "kl"]
    return [work(f"crowd-{next(_NUMBERS)}", name, title=f"On {name}") for name in [*filler, *names]]


def common(given: str, surname: str) -> list[list[Mention]]:
    """Return a corpus in which both names are so frequent that many people must have them together."""
    others = [f"{first}{last}" for first in "bcdfghjklm" for last in ("ao", "ei", "un", "ing", "ou")]
    return crowd(*(f"{other} {surname}" for other in others), *(f"{given} {other}" for other in others))


def resolved(works: Sequence[Sequence[Mention]], others: Sequence[Sequence[Mention]] = ()) -> Resolution:
    """Resolve works in a corpus of these and others."""
    context = context_of([*works, *others])
    return resolve(blocks_of(mention for mentions in works for mention in mentions), Weights(), context)


def groups(resolution: Resolution) -> list[list[str]]:
    """Return clusters as the keys of their mentions, without `local:`."""
    return [[str(m.key).removeprefix("local:") for m in cluster.mentions] for cluster in resolution.clusters]


def same(resolution: Resolution, one: str, other: str) -> bool:
    """Return whether two mentions are in one cluster."""
    return any({one, other} <= set(group) for group in groups(resolution))


__all__ = ["Author", "Context", "common", "crowd", "groups", "resolved", "same", "work"]

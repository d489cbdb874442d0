"""A mention: one name on one work, with all that the work says which may tell whose name it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from indexer.identity.keys import fold_name, strong_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from indexer.records import Author, Work

#: Co-authors kept for a mention, those that stand nearest to it. 99.9 % of works have fewer authors; a list of 5,500
#: names would otherwise cost 5,500 x 5,500 strings, and shared membership in it says little.
MAX_COAUTHORS = 60
#: Words too frequent in titles to tell one author from another, beside those that rarity weighs down by itself.
_STOP = frozenset(
    ("with", "from", "using", "towards", "toward", "based", "into", "their", "this", "that", "which", "over")
)


class MentionKey(NamedTuple):
    """What names a mention for ever: the work and the position on it, 1 for the first author."""

    work_id: str
    position: int

    def __str__(self) -> str:
        return f"{self.work_id}#{self.position}"


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """What a work says of all its authors alike; their mentions share it. Texts are folded already."""

    id: str
    #: Folded names of the authors, in order.
    names: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    #: Words of the title: most sources give no topics.
    words: tuple[str, ...] = ()
    venue: str | None = None
    year: int | None = None
    #: The work's embedding, float32, unit length; None where it is not at hand.
    vector: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A name on a work: as printed, with what the work says of this author alone."""

    work: WorkFacts
    position: int
    name: str
    source_id: str | None = None
    orcid: str | None = None
    #: Folded names of institutions.
    institutions: tuple[str, ...] = ()
    #: The key by which ledgers and overrides name this mention. One for all who ask: there are half a million of them
    #: in 97,000 works, and whoever keeps them would keep copies.
    key: MentionKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", MentionKey(self.work.id, self.position))

    @property
    def coauthors(self) -> tuple[str, ...]:
        """Return the folded names of the others on the work, of a long list those that stand nearest."""
        names, position = self.work.names, self.position - 1
        first = max(0, min(position - MAX_COAUTHORS // 2, len(names) - MAX_COAUTHORS - 1))
        return names[first:position] + names[position + 1 : first + MAX_COAUTHORS + 1]


def parse_key(text: str) -> MentionKey:
    """Read a key as `MentionKey` prints it. Raises ValueError when it is none."""
    work_id, mark, position = text.rpartition("#")
    if not (mark and work_id and position.isdecimal() and int(position) > 0):
        raise ValueError(f"{text!r} names no author of a work; that is WORK_ID#POSITION, like doi:10.1000/xyz#2")
    return MentionKey(work_id, int(position))


def mentions_of(work: Work, vector: NDArray[np.float32] | None = None) -> list[Mention]:
    """Return the mentions of a work, in the order of its authors."""
    facts = WorkFacts(
        id=work.id,
        names=tuple(intern(fold_name(author.name) or author.name) for author in work.authors),
        topics=tuple(intern(id_) for id_, _ in work.topics),
        words=title_words(work.title),
        venue=intern(fold_name(work.venue)) if work.venue else None,
        year=work.year,
        vector=vector,
    )
    return [
        Mention(
            facts, position, intern(author.name), _shared(strong_id(author)), _shared(author.orcid), _places(author)
        )
        for position, author in enumerate(work.authors, 1)
    ]


def _shared(text: str | None) -> str | None:
    """Return one string for all that are equal: an id stands on every work of its person."""
    return intern(text) if text else None


def _places(author: Author) -> tuple[str, ...]:
    return folded_institutions(author.affiliation) if author.affiliation else ()


@lru_cache(maxsize=20_000)
def folded_institutions(affiliation: str) -> tuple[str, ...]:
    """Return the institutions between the semicolons of an affiliation, folded; web addresses in it are dropped."""
    parts = re.sub(r"https?://\S+|\S+@\S+", " ", affiliation).split(";")
    return tuple(intern(folded) for part in parts if (folded := fold_name(part)))


def title_words(title: str) -> tuple[str, ...]:
    """Return the distinct words of a title that can tell topics apart, folded, in order."""
    words = dict.fromkeys(fold_name(title).split())
    return tuple(intern(word) for word in words if len(word) > 3 and word not in _STOP)

"""Mentions: one name on one work, with everything on the work that helps to identify the person."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, NamedTuple

from indexer.identity.keys import fold_name, strong_id, without_shared_ids

if TYPE_CHECKING:
    from indexer.records import Author, Work

#: Maximum number of co-authors kept for a mention, the nearest in the list. 99.9 % of works have fewer authors; a list
#: of 5,500 names would otherwise take 5,500 x 5,500 strings, and joint membership in it is weak evidence.
MAX_COAUTHORS = 60
#: Function words of titles that are ignored; other frequent words get a low weight because they are not rare.
_STOP = frozenset(
    ("with", "from", "using", "towards", "toward", "based", "into", "their", "this", "that", "which", "over")
)


class MentionKey(NamedTuple):
    """The permanent key of a mention: the work and the position on it, 1 for the first author."""

    work_id: str
    position: int

    def __str__(self) -> str:
        return f"{self.work_id}#{self.position}"


@dataclass(frozen=True, slots=True)
class WorkFacts:
    """Facts about a work that all its mentions share. Texts are folded."""

    id: str
    #: Folded names of the authors, in order; all of them, or those around one mention.
    names: tuple[str, ...] = ()
    #: Number of authors before the first of `names`.
    start: int = 0
    topics: tuple[str, ...] = ()
    #: Words of the title: most sources give no topics.
    words: tuple[str, ...] = ()
    venue: str | None = None
    year: int | None = None
    #: Ids of the works that it cites, as far as known.
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A name on a work as printed, with the facts about this author alone."""

    work: WorkFacts
    position: int
    name: str
    source_id: str | None = None
    orcid: str | None = None
    #: Folded names of institutions.
    institutions: tuple[str, ...] = ()
    #: The key by which overrides name this mention. Created once: there are half a million in 97,000 works, and every
    #: user would otherwise keep a copy.
    key: MentionKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", MentionKey(self.work.id, self.position))

    @property
    def folded(self) -> str:
        """Return the folded name."""
        return self.work.names[self.position - 1 - self.work.start]

    @property
    def coauthors(self) -> tuple[str, ...]:
        """Return the folded names of the other authors, in a long list only the nearest ones."""
        names, place = self.work.names, self.position - 1 - self.work.start
        first = first_near(place, len(names))
        return names[first:place] + names[place + 1 : first + MAX_COAUTHORS + 1]


def first_near(place: int, authors: int) -> int:
    """Return the index of the first of the co-authors that are kept for the author with this index."""
    return max(0, min(place - MAX_COAUTHORS // 2, authors - MAX_COAUTHORS - 1))


def parse_key(text: str) -> MentionKey:
    """Return the key in a text as `str(MentionKey)` writes it. Raises ValueError when it is invalid."""
    work_id, mark, position = text.rpartition("#")
    if not (mark and work_id and position.isdecimal() and int(position) > 0):
        raise ValueError(f"{text!r} is not a mention; write WORK_ID#POSITION, such as doi:10.1000/xyz#2")
    return MentionKey(work_id, int(position))


def mentions_of(work: Work) -> list[Mention]:
    """Return the mentions of a work, in the order of its authors."""
    facts = WorkFacts(
        id=work.id,
        names=tuple(intern(fold_name(author.name) or author.name) for author in work.authors),
        topics=tuple(intern(id_) for id_, _ in work.topics),
        words=title_words(work.title),
        venue=intern(fold_name(work.venue)) if work.venue else None,
        year=work.year,
        references=tuple(map(intern, work.references)),
    )
    return [
        Mention(
            facts,
            position,
            intern(author.name),
            _interned(strong_id(author)),
            _interned(author.orcid),
            _folded_affiliation(author),
        )
        for position, author in enumerate(without_shared_ids(work.authors), 1)
    ]


def _interned(text: str | None) -> str | None:
    """Return the shared copy of a string: an id is repeated on every work of its person."""
    return intern(text) if text else None


def _folded_affiliation(author: Author) -> tuple[str, ...]:
    """Return the folded institutions of an author: those of the affiliation, and the names of resolved ones."""
    printed = folded_institutions(author.affiliation) if author.affiliation else ()
    resolved = tuple(intern(fold_name(institution.name)) for institution in author.institutions)
    return tuple(dict.fromkeys((*printed, *resolved)))


@lru_cache(maxsize=20_000)
def folded_institutions(affiliation: str) -> tuple[str, ...]:
    """Return the folded institutions of an affiliation (separated by semicolons), without URLs and addresses."""
    parts = re.sub(r"https?://\S++|(?<!\S)\S[^\s@]*+@\S++", " ", affiliation).split(";")
    return tuple(intern(folded) for part in parts if (folded := fold_name(part)))


def title_words(title: str) -> tuple[str, ...]:
    """Return the distinct informative words of a title, folded, in order."""
    words = dict.fromkeys(fold_name(title).split())
    return tuple(intern(word) for word in words if len(word) > 3 and word not in _STOP)

"""Trials of author identity: works with known authors whose ids are removed and whose names may be cut to initials.

Curators merge and split only what they notice, so their ids are most reliable where they did: for names with several
ids and ids with several names. That slice is also measured separately. Elsewhere a printed name is one id, right or
wrong; cutting the names of every third work to initials creates homonyms with a known truth.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer.identity.context import Context, context_of
from indexer.identity.keys import fold_name, strong_id
from indexer.identity.mentions import Mention, MentionKey, mentions_of
from indexer.identity.names import block_keys, parse_name
from indexer.records import Author, Work, parse_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

#: Weights and thresholds are chosen on the first half of the family names, results reported on the second.
TUNING, REPORTED = 0, 1
#: In the trial `initials`, one in so many works has its names cut to initials.
CUT = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """Mentions without ids, the true id of each, and the counts of the whole corpus."""

    mentions: tuple[Mention, ...]
    truth: dict[MentionKey, str]
    context: Context
    #: Mentions whose id the curators must have considered.
    curated: frozenset[MentionKey]

    def of(self, half: int, parts: int = 1) -> Trial:
        """Return the trial of one half of the family names, or of one in `parts` of that half."""
        chosen = tuple(m for m in self.mentions if half_of(m) == half and _number(f"part {family_of(m)}") % parts == 0)
        keys = {mention.key for mention in chosen}
        truth = {key: id_ for key, id_ in self.truth.items() if key in keys}
        return replace(self, mentions=chosen, truth=truth, curated=self.curated & keys)


def read_works(path: Path) -> Iterator[Work]:
    """Yield the works of a .jsonl or .jsonl.gz file. Raises OSError, and ValueError for any invalid record."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            yield parse_work(json.loads(line))


def make_trial(works: Iterable[Work], initials: bool = False) -> Trial:
    """Return a trial without ids; with `initials`, the given names of one in `CUT` works are cut to initials."""
    per_work: list[list[Mention]] = []
    truth: dict[MentionKey, str] = {}
    for work in works:
        cut = initials and _number(work.id) % CUT == 0
        authors = tuple(Author(abbreviated(a.name) if cut else a.name, affiliation=a.affiliation) for a in work.authors)
        mentions = mentions_of(replace(work, authors=authors))
        known = ((mention.key, strong_id(author)) for mention, author in zip(mentions, work.authors, strict=True))
        truth.update((key, id_) for key, id_ in known if id_)
        per_work.append(mentions)
    mentions = [mention for work_mentions in per_work for mention in work_mentions]
    return Trial(tuple(mentions), truth, context_of(per_work), curated(mentions, truth))


def without_ids(work: Work) -> Work:
    """Return a work without any ids of its authors."""
    return replace(work, authors=tuple(replace(author, id=None, orcid=None) for author in work.authors))


def curated(mentions: Sequence[Mention], truth: dict[MentionKey, str]) -> frozenset[MentionKey]:
    """Return the mentions of names with several ids and of ids with several names."""
    names, ids = defaultdict(set), defaultdict(set)
    known = [(mention.key, fold_name(mention.name), truth[mention.key]) for mention in mentions if mention.key in truth]
    for _, name, id_ in known:
        names[id_].add(name)
        ids[name].add(id_)
    return frozenset(key for key, name, id_ in known if len(names[id_]) > 1 or len(ids[name]) > 1)


def abbreviated(printed: str) -> str:
    """Return a name with its given names as initials: `D. A. Smith` for `David A. Smith`; a single word is kept."""
    name = parse_name(printed)
    if not name.given:
        return printed
    initials = " ".join(f"{word[0].upper()}." for word in name.given)
    return f"{initials} {' '.join(name.particles)} {'-'.join(name.surnames).title()}".replace("  ", " ")


def half_of(mention: Mention) -> int:
    """Return the half of the family names that a mention belongs to, by a hash, so the same in every run."""
    return _number(family_of(mention)) % 2


def family_of(mention: Mention) -> str:
    """Return the family name of a mention, in the spelling of block keys."""
    return block_keys(mention.name)[0].partition("|")[0]


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:8], 16)

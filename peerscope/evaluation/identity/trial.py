"""Works with known authors, made into a test of author identity: ids taken away, names perhaps cut to initials.

Curators join and part only what they come across, so their ids are surest where they did: names that they parted, and
people that they joined from several names. That slice is measured by itself. Where they did not look, one printed name
is one id, right or wrong; cutting every third work's names to initials makes homonyms whose truth is known.
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

#: Weights and thresholds are chosen on the first half of the family names, and reported on the second.
TUNING, REPORTED = 0, 1
#: One work of so many has its names cut to initials in the trial `initials`.
CUT = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """Mentions without ids, the id each should have, and the counts of the whole corpus."""

    mentions: tuple[Mention, ...]
    truth: dict[MentionKey, str]
    context: Context
    #: Mentions whose id the curators must have thought about.
    curated: frozenset[MentionKey]

    def of(self, half: int, parts: int = 1) -> Trial:
        """Return the mentions of one half of the family names, or of one in `parts` of that half's names."""
        chosen = tuple(m for m in self.mentions if half_of(m) == half and _number(f"part {_surname(m)}") % parts == 0)
        keys = {mention.key for mention in chosen}
        truth = {key: id_ for key, id_ in self.truth.items() if key in keys}
        return replace(self, mentions=chosen, truth=truth, curated=self.curated & keys)


def read_works(path: Path) -> Iterator[Work]:
    """Read the works of a .jsonl or .jsonl.gz file. Raises OSError and ValueError: a trial needs all of it."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            yield parse_work(json.loads(line))


def make_trial(works: Iterable[Work], initials: bool = False) -> Trial:
    """Take the ids away; with `initials`, cut the given names on one work of `CUT` too."""
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


def curated(mentions: Sequence[Mention], truth: dict[MentionKey, str]) -> frozenset[MentionKey]:
    """Find mentions of names with several ids, and of ids with several names."""
    names, ids = defaultdict(set), defaultdict(set)
    known = [(mention.key, fold_name(mention.name), truth[mention.key]) for mention in mentions if mention.key in truth]
    for _, name, id_ in known:
        names[id_].add(name)
        ids[name].add(id_)
    return frozenset(key for key, name, id_ in known if len(names[id_]) > 1 or len(ids[name]) > 1)


def abbreviated(printed: str) -> str:
    """Cut given names to initials: `David A. Smith` becomes `D. A. Smith`. Names of one word stay."""
    name = parse_name(printed)
    if not name.given:
        return printed
    initials = " ".join(f"{word[0].upper()}." for word in name.given)
    return f"{initials} {' '.join(name.particles)} {'-'.join(name.surnames).title()}".replace("  ", " ")


def half_of(mention: Mention) -> int:
    """Return the half of the family names that a mention belongs to: by a hash, so that it is the same in every run."""
    return _number(_surname(mention)) % 2


def _surname(mention: Mention) -> str:
    return block_keys(mention.name)[0].partition("|")[0]


def _number(text: str) -> int:
    return int(hashlib.sha256(text.encode("utf-8")).hexdigest()[:8], 16)

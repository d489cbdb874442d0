"""`peerscope duplicates`: researchers or works that are probably the same, with the command that joins them."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import click

from indexer.deduplication.matching import have_compatible_authors
from indexer.identity.commands import WIDTH, print_duplicates
from indexer.records import parse_work
from indexer.sources.stored import record_of
from indexer.write.reads import pages
from mappings import IndexNames
from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.terminal import Console

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensearchpy import OpenSearch

    from indexer.records import Work
    from mappings.documents import WorkDocument
    from peerscope.settings import Settings

#: Works read in one response.
PAGE = 1_000
#: Works with one title and family name; more are a series, such as yearly reports.
MAX_EQUAL = 10


class EqualWorks(NamedTuple):
    """Two works with equal titles and compatible authors, and the years between them; None if one is unknown."""

    left: Work
    right: Work
    gap: int | None

    @property
    def verdict(self) -> str:
        """Whether they are one work, in words."""
        if self.gap == 0:
            return "almost certainly one work: equal titles, authors and years"
        years = "unknown years" if self.gap is None else f"{self.gap} year{'s' if self.gap > 1 else ''} apart"
        return f"perhaps one work: equal titles and authors, {years}"


@click.command(short_help="List possible duplicate researchers or works.")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="Number of pairs to show.")
@click.option("--works", "are_works", is_flag=True, help="List works with equal titles and compatible authors.")
@pass_settings
def duplicates(settings: Settings, count: int, are_works: bool) -> None:
    """List pairs of researchers that the last run almost merged, the most likely first.

    With --works, list pairs of works that have no common id, but equal titles and compatible authors.
    """
    if not are_works:
        print_duplicates(settings, count)
        return
    pairs = equal_works(indexed_works(engine.connect(settings), IndexNames(settings.index_prefix)))
    console = Console(width=WIDTH, highlight=False)
    if not pairs:
        console.print("No possible duplicates are known.")
        return
    for pair in pairs[:count]:
        console.print(pair.left.title, style="bold", markup=False, soft_wrap=True)
        console.print(f"  {pair.verdict}", markup=False)
        for work in (pair.left, pair.right):
            facts = ", ".join(str(fact) for fact in (work.venue, work.type, work.year) if fact)
            console.print(f"  {work.id}  {facts}", markup=False, soft_wrap=True)
        console.print(f"  peerscope merge --works {pair.left.id} {pair.right.id}", soft_wrap=True, markup=False)
    console.print(f"\n{len(pairs):,} pair{'s' if len(pairs) > 1 else ''} in total", markup=False)


def indexed_works(client: OpenSearch, names: IndexNames) -> Iterator[WorkDocument]:
    """Return the works of the index that may have another version."""
    excludes = ["embedding", "abstract", "records", "localized", "references"]
    query = {"exists": {"field": "version_keys"}}
    body = {"size": PAGE, "sort": ["id"], "query": query, "_source": {"excludes": excludes}}
    return (hit["_source"] for hits in pages(client, names.works, body) for hit in hits)


def equal_works(documents: Iterable[WorkDocument]) -> list[EqualWorks]:
    """Return the pairs of works with equal titles and compatible authors, those of one year first."""
    by_key: dict[str, list[Work]] = defaultdict(list)
    for document in documents:
        if not document["is_decided"]:
            work = parse_work(record_of(document))
            for key in document["version_keys"]:
                by_key[key].append(work)
    pairs = {
        (left.id, right.id): EqualWorks(left, right, _gap(left, right))
        for works in by_key.values()
        if len(works) <= MAX_EQUAL
        for left, right in combinations(works, 2)
        if have_compatible_authors(left, right)
    }
    return sorted(pairs.values(), key=lambda pair: (99 if pair.gap is None else pair.gap, pair.left.id, pair.right.id))


def _gap(left: Work, right: Work) -> int | None:
    return None if left.year is None or right.year is None else abs(left.year - right.year)

"""mentions: every name on the works of one partition, with what identifies the person, ordered by block.

The facts of a work are repeated for each of its authors, so that a block is read without any join; compression removes
the repetition.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import orjson

from indexer.identity.context import name_parts, place_words
from indexer.identity.keys import identity_key, researcher_id, without_shared_ids
from indexer.identity.mentions import MAX_COAUTHORS, Mention, WorkFacts, first_near, mentions_of
from indexer.identity.names import block_keys, home_of
from indexer.records import parse_work
from indexer.stages.tables import copy_hint, database, fetch, write_lines, write_query
from indexer.stages.task import Step, code_version, stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from indexer.records import Work
    from indexer.staging.changes import FormerAuthor

#: A mention as stored. `slot` spreads blocks evenly over buckets; `keys` are the other blocks of the name.
#: `names` are the folded names of the author and of the nearest co-authors, before whom the work has `start` others.
#: `provisional` is the researcher id for the case that the author had none before. `evidence` is a digest of all
#: evidence on the mention, and of this id. `digest` is that of the record of the work, and of the version of the code.
COLUMNS: Mapping[str, str] = {
    "slot": "INTEGER",
    "block": "VARCHAR",
    "work_id": "VARCHAR",
    "position": "INTEGER",
    "name": "VARCHAR",
    "source_id": "VARCHAR",
    "orcid": "VARCHAR",
    "institutions": "VARCHAR[]",
    "start": "INTEGER",
    "names": "VARCHAR[]",
    "topics": "VARCHAR[]",
    "words": "VARCHAR[]",
    "venue": "VARCHAR",
    "year": "INTEGER",
    "cited": "VARCHAR[]",
    "provisional": "VARCHAR",
    "folded": "VARCHAR",
    "home": "VARCHAR",
    "keys": "VARCHAR[]",
    "places": "VARCHAR[]",
    "surname": "VARCHAR",
    "given": "VARCHAR",
    "initial": "VARCHAR",
    "authors": "INTEGER",
    "evidence": "VARCHAR",
    "digest": "VARCHAR",
}
#: The columns from which `mention_of_row` builds a mention.
MENTION = ", ".join(list(COLUMNS)[2:15])
#: Number of slots; a bucket has the blocks of every n-th of them.
SLOTS = 65_536


@stage("mentions")
def find_mentions(step: Step) -> None:
    """Write the mentions on the works of one partition (`works`, JSON lines of `work_line`).

    Those on works whose record did not change since the run of the hint `mentions` are copied from it.
    """
    with database(step) as connection:
        with step.file("works").open("rb") as lines:
            digests = [_digest(line) for line in lines]
        connection.execute("CREATE TABLE wanted AS SELECT unnest($1::VARCHAR[]) AS digest", [digests])
        copy_hint(step, connection, "mentions", COLUMNS)
        copied = {digest for (digest,) in fetch(connection, "SELECT DISTINCT digest FROM copied")}
        with step.file("works").open("rb") as lines:
            remaining = ((line, digest) for line, digest in zip(lines, digests, strict=True) if digest not in copied)
            rows = ((*row, digest) for line, digest in remaining for row in _rows(parse_work(orjson.loads(line))))
            parsed = write_lines(step.scratch / "rows.jsonl", COLUMNS, rows)
        query = f"FROM (FROM copied UNION ALL FROM {parsed}) ORDER BY slot, block, work_id, position"
        write_query(connection, query, step.output)


def _digest(line: bytes) -> str:
    return hashlib.md5(code_version().encode() + line, usedforsecurity=False).hexdigest()


def work_line(record: Mapping[str, Any]) -> bytes:
    """Return a work as a line of a partition: its record without the abstract.

    The ids of its authors are elsewhere: they change with each run, and are no evidence.
    """
    record = {key: value for key, value in record.items() if key != "abstract"}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


#: The ids that authors had before this run. A work of the index has an id for each position. A work to be written has
#: those of the authors of its stored version, which are kept where the `name` is the same: a corrected title keeps all.
FORMER: Mapping[str, str] = {"work_id": "VARCHAR", "position": "INTEGER", "name": "VARCHAR", "id": "VARCHAR"}


def former_rows(
    work_id: str, before: Sequence[str] | None, former: Iterable[FormerAuthor]
) -> Iterator[tuple[str, int, str | None, str]]:
    """Yield the rows of `FORMER` of one work: `before` has an id for each author, else those of `former` count."""
    if before is None:
        yield from ((work_id, author.position, author.name, author.researcher_id) for author in former)
    else:
        yield from ((work_id, position, None, id_) for position, id_ in enumerate(before, 1))


def provisional_ids(work: Work) -> list[str]:
    """Return the ids of a work's authors for the case that they had none before (`FORMER`).

    The id of a name that is merged in the same run becomes a redirect like any other: a smaller collection, indexed
    before, may have used it.
    """
    return [researcher_id(identity_key(author)) for author in without_shared_ids(work.authors)]


def _rows(work: Work) -> Iterator[tuple[Any, ...]]:
    for mention, id_ in zip(mentions_of(work), provisional_ids(work), strict=True):
        facts = mention.work
        start = first_near(mention.position - 1, len(facts.names))
        block, *others = block_keys(mention.name)
        parts = name_parts(mention.name)
        evidence = (
            facts.id,
            mention.position,
            mention.name,
            mention.source_id,
            mention.orcid,
            mention.institutions,
            start,
            facts.names[start : start + MAX_COAUTHORS + 1],
            facts.topics,
            facts.words,
            facts.venue,
            facts.year,
            facts.references,
            id_,
        )
        yield (
            zlib.crc32(block.encode()) % SLOTS,
            block,
            *evidence,
            mention.folded,
            home_of(mention.folded),
            others,
            sorted(place_words(mention.institutions)),
            parts.surname,
            parts.given,
            parts.initial,
            len(facts.names),
            hashlib.md5(orjson.dumps(evidence), usedforsecurity=False).hexdigest(),
        )


def mention_of_row(row: Sequence[Any]) -> Mention:
    """Return the mention in a row of the columns `MENTION`."""
    work_id, position, name, source_id, orcid, institutions, start, names, topics, words, venue, year, cited = row
    facts = WorkFacts(work_id, tuple(names), start, tuple(topics), tuple(words), venue, year, tuple(cited))
    return Mention(facts, position, name, source_id, orcid, tuple(institutions))

"""blocks: the clusters in one bucket of blocks, each block resolved by itself with the counts that it needs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from indexer.identity.resolve import resolve_block
from indexer.identity.stages.clusters import COLUMNS, cluster_row, near_row
from indexer.identity.stages.context import context_of_bucket, context_of_names
from indexer.identity.stages.mentions import MENTION, SLOTS, mention_of
from indexer.identity.weights import Weights
from indexer.stages.tables import database, fetch, write_query, write_rows
from indexer.stages.task import Step, stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from indexer.identity.clusters import Cluster
    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention


@stage("blocks")
def resolve_blocks(step: Step) -> None:
    """Write the clusters of the blocks of bucket number `bucket` of `buckets`."""
    with database(step) as connection, database(step) as counts:
        _select(step, counts)
        context = context_of_bucket(step, counts)
        write_rows(step, connection, COLUMNS, _clusters(counts, context))


def _select(step: Step, connection: duckdb.DuckDBPyConnection, columns: str = "*") -> None:
    # A range of slots: files are ordered by slot, so that most of each is skipped.
    first, end = (SLOTS * (step.parameters["bucket"] + more) // step.parameters["buckets"] for more in (0, 1))
    query = f"CREATE TABLE bucket AS SELECT {columns} FROM mentions WHERE slot >= $1 AND slot < $2"  # noqa: S608
    connection.execute(query, [first, end])


def _clusters(connection: duckdb.DuckDBPyConnection, context: Context) -> Iterator[tuple[object, ...]]:
    weights = Weights()
    # A cursor: resolving a block reads embeddings with the connection itself.
    rows = fetch(
        connection.cursor(),
        f"SELECT block, before, {MENTION} FROM bucket ORDER BY block, work_id, position",  # noqa: S608 (constant)
    )
    for _, group in groupby(rows, key=lambda row: row[0]):
        pairs = [(mention_of(row[2:]), row[1]) for row in group]
        before = {mention.key: id_ for mention, id_ in pairs}
        resolution = resolve_block([mention for mention, _ in pairs], weights, context)
        for cluster in resolution.clusters:
            yield cluster_row(cluster, before, traits_of(cluster))
        if resolution.probable_duplicates:
            yield near_row(resolution.probable_duplicates)


def traits_of(cluster: Cluster) -> set[str]:
    """Return the co-authors and institutions of a cluster."""
    return {trait for mention in cluster.mentions for trait in _traits(mention)}


def _traits(mention: Mention) -> tuple[str, ...]:
    return (*mention.coauthors, *mention.institutions)


@stage("frequent")
def find_frequent_works(step: Step) -> None:
    """Write the ids of works whose embeddings are evidence: a frequent name in a block with several mentions."""
    with database(step) as connection:
        _select(step, connection, "block, name, work_id")
        context = context_of_names(connection)
        printed = [name for (name,) in fetch(connection, "SELECT DISTINCT name FROM bucket")]
        frequent = sorted(name for name in printed if context.is_frequent(name))
        connection.execute("CREATE TABLE frequent AS SELECT unnest($1::VARCHAR[]) AS name", [frequent])
        query = """
            SELECT DISTINCT work_id FROM bucket WHERE name IN (SELECT name FROM frequent)
            AND block IN (SELECT block FROM bucket GROUP BY block HAVING count(*) > 1) ORDER BY work_id
        """
        write_query(connection, query, step.output)

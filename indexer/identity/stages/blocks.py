"""blocks: the clusters in one bucket of blocks, each block resolved by itself with the counts that it needs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from indexer.identity.resolve import resolve_block
from indexer.identity.stages.clusters import COLUMNS, cluster_row, near_row
from indexer.identity.stages.context import context_of_bucket, context_of_names
from indexer.identity.stages.mentions import MENTION, SLOTS, mention_of_row
from indexer.identity.weights import Weights
from indexer.stages.tables import copy_hint, database, fetch, write_lines, write_query
from indexer.stages.task import Step, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from indexer.identity.context import Context

#: A cluster of a block, in the order of `place`. `digest` is that of all on which the clusters of the block depend.
BLOCK_COLUMNS: Mapping[str, str] = {"block": "VARCHAR", "place": "INTEGER", "digest": "VARCHAR", **COLUMNS}


@stage("blocks")
def resolve_blocks(step: Step) -> None:
    """Write the clusters of the blocks of bucket number `bucket` of `buckets`.

    Those of blocks that did not change since the run of the hint `clusters` are copied from it. The parameter
    `evidence` is the digest of the counts of the epoch.
    """
    with database(step) as connection:
        _create_digests(step, connection)
        copy_hint(step, connection, "clusters", BLOCK_COLUMNS)
        connection.execute("DELETE FROM wanted WHERE digest IN (SELECT digest FROM copied)")
        _select_mentions(step, connection, condition="block IN (SELECT block FROM wanted)")
        digests = dict(fetch(connection, "SELECT block, digest FROM wanted"))
        rows = _clusters(connection, context_of_bucket(step, connection), digests) if digests else ()
        resolved = write_lines(step.scratch / "rows.jsonl", BLOCK_COLUMNS, rows)
        query = f"FROM (FROM copied UNION ALL FROM {resolved}) ORDER BY block, place"
        write_query(connection, query, step.output)


def _create_digests(step: Step, connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table `wanted`: the blocks of the bucket, each with a digest of its mentions and their embeddings."""
    _select_mentions(step, connection, "block, work_id, position, evidence", table="placed")
    vectors = "SELECT NULL::VARCHAR AS key, NULL::BLOB AS vector WHERE false"
    if step.inputs.get("vectors"):
        vectors = "SELECT key, vector FROM vectors WHERE key IN (SELECT work_id FROM placed)"
    query = f"""
        CREATE TABLE wanted AS SELECT block, md5(concat_ws(' ', $1, block, parts)) AS digest FROM (
            SELECT block, string_agg(evidence || coalesce(md5(vector), ''), ' ' ORDER BY work_id, position) AS parts
            FROM placed LEFT JOIN ({vectors}) ON key = work_id GROUP BY block
        )
    """  # noqa: S608 (constants)
    connection.execute(query, [step.parameters["evidence"]])


def _select_mentions(
    step: Step,
    connection: duckdb.DuckDBPyConnection,
    columns: str = "*",
    condition: str = "true",
    table: str = "bucket",
) -> None:
    """Create a table of the mentions of the bucket that fulfil a condition."""
    # A range of slots: files are ordered by slot, so that most of each is skipped.
    first, end = step.share(SLOTS)
    query = f"CREATE TABLE {table} AS SELECT {columns} FROM mentions WHERE slot >= $1 AND slot < $2 AND {condition}"  # noqa: S608
    connection.execute(query, [first, end])


def _clusters(
    connection: duckdb.DuckDBPyConnection, context: Context, digests: Mapping[str, str]
) -> Iterator[tuple[object, ...]]:
    weights = Weights()
    # A cursor: resolving a block reads embeddings with the connection itself.
    rows = fetch(
        connection.cursor(),
        f"SELECT block, provisional, {MENTION} FROM bucket ORDER BY block, work_id, position",  # noqa: S608 (constant)
    )
    for block, group in groupby(rows, key=lambda row: row[0]):
        pairs = [(mention_of_row(row[2:]), row[1]) for row in group]
        provisional = {mention.key: id_ for mention, id_ in pairs}
        resolution = resolve_block([mention for mention, _ in pairs], weights, context)
        found = [cluster_row(cluster, provisional, cluster.traits) for cluster in resolution.clusters]
        if resolution.probable_duplicates:
            found.append(near_row(resolution.probable_duplicates))
        for place, row in enumerate(found):
            yield block, place, digests[block], *row


@stage("frequent")
def find_frequent_works(step: Step) -> None:
    """Write the ids of works whose embeddings are evidence: a frequent name in a block with several mentions."""
    with database(step) as connection:
        _select_mentions(step, connection, "block, name, work_id")
        context = context_of_names(connection)
        printed = [name for (name,) in fetch(connection, "SELECT DISTINCT name FROM bucket")]
        frequent = sorted(name for name in printed if context.is_frequent(name))
        connection.execute("CREATE TABLE frequent AS SELECT unnest($1::VARCHAR[]) AS name", [frequent])
        query = """
            SELECT DISTINCT work_id FROM bucket WHERE name IN (SELECT name FROM frequent)
            AND block IN (SELECT block FROM bucket GROUP BY block HAVING count(*) > 1) ORDER BY work_id
        """
        write_query(connection, query, step.output)

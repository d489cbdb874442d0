"""bridges: joins of clusters whose names fall into different blocks, by ids, then by compatible names with evidence.

Candidate edges between clusters form connected components, which are resolved independently of each other.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from indexer.identity.clusters import Cluster, Group
from indexer.identity.context import Context
from indexer.identity.cores import by_ids
from indexer.identity.corpus import MAX_SHARING, compatible_pairs
from indexer.identity.mentions import MentionKey
from indexer.identity.resolve import agglomerate
from indexer.identity.stages.clusters import (
    COLUMNS,
    cluster_row,
    current_clusters,
    links_of,
    mention_of_entry,
    near_row,
)
from indexer.identity.stages.context import context_of_bucket
from indexer.identity.stages.mentions import MENTION, mention_of_row
from indexer.identity.union import Union
from indexer.identity.weights import Weights
from indexer.stages.tables import database, fetch, write_rows
from indexer.stages.task import Step, stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

    from indexer.identity.clusters import Link
    from indexer.identity.mentions import Mention

#: Mentions of the components that are resolved together.
BUCKET = 10_000


@stage("joined-ids")
def join_ids(step: Step) -> None:
    """Write the clusters that share an id with another one, joined where the id does not contradict itself."""
    with database(step) as connection, database(step) as output:
        connection.execute(
            "CREATE TABLE numbered AS SELECT row_number() OVER (ORDER BY work_id, position) - 1 AS number, * "
            "FROM clusters WHERE work_id IS NOT NULL AND len(ids) > 0"
        )
        holders = fetch(
            connection,
            "SELECT list(number ORDER BY number) FROM (SELECT number, unnest(ids) AS id FROM numbered) GROUP BY id "
            "HAVING count(*) > 1 ORDER BY 1",
        )
        edges = [(first, other) for ((first, *others),) in holders for other in others]
        _store_components(connection, edges)
        write_rows(step, output, COLUMNS, _joined(connection))


def _joined(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """Yield the clusters of each component after all joins by ids, and the pairs that were questioned."""
    query = """
        SELECT component, mentions, links, traits FROM numbered JOIN joins USING (number) ORDER BY component, number
    """
    for _, rows in groupby(fetch(connection, query), key=lambda row: row[0]):
        clusters: dict[MentionKey, Cluster] = {}
        provisional: dict[MentionKey, str] = {}
        traits: dict[MentionKey, set[str]] = {}
        for _, mentions, links, own in rows:
            cluster = Cluster(tuple(map(mention_of_entry, mentions)), links_of(links))
            clusters[cluster.key], traits[cluster.key] = cluster, set(own)
            provisional |= _provisional(mentions)
        yield from _rows_of_joined(clusters, provisional, traits)


def _rows_of_joined(
    clusters: dict[MentionKey, Cluster], provisional: dict[MentionKey, str], traits: dict[MentionKey, set[str]]
) -> Iterator[tuple[Any, ...]]:
    context = Context()  # joins by ids weigh nothing
    groups = [Group(cluster.mentions, context, cluster.links) for cluster in clusters.values()]
    while True:
        result = by_ids(groups)
        if len(result.groups) == len(groups):
            break
        # Again after joins: a joined group may no longer contradict another one.
        groups = [Group(group.profile.mentions, context, group.links) for group in result.groups]
    for group in result.groups:
        parts = [mention.key for mention in group.profile.mentions if mention.key in clusters]
        shared = {trait for key in parts for trait in traits[key]}
        yield cluster_row(group.cluster(), provisional, shared, parts)
    if result.questioned:
        yield near_row(result.questioned)


@stage("name-pairs")
def pair_names(step: Step) -> None:
    """Write the pairs of compatible names with different home blocks, one of which belongs to the other's block.

    The parameter `bucket` selects blocks by a hash of their key.
    """
    query = "SELECT key, is_home, name FROM printed WHERE bucket = $1 ORDER BY key, is_home, name"
    with database(step) as connection, database(step) as output:
        rows = fetch(connection, query, [step.parameters["bucket"]])
        write_rows(step, output, {"a": "VARCHAR", "b": "VARCHAR"}, _pairs(rows))


def _pairs(rows: Iterable[tuple[str, bool, str]]) -> Iterator[tuple[str, str]]:
    for _, group in groupby(rows, key=lambda row: row[0]):
        hosts: list[str] = []
        guests: list[str] = []
        for _, is_home, name in group:
            (hosts if is_home else guests).append(name)
        yield from sorted(compatible_pairs(hosts, guests))


#: What components need of all clusters. A sort spills to disk, and the window of a row number does not.
_ORDERED = f"""
    CREATE TABLE ordered AS SELECT work_id, position, names, ids, traits, len(mentions) AS size
    FROM ({current_clusters(COLUMNS, ("joined",))}) ORDER BY work_id, position
"""  # noqa: S608 (constants)


@stage("components")
def find_components(step: Step) -> None:
    """Write the clusters that may be joined across blocks: the number of their component, and its bucket.

    Two clusters are a candidate edge if they share an id, or have compatible names; of names with many clusters, only
    if they share a co-author or an institution as well.
    """
    with database(step) as connection, database(step) as output:
        connection.execute(_ORDERED)
        connection.execute("CREATE VIEW numbered AS SELECT rowid AS number, * FROM ordered")
        edges = fetch(connection, _EDGES)
        _store_components(connection, edges)
        rows = fetch(
            connection,
            "SELECT component, work_id, position, size FROM numbered JOIN joins USING (number) "
            "ORDER BY component, number",
        )
        columns = {"bucket": "INTEGER", "component": "INTEGER", "work_id": "VARCHAR", "position": "INTEGER"}
        write_rows(step, output, columns, _in_buckets(rows))


#: Candidate edges. Of two names with many clusters, each cluster of the one is compared with the first clusters of the
#: other that have a trait in common.
_EDGES = f"""
    WITH printed AS (
        SELECT number, unnest(names) AS name FROM numbered
    ), counted AS (
        SELECT name, count(*) AS n FROM printed GROUP BY name
    ), measured AS (
        SELECT a, b, one.n * two.n <= {MAX_SHARING} AS are_few
        FROM (SELECT DISTINCT a, b FROM pairs) JOIN counted AS one ON one.name = a JOIN counted AS two ON two.name = b
    ), by_name AS (
        SELECT one.number AS x, two.number AS y FROM measured
        JOIN printed AS one ON one.name = a JOIN printed AS two ON two.name = b WHERE are_few
    ), listed AS (
        SELECT b, number, trait FROM (
            SELECT b, number, unnest(traits) AS trait
            FROM (SELECT DISTINCT b FROM measured WHERE NOT are_few)
            JOIN printed ON name = b JOIN numbered USING (number)
        ) QUALIFY row_number() OVER (PARTITION BY b, trait ORDER BY number) <= {MAX_SHARING}
    ), by_trait AS (
        SELECT item.number AS x, listed.number AS y FROM (
            SELECT a, b, number, unnest(traits) AS trait
            FROM measured JOIN printed ON name = a JOIN numbered USING (number) WHERE NOT are_few
        ) AS item JOIN listed ON listed.b = item.b AND listed.trait = item.trait
    ), holding AS (
        SELECT number, unnest(ids) AS id FROM numbered
    ), by_id AS (
        SELECT one.number AS x, two.number AS y FROM holding AS one JOIN holding AS two USING (id)
    )
    SELECT DISTINCT least(x, y), greatest(x, y)
    FROM (SELECT * FROM by_name UNION ALL SELECT * FROM by_trait UNION ALL SELECT * FROM by_id)
    WHERE x <> y ORDER BY 1, 2
"""  # noqa: S608 (a constant)


def _store_components(connection: duckdb.DuckDBPyConnection, edges: Iterable[Sequence[int]]) -> None:
    """Create the table `joins`: the number of its component for each cluster with an edge."""
    numbers: dict[int, int] = {}
    pairs = [[numbers.setdefault(item, len(numbers)) for item in edge] for edge in edges]
    union = Union(len(numbers))
    for a, b in pairs:
        union.join(a, b)
    found = [union.find(item) for item in range(len(numbers))]
    connection.execute(
        "CREATE TABLE joins AS SELECT unnest($1::INTEGER[]) AS number, unnest($2::INTEGER[]) AS component",
        [list(numbers), found],
    )


def _in_buckets(rows: Iterable[tuple[int, str, int, int]]) -> Iterator[tuple[int, int, str, int]]:
    """Yield rows with the number of their bucket: whole components, until a bucket has `BUCKET` mentions."""
    bucket = mentions = 0
    for component, group in groupby(rows, key=lambda row: row[0]):
        if mentions >= BUCKET:
            bucket, mentions = bucket + 1, 0
        for _, work_id, position, size in group:
            mentions += size
            yield bucket, component, work_id, position


@stage("bridges")
def resolve_components(step: Step) -> None:
    """Write the clusters of the components in one `bucket`, joined where the evidence suffices."""
    with database(step) as connection, database(step) as output:
        _select_members(step, connection)
        context = context_of_bucket(step, connection)
        write_rows(step, output, COLUMNS, _bridged(connection, context))


def _select_members(step: Step, connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables `members` (the clusters of the bucket) and `bucket` (their mentions)."""
    connection.execute(
        "CREATE TABLE chosen AS SELECT component, work_id, position FROM components WHERE bucket = $1",
        [step.parameters["bucket"]],
    )
    # The few clusters are chosen first: a join after the union held all clusters on disk.
    are_chosen = "(work_id, position) IN (SELECT work_id, position FROM chosen)"
    clusters = current_clusters(COLUMNS, ("joined",), are_chosen)
    connection.execute(
        "CREATE TABLE members AS SELECT row_number() OVER (ORDER BY work_id, position) AS number, component, c.* "  # noqa: S608 (constants)
        f"FROM ({clusters}) AS c JOIN chosen USING (work_id, position)"
    )
    connection.execute(
        "CREATE TABLE placed AS SELECT component, number, mention.work_id AS work_id, mention.position AS position "
        "FROM (SELECT component, number, unnest(mentions) AS mention FROM members)"
    )
    connection.execute(
        "CREATE TABLE bucket AS SELECT component, number, m.* FROM mentions AS m JOIN placed USING (work_id, position)"
    )


def _bridged(connection: duckdb.DuckDBPyConnection, context: Context) -> Iterator[tuple[Any, ...]]:
    weights = Weights()
    links = {
        number: links_of(text)
        for number, text in fetch(connection, "SELECT number, links FROM members WHERE links <> '[]' ORDER BY number")
    }
    rows = fetch(
        connection.cursor(),
        f"SELECT component, number, provisional, {MENTION} FROM bucket ORDER BY component, number, work_id, position",  # noqa: S608
    )
    for _, group in groupby(rows, key=lambda row: row[0]):
        members: dict[int, list[Mention]] = {}
        provisional: dict[MentionKey, str] = {}
        for _, number, id_, *values in group:
            mention = mention_of_row(values)
            members.setdefault(number, []).append(mention)
            provisional[mention.key] = id_
        groups = [Group(mentions, context, links.get(number, ())) for number, mentions in members.items()]
        keys = {group.key for group in groups}
        joined, near = agglomerate(groups, weights.bridge, context, weights)
        yield from _rows_of_bridged(joined, near, provisional, keys)


def _rows_of_bridged(
    groups: Iterable[Group], near: Sequence[Link], provisional: dict[MentionKey, str], keys: set[MentionKey]
) -> Iterator[tuple[Any, ...]]:
    for group in groups:
        cluster = group.cluster()
        parts = [mention.key for mention in cluster.mentions if mention.key in keys]
        yield cluster_row(cluster, provisional, cluster.traits, parts)
    if near:
        yield near_row(near)


def _provisional(mentions: Iterable[dict[str, Any]]) -> dict[MentionKey, str]:
    return {MentionKey(entry["work_id"], entry["position"]): entry["provisional"] for entry in mentions}

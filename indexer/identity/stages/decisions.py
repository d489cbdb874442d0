"""people: all clusters after the decisions of people, in the order of their keys.

A decision concerns a few clusters, so only these are read into memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from indexer.identity.clusters import Cluster
from indexer.identity.mentions import MentionKey
from indexer.identity.overrides import Merge, Overrides, Split, current_id
from indexer.identity.stages.clusters import COLUMNS as CLUSTER
from indexer.identity.stages.clusters import cluster_row, current_clusters, links_of, mention_of_entry
from indexer.identity.statements import Statement, Statements
from indexer.stages.tables import database, fetch, write_lines, write_query
from indexer.stages.task import Step, stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

#: Columns of clusters that are kept, and the researcher ids that a decision took from them.
COLUMNS: Mapping[str, str] = {
    name: CLUSTER[name] for name in ("work_id", "position", "mentions", "ids", "links", "parts")
} | {"mentions": CLUSTER["mentions"].replace("provisional", "before"), "barred": "VARCHAR[]"}


@stage("people")
def apply_decisions(step: Step) -> None:
    """Write the clusters after joins across blocks and decisions, with their `number` in the order of their keys."""
    overrides, redirects = read_decisions(step.file("decisions").read_bytes())
    with database(step) as connection:
        columns = [column for column in COLUMNS if column != "barred"]
        connection.execute("CREATE TABLE final AS " + current_clusters(columns, ("joined", "bridged")))
        connection.execute("CREATE TABLE people AS " + _WITH_FORMER_IDS)
        _create_concerned(connection, overrides, redirects)
        decided = step.scratch / "decided.jsonl"
        rows = write_lines(decided, COLUMNS, _decided(connection, overrides, redirects))
        query = f"""
            SELECT row_number() OVER (ORDER BY work_id, position) - 1 AS number, * FROM (
                SELECT *, []::VARCHAR[] AS barred FROM people WHERE (work_id, position) NOT IN (FROM concerned)
                UNION ALL SELECT * FROM {rows}
            ) ORDER BY number
        """  # noqa: S608 (our own file)
        write_query(connection, query, step.output)


#: The clusters with the researcher id of each mention before this run. Lists of ids are built, not of whole mentions:
#: DuckDB holds all lists of an aggregation in memory.
_WITH_FORMER_IDS = """
    WITH placed AS (
        SELECT work_id, position, unnest(mentions) AS mention FROM final
    ), identified AS (
        SELECT p.work_id AS work_id, p.position AS position,
            list(coalesce(f.id, mention.provisional) ORDER BY mention.work_id, mention.position) AS ids_before
        FROM placed AS p LEFT JOIN former AS f
        ON f.work_id = mention.work_id AND f.position = mention.position
            AND coalesce(f.name, mention.name) = mention.name
        GROUP BY p.work_id, p.position
    )
    SELECT final.* REPLACE (list_transform(list_zip(mentions, ids_before), lambda pair: {
        work_id: pair[1].work_id, position: pair[1].position, name: pair[1].name, source_id: pair[1].source_id,
        orcid: pair[1].orcid, before: pair[2]
    }) AS mentions) FROM final JOIN identified USING (work_id, position)
"""


def _create_concerned(
    connection: duckdb.DuckDBPyConnection, overrides: Overrides, redirects: Mapping[str, str]
) -> None:
    """Create the table `concerned`: the keys of the clusters with a mention, work or id that a decision names."""
    keys = {key for merge in overrides.merges for key in merge.mentions}
    keys.update(key for split in overrides.splits for key in split.mentions)
    works = {statement.work_id for statement in overrides.statements.statements}
    ids = {id_ for merge in overrides.merges for id_ in merge.ids}
    if works:
        ids.update(overrides.statements.owners)
    connection.execute(
        """
        CREATE TABLE concerned AS SELECT DISTINCT work_id, position FROM (
            SELECT work_id, position, unnest(mentions) AS mention FROM people
        ) WHERE mention.before IN (SELECT unnest($1::VARCHAR[])) OR mention.work_id IN (SELECT unnest($2::VARCHAR[]))
            OR mention.work_id || '#' || mention.position IN (SELECT unnest($3::VARCHAR[]))
        """,
        [sorted({current_id(id_, redirects) for id_ in ids}), sorted(works), sorted(map(str, keys))],
    )


def _decided(
    connection: duckdb.DuckDBPyConnection, overrides: Overrides, redirects: Mapping[str, str]
) -> Iterator[tuple[Any, ...]]:
    before: dict[MentionKey, str] = {}
    clusters: list[Cluster] = []
    query = """
        SELECT mentions, links FROM people JOIN concerned USING (work_id, position) ORDER BY work_id, position
    """
    for mentions, links in fetch(connection, query):
        clusters.append(Cluster(tuple(map(mention_of_entry, mentions)), links_of(links)))
        before |= {MentionKey(entry["work_id"], entry["position"]): entry["before"] for entry in mentions}
    for cluster in overrides.apply(clusters, before, redirects) if clusters else ():
        row = dict(zip(CLUSTER, cluster_row(cluster, before, (), id_field="before"), strict=True))
        row["barred"] = sorted(cluster.barred)
        yield tuple(row[name] for name in COLUMNS)


def decisions_text(overrides: Overrides, redirects: Mapping[str, str]) -> bytes:
    """Return the decisions about people, and the redirects of merged ids, as JSON."""
    return orjson.dumps(
        {
            "merges": [[merge.ids, list(map(list, merge.mentions)), merge.reason] for merge in overrides.merges],
            "splits": [[split.id, list(map(list, split.mentions)), split.reason] for split in overrides.splits],
            "owners": overrides.statements.owners,
            "statements": [
                [item.researcher_id, item.work_id, item.is_mine, item.at] for item in overrides.statements.statements
            ],
            "redirects": dict(sorted(redirects.items())),
        }
    )


def read_decisions(text: bytes) -> tuple[Overrides, dict[str, str]]:
    """Return the decisions and redirects in a text of `decisions_text`."""
    content = orjson.loads(text)
    merges = tuple(Merge(tuple(ids), _keys(keys), reason) for ids, keys, reason in content["merges"])
    splits = tuple(Split(id_, _keys(keys), reason) for id_, keys, reason in content["splits"])
    statements = Statements(tuple(content["owners"]), tuple(Statement(*item) for item in content["statements"]))
    return Overrides(merges, splits, statements), content["redirects"]


def _keys(keys: Sequence[Sequence[Any]]) -> tuple[MentionKey, ...]:
    return tuple(MentionKey(*key) for key in keys)

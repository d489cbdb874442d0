"""counts: how often names, words, venues and other tokens occur in the whole collection, and who wrote with whom.

DuckDB counts them, and spills to disk when memory is short.
"""

from __future__ import annotations

from indexer.identity.neighbours import MAX_AUTHORS, MAX_WORKS
from indexer.identity.stages.mentions import SLOTS
from indexer.stages.tables import database, write_query
from indexer.stages.task import Step, stage


@stage("names")
def count_names(step: Step) -> None:
    """Write each folded name: its number, its mentions, its block, and what is counted of it (`NameParts`).

    The first mention decides how the name is parsed: `Smith, John` and `Smith John` are one folded name.
    """
    query = """
        SELECT row_number() OVER (ORDER BY folded) - 1 AS code, folded AS name, n, home,
            first.surname AS surname, first.given AS given, first.initial AS initial
        FROM (
            SELECT folded, count(*) AS n, any_value(home) AS home,
                arg_min({surname: surname, given: given, initial: initial}, {w: work_id, p: position}) AS first
            FROM mentions GROUP BY folded
        ) ORDER BY code
    """
    with database(step) as connection:
        write_query(connection, query, step.output)


#: Each token by kind. Every work has a first author, with whom the facts of the work are counted once.
_TOKENS = """
    SELECT kind, token, count(*) AS n FROM (
        SELECT 'word' AS kind, unnest(words) AS token FROM mentions WHERE position = 1
        UNION ALL SELECT 'topic', unnest(list_distinct(topics)) FROM mentions WHERE position = 1
        UNION ALL SELECT 'reference', unnest(cited) FROM mentions WHERE position = 1
        UNION ALL SELECT 'venue', venue FROM mentions WHERE position = 1 AND venue IS NOT NULL
        UNION ALL SELECT 'place', unnest(places) FROM mentions
        UNION ALL SELECT 'block', home FROM mentions
        UNION ALL SELECT 'block_name', home FROM names WHERE surname IS NOT NULL
        UNION ALL SELECT 'surname', surname FROM names WHERE surname IS NOT NULL
        UNION ALL SELECT 'given', given FROM names
        UNION ALL SELECT 'given', initial FROM names WHERE initial IS NOT NULL
        UNION ALL SELECT 'total', 'works' FROM mentions WHERE position = 1
        UNION ALL SELECT 'total', 'names' FROM names
        UNION ALL SELECT 'total', 'placed' FROM mentions WHERE len(places) > 0
    ) GROUP BY kind, token ORDER BY kind, token
"""


@stage("tokens")
def count_tokens(step: Step) -> None:
    """Write the number of each token by kind; the kind `total` has the works, names, and mentions with a place."""
    with database(step) as connection:
        write_query(connection, _TOKENS, step.output)


@stage("coauthors")
def find_coauthors(step: Step) -> None:
    """Write the number of each name with those of the names on its first `MAX_WORKS` works, which include itself."""
    # Table by table, so that each query may use the memory alone. Sorts and joins spill to disk. Lists and partitions
    # of windows stay in memory, so the first works of a name are selected by row id, in the order of the sorted table.
    authored = f"""
        CREATE TABLE authored AS SELECT code, work_id FROM (
            SELECT work_id, unnest(names) AS name FROM mentions
            WHERE position = 1 AND authors BETWEEN 2 AND {MAX_AUTHORS}
        ) JOIN names USING (name) ORDER BY code, work_id
    """  # noqa: S608 (constants)
    considered = f"""
        CREATE TABLE considered AS SELECT code, work_id
        FROM authored JOIN (SELECT code, min(rowid) AS first FROM authored GROUP BY code) USING (code)
        WHERE authored.rowid < first + {MAX_WORKS}
    """  # noqa: S608 (constants)
    query = """
        SELECT DISTINCT considered.code AS code, authored.code AS other
        FROM considered JOIN authored USING (work_id) ORDER BY 1, 2
    """
    with database(step) as connection:
        connection.execute(authored)
        connection.execute(considered)
        write_query(connection, query, step.output)


@stage("routed-names")
def route_names(step: Step) -> None:
    """Write the names on the works of each of `buckets` buckets of blocks, by bucket: each reads its part of the file.

    Otherwise every bucket would read all names, whose number grows with that of the buckets.
    """
    # The bucket whose range of slots (`Step.share`) has the slot.
    query = f"""
        SELECT bucket, code, name, n, home FROM (
            SELECT DISTINCT ((slot + 1) * {step.parameters["buckets"]} - 1) // {SLOTS} AS bucket, unnest(names) AS name
            FROM mentions
        ) JOIN names USING (name) ORDER BY bucket, code
    """  # noqa: S608 (numbers)
    with database(step) as connection:
        write_query(connection, query, step.output)


@stage("routed-coauthors")
def route_coauthors(step: Step) -> None:
    """Write which names of each bucket have written with which others of it, by bucket."""
    query = """
        SELECT one.bucket AS bucket, one.code AS code, other.code AS other
        FROM routed_names AS one
        JOIN coauthors AS edges ON edges.code = one.code
        JOIN routed_names AS other ON other.bucket = one.bucket AND other.code = edges.other
        ORDER BY 1, 2, 3
    """
    with database(step) as connection:
        write_query(connection, query, step.output)


@stage("printed")
def list_printed_names(step: Step) -> None:
    """Write the printed names at home in a block and those that may belong to it, by the block's `key`.

    Only blocks with both are written, ordered by their number among `buckets`: each task reads its part of the file.
    """
    printed = """
        CREATE TABLE printed AS SELECT DISTINCT key, name, is_home FROM (
            SELECT block AS key, name, true AS is_home FROM mentions
            UNION ALL
            SELECT unnest(keys) AS key, name, false AS is_home FROM mentions
        )
    """
    query = f"""
        SELECT md5_number_lower(key) % {step.parameters["buckets"]} AS bucket, key, is_home, name
        FROM printed JOIN (
            SELECT key FROM printed GROUP BY key HAVING bool_or(is_home) AND NOT bool_and(is_home)
        ) USING (key) ORDER BY bucket, key, is_home, name
    """  # noqa: S608 (a number)
    with database(step) as connection:
        connection.execute(printed)
        write_query(connection, query, step.output)

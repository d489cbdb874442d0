"""ids: the researcher id of each cluster, and what is stored about researchers.

A cluster keeps the id that most of its mentions had, so that links to a researcher still work after every run. An id
that lost all its mentions redirects (301) to another one. Only a cluster without a former id gets a new one
(`indexer/identity/ids.py`). Former ids are numbered, so that a million works take a few bytes for each id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from indexer.identity.clusters import Cluster
from indexer.identity.groups import identity_of, supporting
from indexer.identity.ids import candidate_ids, distinct_id
from indexer.identity.stages.clusters import links_of, mention_of_entry
from indexer.identity.stages.decisions import read_decisions
from indexer.stages.tables import database, fetch, write_query, write_rows
from indexer.stages.task import Step, stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

    from indexer.identity.clusters import Link

#: New clusters whose candidate ids are looked up together.
PAGE = 20_000


@stage("ids")
def assign_ids(step: Step) -> None:
    """Write the researcher id of each cluster by its number."""
    _, redirects = read_decisions(step.file("decisions").read_bytes())
    with database(step) as connection, database(step) as output:
        connection.execute(
            """
            CREATE TABLE votes AS SELECT number, id, count(*) AS n FROM (
                SELECT number, unnest(mentions).before AS id FROM people
            ) GROUP BY number, id
            """
        )
        connection.execute("CREATE TABLE taken AS SELECT unnest($1::VARCHAR[]) AS id", [sorted(redirects)])
        connection.execute(
            "CREATE TABLE known AS SELECT row_number() OVER (ORDER BY id) - 1 AS code, id "
            "FROM (SELECT id FROM votes UNION SELECT id FROM taken)"
        )
        _create_kept(connection)
        rows = _new_ids(connection)
        write_rows(step, output, {"number": "INTEGER", "id": "VARCHAR"}, rows, "number")


def _create_kept(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table `kept`: the former ids that clusters keep, chosen by most mentions, each id and cluster once."""
    ((size, people_count),) = fetch(connection, "SELECT (SELECT count(*) FROM known), (SELECT count(*) FROM people)")
    is_taken, has_id = bytearray(size), bytearray(people_count)
    for (code,) in fetch(connection, "SELECT code FROM known JOIN taken USING (id)"):
        is_taken[code] = 1
    query = """
        SELECT votes.number, code FROM votes JOIN known USING (id) JOIN people AS p ON p.number = votes.number
        WHERE NOT list_contains(p.barred, id) ORDER BY n DESC, votes.number, id
    """
    numbers: list[int] = []
    codes: list[int] = []
    for number, code in fetch(connection, query):
        if not (has_id[number] or is_taken[code]):
            has_id[number] = is_taken[code] = 1
            numbers.append(number)
            codes.append(code)
    connection.execute(
        "CREATE TABLE kept_codes AS SELECT unnest($1::INTEGER[]) AS number, unnest($2::INTEGER[]) AS code",
        [numbers, codes],
    )
    connection.execute("CREATE TABLE kept AS SELECT number, id FROM kept_codes JOIN known USING (code)")


def _new_ids(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str]]:
    """Yield all clusters with their ids, first the kept ones; new ids are assigned in the order of the clusters."""
    yield from fetch(connection, "SELECT number, id FROM kept ORDER BY number")
    rows = fetch(
        connection.cursor(),
        "SELECT number, mentions FROM people WHERE number NOT IN (SELECT number FROM kept) ORDER BY number",
    )
    used: set[str] = set()
    page: list[tuple[int, Cluster]] = []
    for number, mentions in rows:
        page.append((number, Cluster(tuple(map(mention_of_entry, mentions)))))
        if len(page) == PAGE:
            yield from _assigned(connection, page, used)
            page = []
    yield from _assigned(connection, page, used)


def _assigned(
    connection: duckdb.DuckDBPyConnection, page: Sequence[tuple[int, Cluster]], used: set[str]
) -> Iterator[tuple[int, str]]:
    candidates = [candidate_ids(cluster) for _, cluster in page]
    query = "SELECT id FROM known WHERE id IN (SELECT unnest($1::VARCHAR[]))"
    known = {id_ for (id_,) in fetch(connection, query, [sorted({id_ for ids in candidates for id_ in ids})])}
    for (number, cluster), ids in zip(page, candidates, strict=True):
        free = next((id_ for id_ in ids if id_ not in known and id_ not in used), None) or distinct_id(cluster)
        used.add(free)
        yield number, free


@stage("redirects")
def find_redirects(step: Step) -> None:
    """Write the former ids without mentions, each with the id that received most of its mentions."""
    query = """
        SELECT before AS id, first(id ORDER BY n DESC, id) AS researcher_id FROM (
            SELECT before, id, count(*) AS n FROM (SELECT number, unnest(mentions).before AS before FROM people)
            JOIN ids USING (number) GROUP BY before, id
        ) WHERE before NOT IN (SELECT id FROM ids) GROUP BY before ORDER BY before
    """
    with database(step) as connection:
        write_query(connection, query, step.output)


@stage("researchers")
def list_researchers(step: Step) -> None:
    """Write the researcher ids of the authors of each work, before and after this run, in order."""
    query = """
        SELECT work_id, list(before ORDER BY position) AS before, list(id ORDER BY position) AS after FROM (
            SELECT mention.work_id AS work_id, mention.position AS position, mention.before AS before, id
            FROM (SELECT number, unnest(mentions) AS mention FROM people)
            JOIN ids USING (number)
        ) GROUP BY work_id ORDER BY work_id
    """
    with database(step) as connection:
        write_query(connection, query, step.output)


@stage("reasons")
def explain_people(step: Step) -> None:
    """Write why the mentions of researchers are one person's: sentences, and groups of works, as JSON."""
    query = """
        SELECT id, mentions, links FROM people JOIN ids USING (number)
        WHERE links <> '[]' AND number >= $1 AND number < $2 ORDER BY number
    """
    columns = {"researcher_id": "VARCHAR", "sentences": "VARCHAR", "identity": "VARCHAR"}
    with database(step) as connection, database(step) as output:
        ((count,),) = fetch(connection, "SELECT count(*) FROM people")
        # A range: the file is ordered by number, so that most of it is skipped.
        write_rows(step, output, columns, _reasons(fetch(connection, query, step.share(count))))


def _reasons(rows: Iterable[tuple[str, list[dict[str, Any]], str]]) -> Iterator[tuple[str, str, str]]:
    for id_, mentions, links in rows:
        cluster = Cluster(tuple(map(mention_of_entry, mentions)), links_of(links))
        yield id_, _json(cluster.describe()), _json(identity_of(cluster))


@stage("duplicates")
def list_probable_duplicates(step: Step) -> None:
    """Write the pairs of researchers that were nearly joined as JSON, the most likely first.

    Those that a decision joined since are left out.
    """
    with database(step) as connection, database(step) as output:
        links: list[Link] = []
        for role in ("clusters", "bridged", "joined"):
            query = f"SELECT links FROM {role} WHERE work_id IS NULL"  # noqa: S608 (constants)
            links += [link for (text,) in fetch(connection, query) for link in links_of(text)]
        links.sort(key=lambda link: (-link.score, link.left.key, link.right.key))
        keys = sorted({side.key for link in links for side in (link.left, link.right)})
        connection.execute(
            "CREATE TABLE sides AS SELECT unnest($1::VARCHAR[]) AS work_id, unnest($2::INTEGER[]) AS position",
            [[key.work_id for key in keys], [key.position for key in keys]],
        )
        query = """
            SELECT mention.work_id, mention.position, id
            FROM (SELECT number, unnest(mentions) AS mention FROM people)
            JOIN sides ON sides.work_id = mention.work_id AND sides.position = mention.position
            JOIN ids USING (number)
        """
        ids = {(work_id, position): id_ for work_id, position, id_ in fetch(connection, query)}
        write_rows(step, output, {"pair": "VARCHAR"}, _duplicates(links, ids))


def _duplicates(links: Iterable[Link], ids: dict[tuple[str, int], str]) -> Iterator[tuple[str]]:
    for link in links:
        left, right = ids[link.left.key], ids[link.right.key]
        if left != right:
            pair = {
                "left": {"id": left, "name": link.left.name, "works": link.left.size},
                "right": {"id": right, "name": link.right.name, "works": link.right.size},
                "score": link.score,
                "evidence": supporting(link),
                "sentence": link.describe("may be the same person as"),
            }
            yield (_json(pair),)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()

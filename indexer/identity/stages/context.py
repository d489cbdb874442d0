"""The counts that one bucket of mentions needs, as a `Context`: memory depends on the bucket, not on the collection."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.identity.context import Context
from indexer.identity.names import parse_name, surname_key
from indexer.stages.tables import fetch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb
    from numpy.typing import NDArray

    from indexer.stages.task import Step

#: Names whose co-authors are kept as sets: those of one large block.
AROUND = 5_000


def context_of_bucket(step: Step, connection: duckdb.DuckDBPyConnection) -> Context:
    """Return the counts and embeddings for the mentions in the table `bucket`, with the columns of `mentions.COLUMNS`.

    Words, venues and the like are those of the mentions. Of names, more are needed: two names are compared by what
    both share, so every part of each name may be looked up.
    """
    context = context_of_names(connection)
    _select_names(step, connection)
    context.names, codes = _names(connection)
    context.graph = BucketGraph(codes, _others(step, connection))
    for field, kind, query in (
        ("words", "word", "SELECT unnest(words) AS token FROM bucket"),
        ("topics", "topic", "SELECT unnest(topics) AS token FROM bucket"),
        ("references", "reference", "SELECT unnest(cited) AS token FROM bucket"),
        ("venues", "venue", "SELECT venue AS token FROM bucket"),
        ("places", "place", "SELECT unnest(places) AS token FROM bucket"),
        ("blocks", "block", "SELECT home AS token FROM bucket_names"),
    ):
        setattr(context, field, _counted(connection, kind, f"SELECT DISTINCT token FROM ({query})"))  # noqa: S608
    context.vectors = _bucket_vectors(step, connection)
    return context


def context_of_names(connection: duckdb.DuckDBPyConnection) -> Context:
    """Return the counts from which the namesakes of the names in the table `bucket` are estimated."""
    totals = dict(fetch(connection, "SELECT token, n FROM tokens WHERE kind = 'total'"))
    context = Context(totals.get("works", 0), totals.get("names", 0), placed=totals.get("placed", 0))
    _add_parts_of_names(connection, context)
    return context


def _counted(connection: duckdb.DuckDBPyConnection, kind: str, wanted: str, matched: str = "token") -> Counter[str]:
    """Return the counts of one kind for which `matched` (an expression) is among the rows of the query `wanted`."""
    query = f"SELECT token, n FROM tokens WHERE kind = '{kind}' AND {matched} IN ({wanted})"  # noqa: S608 (constants)
    return Counter(dict(fetch(connection, query)))


def _select_names(step: Step, connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table `bucket_names` of all names on the works of the bucket, from its part of a file if there is one.

    Components are not routed: there are few of them.
    """
    names = "names WHERE name IN (SELECT DISTINCT unnest(names) FROM bucket)"
    if "routed_names" in step.inputs:
        names = f"routed_names WHERE bucket = {step.parameters['bucket']}"
    connection.execute(f"CREATE TABLE bucket_names AS SELECT name, code, n, home FROM {names}")  # noqa: S608 (ours)


def _names(connection: duckdb.DuckDBPyConnection) -> tuple[Counter[str], dict[str, int]]:
    """Return the mentions and the numbers of all names on the works of the bucket."""
    names: Counter[str] = Counter()
    codes: dict[str, int] = {}
    for name, code, n in fetch(connection, "SELECT name, code, n FROM bucket_names ORDER BY code"):
        names[name], codes[name] = n, code
    return names, codes


def _others(step: Step, connection: duckdb.DuckDBPyConnection) -> dict[int, NDArray[np.int32]]:
    """Return for each name of the bucket the other names of the bucket that have written with it, by number."""
    edges = """
        coauthors WHERE code IN (SELECT code FROM bucket_names) AND other IN (SELECT code FROM bucket_names)
    """
    if "routed_coauthors" in step.inputs:
        edges = f"routed_coauthors WHERE bucket = {step.parameters['bucket']}"
    result = connection.execute(f"SELECT code, other FROM {edges} ORDER BY code").fetchnumpy()  # noqa: S608 (ours)
    codes, others = np.asarray(result["code"], np.int32), np.asarray(result["other"], np.int32)
    numbers, starts = np.unique(codes, return_index=True)
    parts = np.split(others, starts[1:]) if len(numbers) else []
    return dict(zip(numbers.tolist(), parts, strict=True))


def _add_parts_of_names(connection: duckdb.DuckDBPyConnection, context: Context) -> None:
    printed = [name for (name,) in fetch(connection, "SELECT DISTINCT name FROM bucket")]
    words = {word for name in printed for word in parse_name(name).words}
    surnames = {surname_key(word) for word in words}
    _store(connection, "surname_keys", surnames)
    _store(connection, "words_of_names", words | {word[0] for word in words})
    known = "SELECT token FROM surname_keys"
    context.surnames = _counted(connection, "surname", known)
    # The token ends with | and the first letter.
    context.block_names = _counted(connection, "block_name", known, "token[:-3]")
    context.given = _given_names(connection)


def _given_names(connection: duckdb.DuckDBPyConnection) -> Counter[str]:
    """Return the counts of given names that consist of words of the bucket, in any combination."""
    query = (
        "SELECT token, n FROM tokens WHERE kind = 'given' AND token NOT IN ("
        "SELECT token FROM (SELECT token, unnest(string_split(token, ' ')) AS word FROM tokens "
        "WHERE kind = 'given' AND token <> '') WHERE word NOT IN (SELECT token FROM words_of_names))"
    )
    return Counter(dict(fetch(connection, query)))


def _store(connection: duckdb.DuckDBPyConnection, name: str, tokens: Iterable[str]) -> None:
    connection.execute(f"CREATE TABLE {name} AS SELECT unnest($1::VARCHAR[]) AS token", [sorted(tokens)])


class BucketGraph:
    """The part of the graph of co-authors between the names of one bucket."""

    def __init__(self, codes: Mapping[str, int], others: Mapping[int, NDArray[np.int32]]) -> None:
        """Store the number of each name, and the numbers of those that have written with it."""
        self._codes, self._others = codes, others
        self._names = {code: name for name, code in codes.items()}
        self._around = lru_cache(maxsize=AROUND)(self._around_one)

    def around(self, names: Iterable[str]) -> set[str]:
        """Return the names of the bucket that have written with any of `names`, those included."""
        return set().union(*map(self._around, names))

    def _around_one(self, name: str) -> frozenset[str]:
        code = self._codes.get(name)
        if code is None or code not in self._others:
            return frozenset()
        return frozenset([self._names[number] for number in self._others[code].tolist()])


def _bucket_vectors(step: Step, connection: duckdb.DuckDBPyConnection) -> Any:
    """Return the source of embeddings for the works in the table `bucket`; None if there are none.

    They stay in the database, which spills: a bucket has thousands, of which one block needs some.
    """
    if not step.inputs.get("vectors"):
        return None
    connection.execute(
        "CREATE TABLE bucket_vectors AS SELECT key AS work_id, vector FROM vectors "
        "WHERE key IN (SELECT work_id FROM bucket)"
    )

    def vectors(ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        query = "SELECT work_id, vector FROM bucket_vectors WHERE work_id IN (SELECT unnest($1::VARCHAR[]))"
        return {id_: np.frombuffer(blob, np.float32) for id_, blob in fetch(connection, query, [list(ids)])}

    return vectors

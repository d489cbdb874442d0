"""A judged collection in the BEIR layout, and its works as records of the import format."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from mappings import work_id
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

#: Query id -> document id -> grade.
Qrels = dict[str, dict[str, int]]

#: An author is required of every work, and these collections often name none. A dash is no word to the analyzer, so it
#: is never found; an id for each keeps the works of nobody from being one researcher's.
NOBODY = "\u2014"
#: What the source ids of candidates begin with, where a collection says which candidates wrote a work, not their names.
CANDIDATE = "candidate:"
#: Words of a text without a title that stand for it; the rest is its abstract, so that no word counts twice.
TITLE_WORDS = 15


class CollectionError(PeerscopeError):
    """A folder that is not a collection; the message says what is missing."""


@dataclass(frozen=True)
class Collection:
    """Works as records, queries by their id, and what was judged relevant to each."""

    name: str
    records: list[dict[str, Any]]
    queries: dict[str, str]
    qrels: Qrels
    #: Id in Peerscope -> id in the collection.
    given_ids: dict[str, str] = field(default_factory=dict)


def load(
    folder: Path, qrels: Path | None = None, which: str = "all", *, by_work: bool = False, corpus: str = "corpus"
) -> Collection:
    """Read a folder in BEIR layout. Raises CollectionError.

    `qrels` is a file of judgements; by default the folder's `qrels/test` or the only one there is. Queries without a
    relevant document are left out, as trec_eval does. `which` half of them is taken (see `half`); `by_work`: the
    judgements are of works that are like a work, which is the query. `corpus` is the file that holds the works.
    """
    documents = list(_lines(_file(folder, f"{corpus}.jsonl")))
    judged = read_qrels(qrels or default_qrels(folder))
    if by_work:
        texts = {str(document["_id"]): document.get("title", "") for document in documents}
    else:
        texts = {str(query["_id"]): query["text"] for query in _lines(_file(folder, "queries.jsonl"))}
    records = [record(document) for document in documents]
    chosen = half((id_ for id_ in judged if id_ in texts), which)
    return Collection(
        name=folder.resolve().name,
        records=records,
        queries={id_: texts[id_] for id_ in chosen},
        qrels={id_: judged[id_] for id_ in chosen},
        given_ids={made["id"]: str(document["_id"]) for made, document in zip(records, documents, strict=True)},
    )


def record(document: Mapping[str, Any]) -> dict[str, Any]:
    """Make a record of a BEIR document; of its metadata `authors` or `candidates`, `year` and `venue` are taken.

    A document without a title is cut: its first words are the title, the rest the abstract.
    """
    title, text = (document.get("title") or "").strip(), (document.get("text") or "").strip()
    if not title:
        words = text.split()
        title, text = " ".join(words[:TITLE_WORDS]), " ".join(words[TITLE_WORDS:])
    metadata = document.get("metadata") or {}
    id_ = record_id(str(document["_id"]))
    names = [name for name in metadata.get("authors") or () if isinstance(name, str) and name.strip()]
    candidates = [{"name": str(one), "id": CANDIDATE + str(one)} for one in metadata.get("candidates") or ()]
    authors = candidates or [{"name": name} for name in names] or [{"name": NOBODY, "id": f"nobody:{id_}"}]
    known = {key: metadata[key] for key in ("year", "venue") if metadata.get(key)}
    return {"id": id_, "title": title, "abstract": text or None, "authors": authors, **known}


def record_id(id_: str) -> str:
    """Return the id in Peerscope of a document's id: local, and without white space."""
    return work_id("local:" + quote(id_, safe=""))


def default_qrels(folder: Path) -> Path:
    """Return the file of judgements to use when none is named. Raises CollectionError when that is not clear."""
    found = sorted((folder / "qrels").glob("*.tsv*"))
    tests = [path for path in found if path.name.startswith("test.tsv")]
    if len(tests) == 1:
        return tests[0]
    if len(found) == 1:
        return found[0]
    names = ", ".join(path.name for path in found) or "none"
    raise CollectionError(f"{folder}: name the judgements with --qrels; there are: {names}")


def read_qrels(path: Path) -> Qrels:
    """Read judgements: a header, then query id, document id and grade between tabs. Raises CollectionError."""
    found: Qrels = defaultdict(dict)
    with _open(path) as file:
        rows = csv.reader(file, delimiter="\t")
        next(rows, None)
        for number, row in enumerate(rows, 2):
            try:
                query, document, grade = row
                found[query][document] = int(grade)
            except ValueError as error:
                raise CollectionError(f"{path}, line {number}: not a query, a document and a grade") from error
    return {query: grades for query, grades in found.items() if any(grade > 0 for grade in grades.values())}


def half(queries: Iterable[str], which: str) -> list[str]:
    """Return one half of the queries: `odd` or `even` by their place in the qrels, from 1; `all` gives every one.

    Collections with one set of judgements are tuned on the odd half, so that the even half stays unseen.
    """
    listed = list(queries)
    return {"all": listed, "odd": listed[::2], "even": listed[1::2]}[which]


def _file(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise CollectionError(f"{folder} is no collection in BEIR layout: it has no {name} or {name}.gz")


def _open(path: Path) -> IO[str]:
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        return opened(path, "rt", encoding="utf-8", newline="")
    except OSError as error:
        raise CollectionError(f"{path} cannot be read: {error.strerror}") from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with _open(path) as file:
        for line in file:
            yield json.loads(line)

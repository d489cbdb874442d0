"""Judged collections in the BEIR layout, with their works as records of the import format."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from mappings import work_id
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from peerscope.settings import Settings

#: Query id -> document id -> grade.
Qrels = dict[str, dict[str, int]]

#: Author of works without one, since the import format requires an author. The analyzer drops a dash, so it matches no
#: query; a separate source id for each work keeps these works from becoming one researcher's.
UNKNOWN_AUTHOR = "\u2014"
#: Scheme of the source ids of candidates, where a collection names the candidates that wrote a work by id.
CANDIDATE = "candidate:"
#: Words taken as the title of a text without one; the rest is its abstract, so that no word counts twice.
TITLE_WORDS = 15
#: Default of `Settings.data`: `shared/data` next to the repository.
DEFAULT_DATA = Path(__file__).resolve().parents[3] / "shared/data"


class CollectionError(PeerscopeError):
    """A folder is not a collection; the message names what is missing."""


@dataclass(frozen=True)
class Collection:
    """Works as records, queries by id, and the judgements of each query."""

    name: str
    records: list[dict[str, Any]]
    queries: dict[str, str]
    qrels: Qrels
    #: Ids of the collection by id in Peerscope.
    original_ids: dict[str, str] = field(default_factory=dict)


def data_folder(settings: Settings) -> Path:
    """Return the folder of corpora and judged collections."""
    return settings.data or DEFAULT_DATA


def load(
    folder: Path, qrels: Path | None = None, which: str = "all", *, by_work: bool = False, corpus: str = "corpus"
) -> Collection:
    """Read a folder in BEIR layout. Raises `CollectionError`.

    `qrels` is the file of judgements, by default `qrels/test` in the folder or the only one. Queries without a relevant
    document are omitted, as by trec_eval. `which` selects half of the queries; see `half`. With `by_work`, the queries
    are works and the judgements similar works. `corpus` is the name of the file of works.
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
        original_ids={work["id"]: str(document["_id"]) for work, document in zip(records, documents, strict=True)},
    )


def record(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a BEIR document as a record, with `authors` or `candidates`, `year` and `venue` of its metadata.

    Of a document without a title, the first words become the title and the rest the abstract.
    """
    title, text = (document.get("title") or "").strip(), (document.get("text") or "").strip()
    if not title:
        words = text.split()
        title, text = " ".join(words[:TITLE_WORDS]), " ".join(words[TITLE_WORDS:])
    metadata = document.get("metadata") or {}
    id_ = record_id(str(document["_id"]))
    names = [name for name in metadata.get("authors") or () if isinstance(name, str) and name.strip()]
    candidates = [{"name": str(id_), "id": f"{CANDIDATE}{id_}"} for id_ in metadata.get("candidates") or ()]
    authors = candidates or [{"name": name} for name in names] or [{"name": UNKNOWN_AUTHOR, "id": f"nobody:{id_}"}]
    known = {key: metadata[key] for key in ("year", "venue") if metadata.get(key)}
    return {"id": id_, "title": title, "abstract": text or None, "authors": authors, **known}


def record_id(id_: str) -> str:
    """Return the id in Peerscope for a document's id: a local id without white space."""
    return work_id("local:" + quote(id_, safe=""))


def default_qrels(folder: Path) -> Path:
    """Return the file of judgements to use by default. Raises `CollectionError` when it is ambiguous."""
    files = sorted((folder / "qrels").glob("*.tsv*"))
    tests = [path for path in files if path.name.startswith("test.tsv")]
    if len(tests) == 1:
        return tests[0]
    if len(files) == 1:
        return files[0]
    names = ", ".join(path.name for path in files) or "none"
    raise CollectionError(f"{folder}: choose the judgements with --qrels; available: {names}")


def read_qrels(path: Path) -> Qrels:
    """Read judgements: a header, then query id, document id and grade between tabs. Raises `CollectionError`."""
    qrels: Qrels = defaultdict(dict)
    with _open(path) as file:
        rows = csv.reader(file, delimiter="\t")
        next(rows, None)
        for number, row in enumerate(rows, 2):
            try:
                query, document, grade = row
                qrels[query][document] = int(grade)
            except ValueError as error:
                raise CollectionError(f"{path}, line {number}: expected a query, a document and a grade") from error
    return {query: grades for query, grades in qrels.items() if any(grade > 0 for grade in grades.values())}


def half(queries: Iterable[str], which: str) -> list[str]:
    """Return half of the queries: `odd` or `even` by their position in the qrels, from 1; or `all` of them.

    Collections with a single set of judgements are tuned on the odd half, so that the even half stays unseen.
    """
    listed = list(queries)
    return {"all": listed, "odd": listed[::2], "even": listed[1::2]}[which]


def _file(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise CollectionError(f"{folder} is not a collection in BEIR layout: it has no {name} or {name}.gz")


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

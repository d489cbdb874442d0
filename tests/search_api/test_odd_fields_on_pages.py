"""No single field breaks a page: each stored field in turn has odd values of its type, and everything is rendered.

The fields come from the types of the stored documents, and the routes from the URL map, so that new ones are tested
without a change here.
"""

from __future__ import annotations

import types
import typing
from copy import deepcopy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from mappings import IndexNames
from mappings import documents as stored
from search_api.app import create_app
from search_api.http.services import Services
from tests.search_api.test_web import FakeOpenSearch, no_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

#: Values of text fields: unparseable URLs, markup, LaTeX, templates, long and empty texts, dates that are none.
TEXTS = (
    *("", "HTTPS://[::1", "https://x.org:port/", "%zz%00/?#&=", "..", "{{ 7*7 }}{% raw %}", "\u202e\u2028\x85"),
    *("$\\frac{$ \\begin{x} $$", "{" * 300 + "}" * 300, "\u4e2d" * 3_000, "0000-00-00"),
)
NUMBERS = (0, 2**31 - 1)
#: Fields that the indexer makes itself, of a kind that no record can change.
OWN = {
    "verification_level",
    "embedding",
    "indexed_at",
    "added_at",
    "content_hash",
    "embedding_model",
    "proof",
    "proven_at",
    "email_proven_at",
}
KINDS: dict[str, Any] = {
    "works": stored.WorkDocument,
    "researchers": stored.ResearcherDocument,
    "topics": stored.TopicDocument,
    "institutions": stored.InstitutionDocument,
}
TOGETHER = ("bibtex", "ris", "csl", "csv", "jsonl")


def example(kind: Any, name: str = "") -> Any:
    """Return an ordinary value of a type."""
    if typing.is_typeddict(kind):
        return {key: example(hint, key) for key, hint in typing.get_type_hints(kind).items()}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return example(next(item for item in arguments if item is not type(None)), name)
    if origin is typing.NotRequired:
        return example(arguments[0], name)
    if origin is list:
        return [1.0, 0.0] if name == "embedding" else [example(arguments[0], name)]
    if kind is int:
        return 2019 if "year" in name else 1
    if kind is float or kind is bool:
        return kind(1)
    return {"date": "2019-10-02", "url": "https://x.org/a", "orcid": "0000-0002-1825-0097"}.get(name, f"local:{name}")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each leaf of a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in OWN:
                yield from places(item, (*path, key))
    elif isinstance(value, list):
        yield path
        yield from (place for n, item in enumerate(value) for place in places(item, (*path, n)))
    else:
        yield path


def changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Return a copy of a document with another value at a path."""
    copy: Any = deepcopy(document)
    target = copy
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return dict(copy)


def values(value: Any) -> tuple[Any, ...]:
    """Return odd values of the type of a value."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, list):
        return ([],)
    return TEXTS if isinstance(value, str) else NUMBERS


class Documents(FakeOpenSearch):
    """Has one document in each index, and finds it whatever is asked."""

    def __init__(self) -> None:
        super().__init__([])
        self.documents: dict[str, dict[str, Any]] = {kind: example(type_) for kind, type_ in KINDS.items()}

    def _of(self, index: str) -> list[dict[str, Any]]:
        return [document for kind, document in self.documents.items() if index.endswith(kind)]

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = super().search(index, body)
        hits = [
            {
                "_index": index,
                "_id": document["id"],
                "_score": 0.5,
                "_source": document,
                "sort": [document["id"]],
                "fields": {"id": [document["id"]], "researchers.id": ["local:id"]},
            }
            for document in self._of(index)
        ]
        is_similar = index.endswith("researchers") and ("knn" in str(body) or "more_like_this" in str(body))
        if "search_after" in body or body.get("from") or "script_fields" in body or is_similar:
            hits = []
        answer["hits"].update(hits=hits, total={"value": len(hits), "relation": "eq"})
        return answer

    def get(self, index: str, id: str, params: dict[str, Any], ignore: list[int]) -> dict[str, Any]:  # noqa: A002
        return next(({"found": True, "_source": document} for document in self._of(index)), {"found": False})

    def count(self, aggregation: dict[str, Any]) -> dict[str, Any]:
        inner = {name: self.count(item) for name, item in aggregation.get("aggs", {}).items()}
        return {"buckets": {} if "filters" in aggregation else [], "doc_count": 1, "bg_count": 1, **inner}

    def mget(self, body: dict[str, Any], index: str = "", params: dict[str, Any] | None = None) -> dict[str, Any]:
        documents = body.get("docs") or [{"_index": index, "_id": id_} for id_ in body["ids"]]
        found = [self._of(document["_index"]) for document in documents]
        return {
            "docs": [
                {"_id": document["_id"], "found": bool(stored), "_source": {**dict(*stored)}}
                for document, stored in zip(documents, found, strict=True)
            ]
        }


def addresses(app: Flask, kind: str, id_: str) -> list[str]:
    """Return the addresses that show a kind of documents: its routes in the URL map, searches and exports."""
    found = [
        rule.rule.replace(f"<path:{argument}>", quote(id_, safe="")).replace(f"<{argument}>", quote(id_, safe=""))
        for rule in app.url_map.iter_rules()
        for argument in rule.arguments
        if "GET" in (rule.methods or ()) and len(rule.arguments) == 1 and f"/{kind}/<" in rule.rule
    ]
    found += [f"/api/v1/{kind}?q=oak", f"/{kind}?q=oak"]
    if kind == "works":
        found += ["/search?q=oak&mode=keyword"]
        found += [f"/api/v1/works?format={name}" for name in TOGETHER]
    return found


@pytest.fixture(scope="module")
def opensearch() -> Documents:
    return Documents()


@pytest.fixture(scope="module")
def app(opensearch: Documents) -> Flask:
    services = Services(opensearch, IndexNames("t-"), load_embedder=no_model)  # type: ignore[arg-type]
    return create_app({"RATE_LIMIT": "off"}, services, extensions=[])


@pytest.fixture(scope="module")
def working(app: Flask) -> dict[str, list[str]]:
    """Return the addresses that answer for the ordinary documents."""
    client = app.test_client()
    return {
        kind: [path for path in addresses(app, kind, "local:id") if client.get(path).status_code == 200]
        for kind in KINDS
    }


@pytest.mark.parametrize(
    ("kind", "path"),
    [(kind, path) for kind, type_ in KINDS.items() for path in places(example(type_))],
    ids=lambda item: item if isinstance(item, str) else ".".join(map(str, item)),
)
def test_no_field_breaks_a_page(
    app: Flask, opensearch: Documents, working: dict[str, list[str]], kind: str, path: tuple[Any, ...]
) -> None:
    document, client = opensearch.documents[kind], app.test_client()
    value = document
    for key in path:
        value = value[key]
    try:
        for odd in values(value):
            if path == ("id",) and len(odd) > 500:
                continue  # OpenSearch refuses ids of more than 512 bytes
            opensearch.documents[kind] = changed(document, path, odd)
            failed = {
                address: status for address in working[kind] if (status := client.get(address).status_code) >= 400
            }
            assert not failed, repr(odd)[:80]
    finally:
        opensearch.documents[kind] = document


@pytest.mark.parametrize(("kind", "least"), [("works", 9), ("researchers", 6), ("topics", 3), ("institutions", 3)])
def test_pages_lists_and_exports_are_rendered(working: dict[str, list[str]], kind: str, least: int) -> None:
    assert len(working[kind]) >= least
    assert any(not path.startswith("/api/") for path in working[kind])

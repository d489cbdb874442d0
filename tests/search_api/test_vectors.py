"""Vectors in memory: the nearest ones, and when they are loaded and dropped, from a pretended OpenSearch."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from flask import g
from opensearchpy.exceptions import ConnectionError as Unreachable

from mappings import Generation, IndexNames
from peerscope import engine
from peerscope.embedding.embedder import Embedder
from peerscope.embedding.models import ModelDescription
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import KEY, Services
from search_api.retrieval import vectors
from search_api.retrieval.clauses import SHORT_VECTOR
from search_api.retrieval.vectors import VectorLoader, VectorStore, WorkVectors

if TYPE_CHECKING:
    from flask import Flask

Body = dict[str, Any]


class OpenSearch:
    """Has generations of works, of which one is live: ids and vectors."""

    def __init__(self, rows: np.ndarray[Any, Any]) -> None:
        self.rows, self.number, self.searches = rows, 1, 0
        self.fails = self.is_short = False
        self.indices = self

    @property
    def works(self) -> str:
        return Generation("t-", self.number).works

    def get_alias(self, *, name: str) -> Body:
        if self.fails:
            raise Unreachable("N/A", "refused", OSError())
        assert name == "t-works"
        return {self.works: {}}

    def count(self, *, index: str) -> Body:
        assert index == self.works
        return {"count": len(self.rows)}

    def search(self, *, index: str, body: Body) -> Body:
        assert index == self.works
        assert body["stored_fields"] == "_none_"
        if "script_fields" not in body:
            ids = body["query"]["bool"]["filter"][0]["terms"]["id"]
            return {
                "hits": {"hits": [{"_score": 0.5, "fields": {"id": [id_], "researchers.id": ["p"]}} for id_ in ids]}
            }
        self.is_short = body["script_fields"]["vector"]["script"]["source"] == SHORT_VECTOR
        self.searches += 1
        (after,) = body.get("search_after", [""])
        later = [place for place in range(len(self.rows)) if id_of(place) > after]
        return {"hits": {"hits": [self.hit(place) for place in later[: body["size"]]]}}

    def hit(self, place: int) -> Body:
        row = self.rows[place]
        stored = np.round(127 * row / np.abs(row).max()).astype(np.int8) if self.is_short else row.astype("<f4")
        vector = b64encode(stored.tobytes()).decode()
        return {"fields": {"id": [id_of(place)], "vector": [vector]}, "sort": [id_of(place)]}


def id_of(place: int) -> str:
    return f"w{place:04}"


def unit(count: int, dimension: int = 8) -> np.ndarray[Any, Any]:
    rows = np.random.default_rng(7).normal(size=(count, dimension)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def services(opensearch: OpenSearch, most: int = 2_000, short: int = 0) -> Services:
    settings = Settings(vectors_in_memory=most, short_vectors_in_memory=short)
    return Services(cast("Any", opensearch), IndexNames("t-"), settings=settings)


@pytest.mark.parametrize("count", [1, 10, 50, 80])
def test_the_nearest_works_have_the_scores_of_lucene(count: int) -> None:
    rows = unit(50)
    memory = WorkVectors("t-works-v1-000001", [id_of(place) for place in range(50)], rows)
    cosines = rows @ rows[3]
    order = np.argsort(-cosines)[:count]
    nearest = memory.nearest(rows[3], count)
    assert list(nearest) == [id_of(place) for place in order]
    assert list(nearest.values()) == pytest.approx(((1 + cosines[order]) / 2).tolist())
    assert memory.of([id_of(4), id_of(2)]) == pytest.approx(rows[[4, 2]])
    known = memory.by_id(["unknown", id_of(4), id_of(2), "z"])
    assert list(known) == [id_of(4), id_of(2)]
    assert np.array_equal(known[id_of(2)], rows[2])
    assert memory.has_all([id_of(4), id_of(2)])
    assert not memory.has_all([id_of(4), "unknown"])
    with pytest.raises(KeyError, match="unknown"):
        memory.of([id_of(4), "unknown"])


def test_a_collection_without_vectors_knows_none() -> None:
    memory = WorkVectors("t-works-v1-000001", [], np.empty((0, 0), np.float32))
    assert memory.by_id(["a"]) == memory.nearest_of(["a"], unit(1)[0], 2) == {}
    assert not memory.has_all(["a"])
    assert memory.has_all([])


def test_vectors_are_read_in_batches_and_exactly() -> None:
    opensearch = OpenSearch(unit(vectors.BATCH + 20))
    there = services(opensearch)
    store = there.shared(VectorStore)
    store.load(there)
    assert store.current is not None
    assert store.current.generation == opensearch.works
    assert store.current.ids == [id_of(place) for place in range(vectors.BATCH + 20)]
    assert np.array_equal(store.current.rows, opensearch.rows)
    assert store.current.authorships is not None
    assert store.current.authorships.works_of(["p"]) == {"p": list(range(vectors.BATCH + 20))}
    assert opensearch.searches == 3


def test_they_are_loaded_once_per_generation_and_dropped_with_a_large_one() -> None:
    opensearch = OpenSearch(unit(30))
    there = services(opensearch, most=30)
    store = there.shared(VectorStore)
    for _ in range(2):
        store.load(there)
    assert opensearch.searches == 2
    opensearch.number = 2
    store.load(there)
    assert store.current is not None
    assert store.current.generation == opensearch.works
    opensearch.number, opensearch.rows = 3, unit(31)
    store.load(there)
    assert store.current is None
    assert opensearch.searches == 4


def test_of_a_larger_collection_short_vectors_are_loaded_which_keep_their_direction() -> None:
    opensearch = OpenSearch(unit(30))
    there = services(opensearch, most=29, short=30)
    store = there.shared(VectorStore)
    store.load(there)
    assert store.current is None
    assert store.known is not None
    assert store.known.rows.dtype == np.int8
    assert store.of(opensearch.works) is store.known
    assert store.of("another") is None
    found = store.known.of([id_of(7), id_of(3)])
    assert (found * opensearch.rows[[7, 3]]).sum(axis=1) == pytest.approx(1.0, abs=1e-3)
    nearest = store.known.nearest_of([id_of(3), "unknown", id_of(9), id_of(7)], opensearch.rows[7], 2)
    cosines = opensearch.rows[[3, 9]] @ opensearch.rows[7]
    second = id_of(3 if cosines[0] > cosines[1] else 9)
    assert list(nearest) == [id_of(7), second]
    assert nearest[second] == pytest.approx((1 + cosines.max()) / 2, abs=5e-3)
    assert store.known.nearest_of(["unknown"], opensearch.rows[7], 2) == {}


def test_zero_loads_nothing() -> None:
    opensearch = OpenSearch(unit(3))
    there = services(opensearch, most=0)
    there.shared(VectorStore).load(there)
    assert there.shared(VectorStore).current is None
    assert opensearch.searches == 0


def test_works_without_vectors_have_no_neighbours() -> None:
    opensearch = OpenSearch(unit(0))
    there = services(opensearch)
    store = there.shared(VectorStore)
    store.load(there)
    assert store.current is not None
    assert store.current.nearest(np.ones(8, np.float32), 5) == {}


def test_the_loader_waits_for_opensearch_and_follows_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    opensearch = OpenSearch(unit(5))
    opensearch.fails = True
    monkeypatch.setattr(engine, "follow", lambda *_, **__: opensearch)
    there = services(opensearch)
    loader = VectorLoader(there, every=0.01)
    loader.start()
    try:
        time.sleep(0.05)
        assert there.shared(VectorStore).current is None
        opensearch.fails = False
        for number in (1, 2):
            opensearch.number = number
            wait_for(there, opensearch.works)
    finally:
        loader.stop()


def wait_for(there: Services, generation: str) -> None:
    deadline = time.monotonic() + 30
    while (current := there.shared(VectorStore).current) is None or current.generation != generation:
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Model(Embedder):
    """Records the threads in which it embeds."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__(ModelDescription("m", 2, "mean", "", "", 256, "f" * 64))
        self.threads: list[str] = []
        self.fails = fails

    def _encode_works(self, texts: Any) -> Any:
        raise NotImplementedError

    def _encode_query(self, text: str) -> Any:
        self.threads.append(threading.current_thread().name)
        if self.fails:
            raise ValueError(text)
        return np.array([1, 0], np.float32)


def app_with(model: Model) -> Flask:
    there = Services(cast("Any", OpenSearch(unit(1))), IndexNames("t-"), load_embedder=lambda: model)
    return create_app(services=there, extensions=[])


def test_a_query_is_embedded_once_in_another_thread() -> None:
    model = Model()
    app = app_with(model)
    there: Services = app.extensions[KEY]
    with app.test_request_context("/"):
        there.begin_embedding("rivers")
        vector = there.embed_query("rivers")
    assert vector is not None
    assert vector.tolist() == [1, 0]
    assert len(model.threads) == 1
    assert model.threads[0].startswith("embedding")


def test_an_error_in_the_other_thread_degrades_the_search() -> None:
    app = app_with(Model(fails=True))
    there: Services = app.extensions[KEY]
    with app.test_request_context("/"):
        there.begin_embedding("rivers")
        assert there.embed_query("rivers") is None
        assert g.degraded


def test_outside_of_a_request_nothing_is_begun() -> None:
    model = Model()
    there: Services = app_with(model).extensions[KEY]
    there.begin_embedding("rivers")
    assert model.threads == []
    assert there.embed_query("rivers") is not None

"""The vectors themselves: of the packaged models, against those of sentence-transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from peerscope import embedding
from peerscope.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from peerscope.embedding import Embedder

MODELS = ["int8", "fp32", pytest.param("reference", marks=pytest.mark.torch)]
FILLER = "network "  # one token


@pytest.fixture(params=MODELS)
def embedder(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def test_fp32_is_what_sentence_transformers_gives(fp32: Embedder, texts: list[str], truth: NDArray[np.float32]) -> None:
    cosines = (fp32.embed_works(texts) * truth).sum(axis=1)
    assert cosines.min() > 0.9999


def test_our_backend_is_what_plain_encode_gives(reference: Any, texts: list[str], truth: NDArray[np.float32]) -> None:
    plain = reference._encoder.encode(texts[::4])
    assert np.allclose((plain * truth[::4]).sum(axis=1), 1, atol=1e-5)


def test_int8_stays_close(int8: Embedder, texts: list[str], truth: NDArray[np.float32]) -> None:
    cosines = (int8.embed_works(texts) * truth).sum(axis=1)
    assert cosines.mean() >= 0.98
    assert cosines.min() > 0.95


def test_vectors_are_unit_length_float32_and_finite(embedder: Embedder, texts: list[str]) -> None:
    vectors = embedder.embed_works(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), embedder.model.dimension) == (len(texts), 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_query_and_a_work_of_the_same_text_are_one(embedder: Embedder, texts: list[str]) -> None:
    queries = np.stack([embedder.embed_query(text) for text in texts[:8]])
    assert np.allclose(queries, embedder.embed_works(texts[:8]), atol=1e-5)
    assert queries.dtype == np.float32


@pytest.mark.parametrize("name", ["int8", "fp32"])
def test_neighbours_do_not_change_a_vector(name: str, request: pytest.FixtureRequest, texts: list[str]) -> None:
    embedder: Embedder = request.getfixturevalue(name)
    together = embedder.embed_works(texts)
    assert np.array_equal(together[::-1], embedder.embed_works(texts[::-1]))
    assert np.array_equal(together, np.concatenate([embedder.embed_works([text]) for text in texts]))


def test_the_order_is_that_of_the_texts(embedder: Embedder) -> None:
    texts = ["protein folding", "graph theory " * 60, "a", "the soil of the Amazon " * 9]
    vectors = embedder.embed_works(texts)
    alone = np.stack([embedder.embed_query(text) for text in texts])
    assert ((vectors @ alone.T).argmax(axis=1) == np.arange(len(texts))).all()


def test_no_words_have_a_vector_too(embedder: Embedder) -> None:
    empty, blank, word = embedder.embed_works(["", " \n", "word"])
    assert np.array_equal(empty, blank)
    assert 0 < empty @ word < 0.99


def test_text_counts_up_to_256_tokens_and_no_further(embedder: Embedder) -> None:
    full = FILLER * 254  # and the two marks at its ends
    vectors = embedder.embed_works([full, full + "volcano eruption", FILLER * 252 + "volcano eruption", FILLER * 130])
    assert vectors[0] @ vectors[1] > 0.99999
    assert vectors[0] @ vectors[2] < 0.9999
    assert vectors[0] @ vectors[3] < 0.99999


def test_meaning_is_in_them(embedder: Embedder) -> None:
    query = embedder.embed_query("how do birds find their way")
    near, far = embedder.embed_works(["Magnetic navigation in migrating robins", "Sparse matrix factorisation on GPUs"])
    assert query @ near > query @ far + 0.2


def test_one_thread_gives_the_same_as_many(int8: Embedder, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_THREADS", "1")
    assert np.array_equal(
        embedding.load(Settings.load(), model="all-MiniLM-L6-v2-int8").embed_works(texts), int8.embed_works(texts)
    )

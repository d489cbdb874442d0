"""What every backend inherits: cleaning, remembering, and one kind of error."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from peerscope.embedding import Embedder, EmbeddingError, ModelDescription, work_text
from peerscope.embedding import embedder as module

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

TINY = ModelDescription.of([], name="tiny", dimension=2, pooling="mean", query_prefix="", work_prefix="", max_tokens=2)


class Recorder(Embedder):
    """A model that keeps what it is asked, and breaks on demand."""

    def __init__(self) -> None:
        super().__init__(TINY)
        self.seen: list[str] = []

    def _encode_query(self, text: str) -> NDArray[np.float32]:
        self.seen.append(text)
        if text == "break":
            raise RuntimeError("no tensor")
        return np.array([1, 0], np.float32)

    def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self._encode_query(text) for text in texts])


@pytest.mark.parametrize(
    ("title", "abstract", "text"),
    [
        ("On hubs", "We count.", "On hubs. We count."),
        ("On hubs.", "We count.", "On hubs. We count."),
        ("Hubs?", "We count.", "Hubs? We count."),
        (" On hubs\n", None, "On hubs"),
        ("On hubs", "  ", "On hubs"),
        ("", "We count.", "We count."),
        ("", None, ""),
    ],
)
def test_the_text_of_a_work(title: str, abstract: str | None, text: str) -> None:
    assert work_text(title, abstract) == text


def test_a_query_is_embedded_once_whatever_its_blanks() -> None:
    embedder = Recorder()
    assert embedder.embed_query("deep  learning ") is embedder.embed_query("\n deep\u00a0learning")
    assert embedder.seen == ["deep learning"]


def test_a_remembered_vector_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Recorder().embed_query("x")[0] = 7


def test_the_memory_is_bounded_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHED_QUERIES", 2)
    embedder = Recorder()
    for text in ["a", "b", "a", "c", "a", "b"]:
        embedder.embed_query(text)
    assert embedder.seen == ["a", "b", "c", "b"]


def test_many_threads_may_ask_at_once() -> None:
    embedder = Recorder()
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(embedder.embed_query, [str(number % 50) for number in range(2000)]))
    assert len(vectors) == 2000
    assert set(embedder.seen) == {str(number) for number in range(50)}


@pytest.mark.parametrize("ask", [lambda e: e.embed_query("break"), lambda e: e.embed_works(["fine", "break"])])
def test_whatever_breaks_below_is_an_embedding_error(ask: Callable[[Embedder], object]) -> None:
    with pytest.raises(EmbeddingError, match=r"tiny cannot embed .*: no tensor") as caught:
        ask(Recorder())
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_failure_is_not_remembered() -> None:
    embedder = Recorder()
    for _ in range(2):
        with pytest.raises(EmbeddingError):
            embedder.embed_query("break")
    assert embedder.seen == ["break", "break"]


def test_text_beyond_what_can_count_is_cut_unread() -> None:
    embedder = Recorder()
    embedder.embed_query("x" * 1_000_000)
    assert len(embedder.seen[0]) == 2 * module.CHARACTERS_PER_TOKEN


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    embedder = Recorder()
    embedder.embed_query("a\ud800b")
    assert embedder.seen == ["a?b"]


def test_no_works_give_no_vectors() -> None:
    assert Recorder().embed_works([]).shape == (0, 2)

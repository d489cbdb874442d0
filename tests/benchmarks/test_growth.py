"""The benchmark of growth: copies differ from their original and from each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.growth import varied, varied_text

TEXT = " ".join(
    f"{first}{last}" for first in ("spik", "neur", "cort", "tempor", "vis") for last in ("ing", "ons", "ical", "al")
)


def work() -> dict[str, Any]:
    vector = np.ones(384) / np.sqrt(384)
    authors = [{"id": "eva-alder", "name": "Eva Alder"}]
    return {"id": "x:1", "ids": ["x:1"], "title": TEXT, "abstract": None, "embedding": vector, "researchers": authors}


def test_copies_have_other_ids_words_and_vectors_of_unit_length() -> None:
    original, first, second = (varied(work(), "works", copy) for copy in range(3))
    assert original["title"] == TEXT
    assert (first["id"], first["ids"], first["researchers"][0]["id"]) == ("x:1~1", ["x:1~1"], "eva-alder~1")
    assert len({document["title"] for document in (original, first, second)}) == 3
    cosines = np.array([document["embedding"] for document in (original, first, second)]) @ original["embedding"]
    assert cosines[0] > 0.999
    assert np.all((cosines[1:] > 0.8) & (cosines[1:] < 0.9))
    assert np.isclose(np.linalg.norm(first["embedding"]), 1, atol=1e-3)


def test_a_copy_replaces_the_same_words_in_every_text_and_keeps_most() -> None:
    words, varied_words = TEXT.split(), str(varied_text(TEXT, 1)).split()
    changed = {word for word, other in zip(words, varied_words, strict=True) if word != other}
    assert 0 < len(changed) < len(words) / 2
    assert varied_text(TEXT, 1) == varied_text(TEXT, 1)
    assert varied_text(None, 1) is None

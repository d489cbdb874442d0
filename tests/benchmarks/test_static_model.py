"""The benchmark's stand-in model: the vector of a text is the mean of the vectors of its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime

from benchmarks.static_model import TABLE, static_model, word_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray


def packaged() -> onnx.ModelProto:
    """Return a model with four words of two dimensions, as bytes, a scale and a zero point."""
    parts: dict[str, NDArray[Any]] = {
        "quantized": np.array([[130, 128], [126, 128], [128, 132], [128, 124]], np.uint8),
        "scale": np.array(0.5, np.float32),
        "zero_point": np.array(128, np.uint8),
    }
    tensors = [onnx.numpy_helper.from_array(value, f"{TABLE}_{name}") for name, value in parts.items()]
    return onnx.helper.make_model(onnx.helper.make_graph([], "packaged", [], [], tensors))


def test_words_have_the_vectors_of_the_packaged_model_less_their_mean() -> None:
    np.testing.assert_allclose(word_vectors(packaged()), [[1, 0], [-1, 0], [0, 2], [0, -2]])
    raised = packaged()
    raised.graph.initializer[2].CopyFrom(onnx.numpy_helper.from_array(np.array(100, np.uint8), f"{TABLE}_zero_point"))
    np.testing.assert_allclose(word_vectors(raised), [[1, 0], [-1, 0], [0, 2], [0, -2]])


def test_the_model_returns_the_vector_of_each_token() -> None:
    vectors = np.array([[1, 0], [0, 1], [3, 4]], np.float32)
    session = onnxruntime.InferenceSession(static_model(vectors).SerializeToString())
    [states] = session.run(["last_hidden_state"], {"input_ids": np.array([[2, 0, 2]], np.int64)})
    np.testing.assert_allclose(states, vectors[[[2, 0, 2]]])

"""A fast stand-in for an embedding model: `python -m benchmarks.static_model FOLDER`.

The vector of a text is the mean of the default model's word vectors, without its encoder. Embedding takes .5 ms instead
of 25, so a collection of any size is indexed for measurements of search. Set `PEERSCOPE_MODEL` to the folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import onnx

from peerscope.embedding.models import DEFAULT
from peerscope.embedding.onnx_backend import packaged_files
from peerscope.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Tensors of the packaged model: bytes, and the scale and zero point that make floats of them.
TABLE = "embeddings.word_embeddings.weight"
OPSET, IR_VERSION = 17, 8


def word_vectors(packaged: onnx.ModelProto) -> NDArray[np.float32]:
    """Return the word vectors of a quantized model, less their mean: float32[words, d].

    With the mean, which all words share, the vectors of any two texts would be alike.
    """
    tensors = {tensor.name: tensor for tensor in packaged.graph.initializer}
    table, scale, zero = (
        onnx.numpy_helper.to_array(tensors[f"{TABLE}_{part}"]).astype(np.float32)
        for part in ("quantized", "scale", "zero_point")
    )
    vectors = (table - zero) * scale
    centered: NDArray[np.float32] = vectors - vectors.mean(axis=0)
    return centered


def static_model(vectors: NDArray[np.float32]) -> onnx.ModelProto:
    """Return a model that looks up the vector of each token: int64[1, n] in, float32[1, n, d] out."""
    helper = onnx.helper
    ids = helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, [1, "tokens"])
    states = helper.make_tensor_value_info("last_hidden_state", onnx.TensorProto.FLOAT, [1, "tokens", vectors.shape[1]])
    lookup = helper.make_node("Gather", ["words", "input_ids"], ["last_hidden_state"])
    graph = helper.make_graph([lookup], "static", [ids], [states], [onnx.numpy_helper.from_array(vectors, "words")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Write the model and its tokenizer to FOLDER."""
    settings = Settings.load()
    weights, tokenizer = packaged_files(DEFAULT, home=settings.home, mirror=settings.maven_url)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(static_model(word_vectors(onnx.load_from_string(weights))), folder / "model.onnx")
    (folder / "tokenizer.json").write_bytes(tokenizer)


if __name__ == "__main__":
    main()

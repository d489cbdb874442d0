"""A model in a folder: an ONNX file and its tokenizer, as sentence-transformers and the hub export them.

The weights are `model.onnx`, also below `onnx/`, or the only `.onnx` file. `1_Pooling/config.json` states the pooling,
`sentence_bert_config.json` the length, `config_sentence_transformers.json` the prompts. A file `peerscope.json` can set
`pooling`, `max_tokens`, `query_prefix` and `work_prefix` instead, for models such as e5, which state their prompts only
in their documentation.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import onnxruntime
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from peerscope.embedding.models import ModelDescription, ModelUnavailableError
from peerscope.embedding.onnx_backend import OnnxEmbedder, make_tokenizer, session_options

if TYPE_CHECKING:
    from pathlib import Path

#: Maximum number of tokens if no file states it: BERT's limit.
DEFAULT_MAX_TOKENS = 512
#: Names of prompts for works, in the order of sentence-transformers' `encode_document`.
WORK_PROMPTS = ("document", "passage", "corpus")


class Options(BaseModel):
    """Contents of `peerscope.json`."""

    model_config = ConfigDict(extra="forbid")

    pooling: Literal["mean", "cls"] = "mean"
    max_tokens: int = Field(DEFAULT_MAX_TOKENS, ge=8, le=100_000)
    query_prefix: str = ""
    work_prefix: str = ""


@dataclass(frozen=True)
class ModelFolder:
    """The files of a model."""

    path: Path

    def weights(self) -> Path:
        """Return the ONNX file. Raises `ModelUnavailableError` if there is none, or several."""
        for name in ("model.onnx", "onnx/model.onnx"):
            if (self.path / name).is_file():
                return self.path / name
        found = sorted([*self.path.glob("*.onnx"), *self.path.glob("onnx/*.onnx")])
        if len(found) != 1:
            several = ", ".join(file.name for file in found)
            which = f"several ONNX files ({several}) and none named model.onnx" if found else "no ONNX file"
            raise ModelUnavailableError(f"the folder {self.path} has {which}")
        return found[0]

    def options(self) -> Options:
        """Return how the model is used. Raises `ModelUnavailableError` for an invalid file."""
        try:
            return Options.model_validate(self._exported() | self._json("peerscope.json"))
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            field = ".".join(map(str, problem["loc"]))
            raise ModelUnavailableError(f"{self.path / 'peerscope.json'}: {field}: {problem['msg']}") from error

    def _exported(self) -> dict[str, Any]:
        """Return the options in the files of sentence-transformers."""
        options: dict[str, Any] = {}
        if self._json("1_Pooling/config.json").get("pooling_mode_cls_token"):
            options["pooling"] = "cls"
        if isinstance(length := self._json("sentence_bert_config.json").get("max_seq_length"), int):
            options["max_tokens"] = length
        prompts = self._json("config_sentence_transformers.json").get("prompts")
        if isinstance(prompts, dict):
            options["query_prefix"] = prompts.get("query") or ""
            options["work_prefix"] = next((prompts[name] for name in WORK_PROMPTS if prompts.get(name)), "")
        return options

    def _json(self, name: str) -> dict[str, Any]:
        """Return the object in a file; empty if there is no such file. Raises `ModelUnavailableError`."""
        file = self.path / name
        try:
            content = json.loads(file.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ModelUnavailableError(f"{file} cannot be read: {error}") from error
        if not isinstance(content, dict):
            raise ModelUnavailableError(f"{file} contains no JSON object")
        return content


def is_model_folder(path: Path) -> bool:
    """Return whether a path is a folder with an ONNX file; one without is left to sentence-transformers."""
    return path.is_dir() and any(next(path.glob(pattern), None) for pattern in ("*.onnx", "onnx/*.onnx"))


def load_folder(path: Path, threads: int, name: str | None = None) -> OnnxEmbedder:
    """Load the model of a folder, by default named by its path. Raises `ModelUnavailableError`."""
    name = name or str(path)
    folder = ModelFolder(path)
    weights, options = folder.weights(), folder.options()
    try:
        description = (path / "tokenizer.json").read_bytes()
        tokenizer = make_tokenizer(description, options.max_tokens)
        # By its path, because weights of more than 2 GB are in a second file beside it.
        session = onnxruntime.InferenceSession(str(weights), session_options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # tokenizers and onnxruntime raise their own classes
        raise ModelUnavailableError(f"the embedding model in {path} cannot be loaded: {error}") from error
    files = [weights, *sorted(weights.parent.glob(f"{weights.name}[._]data"))]
    contents = [_sha256(file) for file in files] + [hashlib.sha256(description).hexdigest()]
    model = ModelDescription.of(contents, name=name, dimension=0, **options.model_dump())
    dimension = len(OnnxEmbedder(model, session, tokenizer, 1).embed_query("dimension"))
    model = ModelDescription.of(contents, name=name, dimension=dimension, **options.model_dump())
    return OnnxEmbedder(model, session, tokenizer, threads)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()

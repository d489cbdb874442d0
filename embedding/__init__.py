"""TEXT -> VECTORS: which model, how it is run, and what an index must remember of it.

Nothing else in Peerscope knows a model: the rest asks `load()` for an `Embedder` and gets unit vectors. Importing this
package is cheap; a backend and its libraries come in only with `load()`, and torch only for a model that needs it.
"""

from embedding.description import ModelDescription
from embedding.diagnosis import Check, diagnose
from embedding.embedder import Embedder, work_text
from embedding.errors import EmbeddingError, ModelMismatch, ModelUnavailableError
from embedding.loading import load
from embedding.models import DEFAULT, PACKAGED

__all__ = [
    "DEFAULT",
    "PACKAGED",
    "Check",
    "Embedder",
    "EmbeddingError",
    "ModelDescription",
    "ModelMismatch",
    "ModelUnavailableError",
    "diagnose",
    "load",
    "work_text",
]

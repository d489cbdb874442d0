"""TEXT -> VECTORS: which model, how it is run, and what an index must remember of it.

Nothing else in Peerscope knows a model: the rest asks `load()` for an `Embedder` and gets unit vectors. Importing this
package is cheap; a backend and its libraries come in only with `load()`, and torch only for a model that needs it.
"""

from peerscope.embedding.description import ModelDescription
from peerscope.embedding.diagnosis import Check, diagnose
from peerscope.embedding.embedder import Embedder, work_text
from peerscope.embedding.errors import EmbeddingError, ModelMismatch, ModelUnavailableError
from peerscope.embedding.loading import load
from peerscope.embedding.models import DEFAULT, PACKAGED

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

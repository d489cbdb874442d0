"""Checks that this version can read the index, and that its vectors are those of the loaded embedding model."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from opensearchpy.exceptions import OpenSearchException

from mappings import IndexNames, StoreError, live, stored_model
from peerscope.embedding import ModelMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from opensearchpy import OpenSearch

    from peerscope.embedding import ModelDescription

#: Seconds for which a result is kept, so that a service notices a rebuilt index without a restart.
CHECK_EVERY = 5.0


class IndexCheck:
    """The state of the searched index. One per app; it asks OpenSearch at most every `CHECK_EVERY` seconds."""

    def __init__(self, client: OpenSearch, names: IndexNames) -> None:
        self._client, self._names = client, names
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self._problem: str | None = None
        self._model: Mapping[str, Any] | None = None

    def problem(self) -> str | None:
        """Return why this version cannot read the index, with what to do; None if it can or nothing is indexed."""
        self._update()
        return self._problem

    def model_problem(self, model: ModelDescription) -> str | None:
        """Return why queries embedded by a model cannot be compared with the index; None if they can."""
        self._update()
        try:
            if self._model is not None:
                model.check_same(self._model)
        except ModelMismatch as error:
            text = str(error)
            return text[0].upper() + text[1:] + "."
        return None

    def _update(self) -> None:
        """Read the state again if it is old; while OpenSearch does not answer, the last one is kept."""
        if time.monotonic() - self._checked_at < CHECK_EVERY or not self._lock.acquire(blocking=False):
            return
        try:
            self._checked_at = time.monotonic()
            generation = live(self._client, self._names)
            self._problem, self._model = None, None
            if generation:
                self._model = stored_model(self._client, generation)
        except StoreError as error:
            self._problem = str(error)
        except OpenSearchException:
            return  # searches of this request have what is left of the time budget (engine.CircuitBreaker)
        finally:
            self._lock.release()

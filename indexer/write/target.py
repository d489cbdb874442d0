"""Where a run writes to: a generation that is begun only when there is something to write.

So a run that finds nothing new touches nothing, and what is searched never shows half of a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mappings import Generation, begin, live, publish, stored_fingerprint, stored_model, unfinished

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from mappings import IndexNames
    from peerscope.embedding import ModelDescription


class Target:
    """The state of the collection that a run compares with, and the generation that it writes to."""

    def __init__(
        self, client: OpenSearch, names: IndexNames, model: ModelDescription, *, rebuild: bool, look_only: bool
    ) -> None:
        """Look at what is there, and begin nothing when that is all that is wanted.

        Raises ModelMismatch or StoreError when what is there does not fit and is not to be rebuilt.
        """
        self._client, self._names, self._model, self._rebuild = client, names, model, rebuild
        left = unfinished(client, names)
        now = live(client, names)
        self._base = None if rebuild else now
        #: The live generation that a rebuild replaces: not to compare with, but what people see of it goes on.
        self.replaced = now if rebuild else None
        #: The live generation when its vectors are of this model: a text that did not change keeps its embedding.
        self.embedded = now if now and stored_fingerprint(client, now) == model.fingerprint else None
        if self._base:
            model.check_same(stored_model(client, self._base))
        self._generation: Generation | None = None
        if left and look_only:
            self._base = left
        elif left:
            # A run was broken off: this one has to finish it, even when it finds nothing new.
            self.writable()

    @property
    def readable(self) -> Generation | None:
        """The generation to compare with; None when there is nothing yet."""
        return self._generation or self._base

    def writable(self) -> Generation:
        """Return the generation to write to, begun now if it was not before."""
        if self._generation is None:
            description = self._model.to_dict()
            self._generation = begin(self._client, self._names, description, rebuild=self._rebuild)
            self._model.check_same(stored_model(self._client, self._generation))
        return self._generation

    @property
    def begun(self) -> Generation | None:
        """The generation that was begun; None when this run has written nothing."""
        return self._generation

    def publish(self) -> None:
        """Make what was written the state that is searched."""
        if self._generation:
            publish(self._client, self._generation)

"""The generation that a run writes to, which is created only when there is something to write.

So a run that finds nothing new changes nothing, and searches never see half of a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mappings import Scale, begin, claim, live, publish, stored_fingerprint, stored_model, unfinished

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from mappings import Generation, IndexNames, WritableGeneration
    from peerscope.embedding import ModelDescription


class Target:
    """The generation that a run compares its records with, and the one that it writes to."""

    def __init__(
        self,
        client: OpenSearch,
        names: IndexNames,
        model: ModelDescription,
        scale: Scale,
        *,
        rebuild: bool,
        read_only: bool,
        token: str,
    ) -> None:
        """Look up the existing generations; with `read_only`, create none. `token` is that of the writer's lock.

        Raises ModelMismatch or StoreError when the live generation does not fit and is not to be rebuilt.
        """
        self._client, self._names, self._model, self._scale = client, names, model, scale
        self._rebuild, self._token = rebuild, token
        left = unfinished(client, names)
        current = live(client, names)
        #: The generation that is searched.
        self.live = current
        self._base = None if rebuild else current
        #: The live generation that a rebuild replaces: not compared with, but ids, states and dates carry over from it.
        self.replaced = current if rebuild else None
        #: The live generation if its vectors are of this model: a text that did not change keeps its embedding.
        self.embedded = current if current and stored_fingerprint(client, current) == model.fingerprint else None
        if self._base:
            model.check_same(stored_model(client, self._base))
        self._generation: WritableGeneration | None = None
        if left and read_only:
            self._base = left
        elif left:
            # This run has to finish the interrupted one, even when it finds nothing new.
            self.writable()

    @property
    def readable(self) -> Generation | None:
        """The generation to compare with; None when nothing is indexed."""
        return self._generation or self._base

    def writable(self) -> WritableGeneration:
        """Return the generation to write to, created at the first call, which no other run can write from then on."""
        if self._generation is None:
            generation = begin(
                self._client, self._names, self._model.to_dict(), rebuild=self._rebuild, scale=self._scale
            )
            self._model.check_same(stored_model(self._client, generation))
            self._generation = claim(self._client, generation, self._token)
        return self._generation

    @property
    def begun(self) -> WritableGeneration | None:
        """The generation that was created; None when this run has written nothing."""
        return self._generation

    def publish(self) -> None:
        """Make the written generation the one that is searched, unless another run has taken over."""
        if self._generation:
            publish(self._client, self._generation.indices, replicas=self._scale.replicas, token=self._token)

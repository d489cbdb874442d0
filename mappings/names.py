"""The names under which things are stored, in one place, so that one cluster can hold several Peerscopes."""

from __future__ import annotations

import os
from dataclasses import dataclass

#: Raised whenever a mapping changes in a way that an existing index cannot follow.
VERSION = 1

KINDS = ("works", "researchers", "topics", "institutions", "pending")


@dataclass(frozen=True)
class IndexNames:
    """The aliases that readers and writers use, and the indices behind them.

    An alias is `<prefix><kind>`; the index it points to carries the mapping version and a generation, such as
    `peerscope-works-v1-000001`, so that a new one can be filled beside it and swapped in.
    """

    prefix: str = "peerscope-"

    @classmethod
    def from_env(cls) -> IndexNames:
        """Take the prefix from `PEERSCOPE_INDEX_PREFIX` (default `peerscope-`)."""
        return cls(os.environ.get("PEERSCOPE_INDEX_PREFIX", cls.prefix))

    @property
    def works(self) -> str:
        """Alias of the works."""
        return f"{self.prefix}works"

    @property
    def researchers(self) -> str:
        """Alias of the researchers."""
        return f"{self.prefix}researchers"

    @property
    def topics(self) -> str:
        """Alias of the topics."""
        return f"{self.prefix}topics"

    @property
    def institutions(self) -> str:
        """Alias of the institutions."""
        return f"{self.prefix}institutions"

    @property
    def pending(self) -> str:
        """Alias of the researchers whose document has to be built anew."""
        return f"{self.prefix}pending"

    @property
    def hybrid(self) -> str:
        """Name of the search pipeline that fuses keyword and vector scores."""
        return f"{self.prefix}hybrid-v{VERSION}"

    def index(self, kind: str, generation: int = 1) -> str:
        """Name of the index behind the alias of `kind`."""
        return f"{self.prefix}{kind}-v{VERSION}-{generation:06d}"

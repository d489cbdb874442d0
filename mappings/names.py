"""The names under which things are stored, in one place, so that one cluster can hold several Peerscopes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

#: Raised whenever a mapping changes in a way that an existing index cannot follow.
VERSION = 4

#: What is searched; `aliases`, ids that lead to another researcher; and `pending`, the researchers whose document has
#: to be built anew.
KINDS = ("works", "researchers", "aliases", "topics", "institutions", "pending")


@dataclass(frozen=True)
class IndexNames:
    """The aliases under which everything is searched: `<prefix><kind>`."""

    prefix: str = "peerscope-"

    @classmethod
    def from_env(cls) -> IndexNames:
        """Take the prefix from `PEERSCOPE_INDEX_PREFIX` (default `peerscope-`)."""
        return cls(os.environ.get("PEERSCOPE_INDEX_PREFIX", cls.prefix))

    def name(self, kind: str) -> str:
        """Return the name for one kind of thing."""
        return f"{self.prefix}{kind}"

    @property
    def works(self) -> str:
        """Name of the works."""
        return self.name("works")

    @property
    def researchers(self) -> str:
        """Name of the researchers."""
        return self.name("researchers")

    @property
    def aliases(self) -> str:
        """Name of the ids that lead to another researcher."""
        return self.name("aliases")

    @property
    def topics(self) -> str:
        """Name of the topics."""
        return self.name("topics")

    @property
    def institutions(self) -> str:
        """Name of the institutions."""
        return self.name("institutions")

    @property
    def pending(self) -> str:
        """Name of the marks on researchers that have to be built anew."""
        return self.name("pending")

    @property
    def people(self) -> str:
        """Name of the index of what people say of themselves, by researcher: it outlives every generation."""
        return f"{self.prefix}people"

    @property
    def lock(self) -> str:
        """Name of the index that says who is writing."""
        return f"{self.prefix}lock"


@dataclass(frozen=True)
class Generation(IndexNames):
    """The indices of one state of the collection: `<prefix><kind>-v<mapping version>-<number>`.

    A run fills the next generation beside the one that is searched; then the aliases move.
    """

    number: int = 1
    version: int = VERSION

    def name(self, kind: str) -> str:
        """Return the name of the index for one kind of thing."""
        return f"{self.prefix}{kind}-v{self.version}-{self.number:06d}"

    @classmethod
    def of_index(cls, prefix: str, index: str) -> Generation | None:
        """Return the generation that an index of works belongs to; None when the name is not one of ours."""
        match = re.fullmatch(rf"{re.escape(prefix)}works-v(\d+)-(\d{{6,}})", index)
        return cls(prefix, int(match[2]), int(match[1])) if match else None

    def next(self) -> Generation:
        """Return the generation after this one, of the mapping version that is written today."""
        return Generation(self.prefix, self.number + 1)

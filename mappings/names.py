"""Names of indices and aliases: a prefix, a kind and a generation, so that one cluster can hold several collections."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Version of the mappings; raise it with every change that an existing index cannot follow. An index of another version
#: has to be rebuilt.
VERSION = 7

#: Indices of a generation. `redirects` leads from ids of merged researchers to the current ones; `pending` lists the
#: researchers whose document has to be rebuilt.
KINDS = ("works", "researchers", "redirects", "topics", "institutions", "pending")
#: Kinds of earlier versions, which are deleted with their generation.
FORMER_KINDS = ("aliases",)


@dataclass(frozen=True)
class IndexNames:
    """The aliases that searches use: `<prefix><kind>`."""

    prefix: str = "peerscope-"

    def name(self, kind: str) -> str:
        """Return the name for one of `KINDS`."""
        return f"{self.prefix}{kind}"

    @property
    def works(self) -> str:
        """Name for works."""
        return self.name("works")

    @property
    def researchers(self) -> str:
        """Name for researchers."""
        return self.name("researchers")

    @property
    def redirects(self) -> str:
        """Name for redirects from ids of merged researchers."""
        return self.name("redirects")

    @property
    def topics(self) -> str:
        """Name for topics."""
        return self.name("topics")

    @property
    def institutions(self) -> str:
        """Name for institutions."""
        return self.name("institutions")

    @property
    def pending(self) -> str:
        """Name for pending researchers."""
        return self.name("pending")

    @property
    def people(self) -> str:
        """Name of the index of researchers' states, which outlives every generation."""
        return f"{self.prefix}people"

    @property
    def lock(self) -> str:
        """Name of the index that holds the writer's lock."""
        return f"{self.prefix}lock"


@dataclass(frozen=True)
class Generation(IndexNames):
    """The indices of one state of the collection: `<prefix><kind>-v<mapping version>-<number>`."""

    number: int = 1
    version: int = VERSION

    def name(self, kind: str) -> str:
        """Return the name of the index of one kind."""
        return f"{self.prefix}{kind}-v{self.version}-{self.number:06d}"

    @classmethod
    def of_index(cls, prefix: str, index: str, kind: str = "works") -> Generation | None:
        """Return the generation that an index of a kind belongs to; None for the name of another kind of index."""
        match = re.fullmatch(rf"{re.escape(prefix)}{kind}-v(\d+)-(\d{{6,}})", index)
        return cls(prefix, int(match[2]), int(match[1])) if match else None

    def next(self) -> Generation:
        """Return the following generation, in the current mapping version."""
        return Generation(self.prefix, self.number + 1)

    def of_writer(self, token: str) -> WritableGeneration:
        """Return the generation as the run with this token writes it."""
        return WritableGeneration(self.prefix, self.number, self.version, token)


#: Between the kind and the token of a run in the alias through which the run writes.
_WRITER = "-writer-"
#: Tokens have 32 hexadecimal digits.
_WRITER_ALIAS = re.compile(rf"{_WRITER}[0-9a-f]{{32}}$")


@dataclass(frozen=True)
class WritableGeneration(Generation):
    """A generation as one run writes it: through aliases with the token of the run, `<prefix><kind>-writer-<token>`.

    When another run takes over, or the generation goes live, these aliases are removed. So a request of the former
    writer that arrives later, perhaps after its machine was suspended, changes nothing.
    """

    token: str = ""

    def name(self, kind: str) -> str:
        """Return the alias of one kind."""
        return f"{self.prefix}{kind}{_WRITER}{self.token}"

    @property
    def indices(self) -> Generation:
        """The generation with the names of its indices."""
        return Generation(self.prefix, self.number, self.version)


def is_writer_alias(name: str) -> bool:
    """Return whether a name is an alias through which a run writes."""
    return _WRITER_ALIAS.search(name) is not None

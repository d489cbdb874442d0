"""What can go wrong with OpenSearch, as text that a person can act on; the commands show it as it is."""

from __future__ import annotations

from peerscope.errors import PeerscopeError


class EngineError(PeerscopeError):
    """Base of everything that this room raises."""


class JavaMissing(EngineError):  # noqa: N818 - it reads as what it is
    """No Java that OpenSearch can run on, not even the wheel."""


class AssemblyError(EngineError):
    """The node's folder cannot be put together: no network, no disk space, or a file that is not what was pinned."""


class PortTaken(EngineError):  # noqa: N818
    """Another program listens on the port that the user asked for."""


class NodeDied(EngineError):  # noqa: N818
    """The node ended while it was starting."""


class StartTimeout(EngineError):  # noqa: N818
    """The node did not answer in time."""


class NotRunning(EngineError):  # noqa: N818
    """There is no embedded node, and the caller asked for none to be started."""


class NotReady(EngineError):  # noqa: N818
    """OpenSearch does not answer, or not yet with all its data."""

"""The errors of the engine. Each message says what failed and what to do about it."""

from __future__ import annotations

from peerscope.errors import PeerscopeError


class EngineError(PeerscopeError):
    """Base of the errors about OpenSearch."""


class JavaMissing(EngineError):  # noqa: N818
    """There is no Java that OpenSearch can run on, not even the one from PyPI."""


class AssemblyError(EngineError):
    """The node's folder cannot be assembled: no network, no disk space, or a file that differs from its pin."""


class PortTaken(EngineError):  # noqa: N818
    """Another program listens on the configured port."""


class NodeDied(EngineError):  # noqa: N818
    """The node exited while it was starting."""


class StartTimeout(EngineError):  # noqa: N818
    """The node did not answer in time."""


class NotRunning(EngineError):  # noqa: N818
    """The embedded node does not run, and the caller did not want to start it."""


class NotReady(EngineError):  # noqa: N818
    """OpenSearch does not answer, or not all of its data is available yet."""

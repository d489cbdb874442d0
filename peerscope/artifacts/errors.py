"""What can go wrong with a fetched file, as one sentence that a person can act on."""

from __future__ import annotations

from peerscope.errors import PeerscopeError


class ArtifactError(PeerscopeError):
    """Base of everything that this room raises; its text is ready to be shown."""


class LockFileError(ArtifactError):
    """The lock file that ships with the package lacks a section."""


class DownloadError(ArtifactError):
    """A file could not be brought here: no network, or the repository does not have it."""


class ChecksumError(ArtifactError):
    """What came is not what the lock file names. It has been removed."""


class StorageError(ArtifactError):
    """The local folder cannot be written, or its disk is full."""

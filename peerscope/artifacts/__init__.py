"""WHAT WE FETCH: pinned files from Maven, checked; and the folder everything local lives in.

A model or an engine that pip cannot carry comes from here. Each file is named by its Maven coordinates and its SHA-256
in one lock file that ships with the package, so that what runs on one machine is byte for byte what runs on the next.
"""

from peerscope.artifacts.errors import ArtifactError, ChecksumError, DownloadError, LockFileError, StorageError
from peerscope.artifacts.file_lock import exclusive
from peerscope.artifacts.folder import home, make_folder
from peerscope.artifacts.lockfile import Artifact, load_lock, sections
from peerscope.artifacts.store import fetch

__all__ = [
    "Artifact",
    "ArtifactError",
    "ChecksumError",
    "DownloadError",
    "LockFileError",
    "StorageError",
    "exclusive",
    "fetch",
    "home",
    "load_lock",
    "make_folder",
    "sections",
]

"""Files pinned by SHA-256 in a lockfile, downloaded from Maven and verified; and the folder of all local files.

The embedding models and OpenSearch come from here, because pip does not offer them. The lockfile ships with the
package, so every machine runs the same bytes.
"""

from peerscope.artifacts.files import (
    ArtifactError,
    ChecksumError,
    DownloadError,
    StorageError,
    file_lock,
    make_folder,
)
from peerscope.artifacts.lockfile import Artifact, LockfileError, load_section, sections
from peerscope.artifacts.store import fetch

__all__ = [
    "Artifact",
    "ArtifactError",
    "ChecksumError",
    "DownloadError",
    "LockfileError",
    "StorageError",
    "fetch",
    "file_lock",
    "load_section",
    "make_folder",
    "sections",
]

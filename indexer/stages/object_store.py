"""Files of stages in an object store such as S3, through fsspec; tasks read local copies.

An upload is atomic: an object exists with all of its content or not at all. The credentials are those of the
environment of each process (`AWS_ACCESS_KEY_ID` and so on), never part of a task.
"""

from __future__ import annotations

import hashlib
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.stages.cache import LocalCopies
from indexer.stages.folder import UNFINISHED, StageFolder
from indexer.stages.task import StageError
from peerscope.settings import Settings, is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

#: Name of the folder of local copies in the home folder.
COPIES = "stages-cache"
#: Files whose sizes are requested one by one; the sizes of more files are read from a list of all.
FEW = 4
#: Packages that connect to object stores, by the scheme of a URL.
PACKAGES = {"s3": "'peerscope[s3]'", "s3a": "'peerscope[s3]'", "gs": "gcsfs", "gcs": "gcsfs"}


def open_folder(location: str) -> StageFolder:
    """Return the folder of stages at a path, or at the URL of an object store.

    Local copies are in the home folder of this process. Raises StageError when a package is not installed.
    """
    if not is_url(location):
        return StageFolder(Path(location))
    settings = Settings.load()
    return ObjectStoreFolder(location, LocalCopies(settings.home / COPIES, settings.stages_cache_mb * 10**6))


class ObjectStoreFolder(StageFolder):
    """Files that never change, below a URL such as `s3://bucket/prefix`."""

    def __init__(self, url: str, copies: LocalCopies) -> None:
        """Prepare to connect, which the first request does."""
        self._url, self._copies = url.rstrip("/"), copies
        self._store, self._root = _connect(self._url)
        #: Distinguishes the copies of different stores.
        self._prefix = hashlib.sha256(self._url.encode()).hexdigest()[:8] + "-"

    @property
    def location(self) -> str:
        """Return the URL."""
        return self._url

    def check(self) -> None:
        """Raise StageError unless files can be written, listed and deleted."""
        name = f"{UNFINISHED}check"
        self.write(name, b"")
        self._listing()
        self._delete([name])

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """Return the sizes in bytes of those of some files that exist, by name."""
        if len(names) > FEW:
            listing = self._listing()
            return {name: listing[name] for name in names if name in listing}
        found = {}
        for name in names:
            with self._explained(), suppress(FileNotFoundError):
                found[name] = int(self._store.info(self._key(name))["size"])
        return found

    def names(self, kind: str) -> list[str]:
        """Return the names of all files of a kind, sorted."""
        return sorted(name for name in self._listing() if name.startswith(f"{kind}-"))

    @contextmanager
    def local_copies(self, names: Iterable[str]) -> Iterator[list[Path]]:
        """Return the paths of copies during the block. Raises StageError if a file does not exist."""
        with self._copies.borrow([self._prefix + name for name in names], self._download) as paths:
            yield paths

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Create a folder for unfinished files on this machine, which is deleted at the end."""
        with self._copies.scratch() as path:
            yield path

    def publish(self, finished: Path, name: str) -> None:
        """Upload a finished file, and keep it as a copy; an object with that name already has the same content."""
        with self._explained():
            self._store.put_file(str(finished), self._key(name))
        self._copies.add(self._prefix + name, finished)

    def write(self, name: str, content: bytes) -> None:
        """Write a small file; one with the same name is replaced."""
        with self._explained():
            self._store.pipe_file(self._key(name), content)
        self._copies.discard(lambda key: key == self._prefix + name)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file that `write` may have replaced; None if there is none."""
        with self._explained(), suppress(FileNotFoundError):
            return bytes(self._store.cat_file(self._key(name)))
        return None

    def delete(self, names: Collection[str]) -> None:
        """Delete some files that no task needs any more, and their copies; a missing one is no error."""
        keys = {self._prefix + name for name in names}
        self._copies.discard(lambda key: key in keys)
        self._delete(self.sizes(names).keys())

    def keep_only(self, names: Collection[str]) -> None:
        """Delete all other files, their copies, and uploads that killed tasks left; no task may be running."""
        self._delete([name for name in self._listing() if name not in names])
        kept = {self._prefix + name for name in names}
        self._copies.discard(lambda key: key.startswith(self._prefix) and key not in kept)
        with self._explained(), suppress(PermissionError):  # a rule of the bucket may delete them instead
            self._abort_uploads()

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _listing(self) -> dict[str, int]:
        """Return the sizes of all files by name."""
        with self._explained():
            try:
                entries = self._store.ls(self._root, detail=True)
            except FileNotFoundError:  # a folder without files does not exist
                return {}
        files = [entry for entry in entries if entry["type"] == "file"]
        return {entry["name"].rpartition("/")[2]: int(entry["size"]) for entry in files}

    def _delete(self, names: Collection[str]) -> None:
        with self._explained():
            if names:
                self._store.rm([self._key(name) for name in names])

    def _download(self, missing: dict[str, Path], make_room: Callable[[int], None]) -> None:
        """Download files to the paths by the keys of their copies, several at a time."""
        names = {key.removeprefix(self._prefix): path for key, path in missing.items()}
        sizes = self.sizes(names.keys())
        if absent := next((name for name in names if name not in sizes), None):
            raise StageError(f"{self._url}/{absent} does not exist; another run may have deleted it. Run it again.")
        make_room(sum(sizes.values()))
        with self._explained():
            self._store.get([self._key(name) for name in names], [str(path) for path in names.values()])
        for name, path in names.items():
            if path.stat().st_size != sizes[name]:
                raise StageError(f"{self._url}/{name} was not received completely. Run the same command again.")

    def _abort_uploads(self) -> None:
        """Abort uploads in several parts that were not completed. S3 keeps, and charges for, their parts."""
        if not hasattr(self._store, "call_s3"):
            return
        bucket, _, prefix = self._root.partition("/")
        uploads = self._store.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=f"{prefix}/")
        for upload in uploads.get("Uploads", []):
            self._store.call_s3("abort_multipart_upload", Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise a StageError for errors of the store, whose types depend on the package that connects to it."""
        try:
            yield
        except StageError:
            raise
        except FileNotFoundError as error:
            raise StageError(f"{self._url} does not exist: {error}. Create the bucket first.") from error
        except PermissionError as error:
            raise StageError(
                f"{self._url} refuses access to {socket.gethostname()}: {error}. Check the credentials in the "
                "environment of each machine, and that they may read, write, list and delete objects there."
            ) from error
        except Exception as error:
            raise StageError(
                f"{self._url} cannot be used from {socket.gethostname()}: {error}. Nothing is lost: run the same "
                "command again."
            ) from error


def _connect(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it. Raises StageError if its package is not installed."""
    package = PACKAGES.get(url.partition("://")[0], "adlfs")
    try:
        from fsspec.core import url_to_fs  # only here: slow to import, and needed for object stores only

        # Lists of objects that are kept would miss what other workers have written since.
        store, root = url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        raise StageError(f"{url} needs another package: pip install {package}, here and on every worker.") from error
    return store, str(root)

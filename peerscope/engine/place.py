"""The node's folder, and the account that runs the node.

OpenSearch refuses to run as root, which is common in containers and on small servers. There the node runs as an
unprivileged account, which cannot enter a folder below /root (mode 0700), where root's data folder is by default. So
the node's folder is then below /var/lib, with a symbolic link at the configured path.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from peerscope.engine.errors import AssemblyError

ELSEWHERE = Path("/var/lib/peerscope")
NOBODY = 65534  # on every Linux distribution, in case its name is missing


@dataclass(frozen=True)
class Account:
    """The unprivileged user that runs the node when this process is root's."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The node's folder, and the account that runs it; None for the current user."""

    folder: Path
    account: Account | None = None

    @property
    def data(self) -> Path:
        """The indexed data."""
        return self.folder / "data"

    @property
    def config(self) -> Path:
        """The configuration, rewritten at each start."""
        return self.folder / "config"

    @property
    def logs(self) -> Path:
        """Logs of this start and earlier ones."""
        return self.folder / "logs"

    @property
    def temporary(self) -> Path:
        """Folder for unpacked native libraries."""
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        """The node's log."""
        return self.logs / "opensearch.log"

    @property
    def console(self) -> Path:
        """The node's output, such as a failure of Java itself."""
        return self.logs / "console.log"

    def make(self) -> None:
        """Create the folders; those that the node writes to belong to its account. Raises `AssemblyError`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.account:
                for folder in (self.folder, *(parent for parent in self.folder.parents if parent == ELSEWHERE)):
                    folder.chmod(0o755)  # regardless of root's umask
            for folder in (self.data, self.config, self.logs, self.temporary):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
                if self.account:
                    os.chown(folder, self.account.uid, self.account.gid)
        except OSError as error:
            raise AssemblyError(f"cannot make the folder {self.folder}: {error.strerror or error}") from error


def is_root() -> bool:
    """Return whether this process runs as root."""
    return os.geteuid() == 0


def unprivileged() -> Account:
    """Return the account `nobody`."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(NOBODY, NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)


def reachable(folder: Path) -> bool:
    """Return whether any account can enter the folder: it, if it exists, and its parents are open to others."""
    resolved = folder.resolve()
    existing = [path for path in (resolved, *resolved.parents) if path.exists()]
    return all(path.stat().st_mode & stat.S_IXOTH for path in existing)


def place_for(wanted: Path) -> Place:
    """Return the place of a node whose configured folder is `wanted`."""
    if not is_root():
        return Place(wanted)
    resolved = wanted.resolve()  # follows the link of an earlier start
    if reachable(resolved.parent):
        return Place(resolved, unprivileged())
    return Place(ELSEWHERE / hashlib.sha256(str(wanted).encode()).hexdigest()[:12], unprivileged())


def leave_link(wanted: Path, place: Place) -> bool:
    """Link the configured folder to the real one; return whether the link is new."""
    if wanted.exists() or wanted.resolve() == place.folder:
        return False
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.unlink(missing_ok=True)  # a broken link
    wanted.symlink_to(place.folder)
    return True


def link_tree(source: Path, target: Path) -> None:
    """Copy a tree of files by hard links, or by copies on another file system."""
    shutil.copytree(source, target, copy_function=link_file, dirs_exist_ok=True)


def open_to_all(folder: Path) -> None:
    """Let any account read a tree of files and run its executables, regardless of root's umask."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if path.is_dir() or mode & stat.S_IXUSR else 0o444))


def link_file(source: str | Path, target: str | Path) -> None:
    """Make `target` a hard link to `source`, or a copy with its time on another file system."""
    source, target = Path(source).resolve(), Path(target)
    if target.exists() and _is_same(source, target):
        return
    fresh = target.with_name(f"{target.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        os.link(source, fresh)
    except OSError:
        shutil.copy2(source, fresh)
    fresh.replace(target)


def _is_same(source: Path, target: Path) -> bool:
    old, new = source.stat(), target.stat()
    return os.path.samestat(old, new) or (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns)

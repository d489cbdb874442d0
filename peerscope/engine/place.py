"""Whose node it is and where its folder lies.

OpenSearch refuses to run as root, rightly. Root is common all the same: containers, small servers. There the node runs
as an account without rights, which cannot enter a folder below /root (mode 0700), where root's data folder lies by
default; so the node's folder then lies below /var/lib, and a symbolic link stands where one would look for it.
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
NOBODY = 65534  # on every Linux distribution, should its name be missing


@dataclass(frozen=True)
class Account:
    """The unprivileged user that runs the node when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The node's folder, and the account that runs it (None: ourselves)."""

    folder: Path
    account: Account | None = None

    @property
    def data(self) -> Path:
        """What has been indexed."""
        return self.folder / "data"

    @property
    def config(self) -> Path:
        """Settings, written anew at each start."""
        return self.folder / "config"

    @property
    def logs(self) -> Path:
        """Logs of this start and the ones before."""
        return self.folder / "logs"

    @property
    def temporary(self) -> Path:
        """For unpacked native libraries."""
        return self.folder / "tmp"

    @property
    def log(self) -> Path:
        """The node's log."""
        return self.logs / "opensearch.log"

    @property
    def console(self) -> Path:
        """What the node printed, a failure of Java itself for one."""
        return self.logs / "console.log"

    def make(self) -> None:
        """Make the folders, those that the node writes in owned by its account."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self.account:
                for folder in (self.folder, *(parent for parent in self.folder.parents if parent == ELSEWHERE)):
                    folder.chmod(0o755)  # whatever root's umask is
            for folder in (self.data, self.config, self.logs, self.temporary):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o700)
                if self.account:
                    os.chown(folder, self.account.uid, self.account.gid)
        except OSError as error:
            raise AssemblyError(f"cannot make the folder {self.folder}: {error.strerror or error}") from error


def is_root() -> bool:
    """Return whether we run as root."""
    return os.geteuid() == 0


def unprivileged() -> Account:
    """Return the account `nobody`."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(NOBODY, NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)


def reachable(folder: Path) -> bool:
    """Return whether any account can enter the folder: it, where it exists, and all above it let others pass."""
    resolved = folder.resolve()
    existing = [path for path in (resolved, *resolved.parents) if path.exists()]
    return all(path.stat().st_mode & stat.S_IXOTH for path in existing)


def place_for(wanted: Path) -> Place:
    """Return the place of a node that was asked to live in `wanted`."""
    if not is_root():
        return Place(wanted)
    resolved = wanted.resolve()  # where an earlier start left a link
    if reachable(resolved.parent):
        return Place(resolved, unprivileged())
    return Place(ELSEWHERE / hashlib.sha256(str(wanted).encode()).hexdigest()[:12], unprivileged())


def leave_link(wanted: Path, place: Place) -> bool:
    """Let a person who looks in the usual folder find the other one; tells whether the link is new."""
    if wanted.exists() or wanted.resolve() == place.folder:
        return False
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.unlink(missing_ok=True)  # a link to nowhere
    wanted.symlink_to(place.folder)
    return True


def link_tree(source: Path, target: Path) -> None:
    """Bring a tree of files to another folder without using the disk twice, unless it is on another one."""
    shutil.copytree(source, target, copy_function=link_file, dirs_exist_ok=True)


def open_to_all(folder: Path) -> None:
    """Let any account read a tree of files, and run what its owner can run; root's umask may have closed it."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if path.is_dir() or mode & stat.S_IXUSR else 0o444))


def link_file(source: str | Path, target: str | Path) -> None:
    """Make `target` the same file as `source`, or a copy with its time on another file system."""
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
    one, other = source.stat(), target.stat()
    return os.path.samestat(one, other) or (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)

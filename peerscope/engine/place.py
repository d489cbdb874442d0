"""The node's folder, and the account that runs the node.

OpenSearch refuses to run as root, which is common in containers and on small servers. There the node runs as an
unprivileged account, which cannot enter a folder below /root (mode 0700), where root's data folder is by default. So
the node's folder is then below /var/lib, with a symbolic link at the configured path.

Root trusts that account with the data only. It writes in its own folders, never in those of the account, and does not
follow links there: the launcher writes the configuration after it has become the account.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from peerscope.engine.errors import AssemblyError
from peerscope.private_files import FOLDER, PASSABLE, make_private_folder

ELSEWHERE = Path("/var/lib/peerscope")
#: Account to create for the node alone: no other service runs as it.
DEDICATED = "peerscope-engine"
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
        """The node's output, such as a failure of Java itself; not in `logs`, where root does not write."""
        return self.folder / "console.log"

    def make(self) -> None:
        """Create the folders; those that the node writes to belong to its account. Raises `AssemblyError`."""
        try:
            make_private_folder(self.folder)
            for folder in (self.folder, *(parent for parent in self.folder.parents if parent == ELSEWHERE)):
                folder.chmod(PASSABLE if self.account else FOLDER)  # regardless of the umask
            for folder in (self.data, self.config, self.logs, self.temporary):
                folder.mkdir(mode=FOLDER, exist_ok=True)
                _hand_over(folder, self.account)
        except OSError as error:
            raise AssemblyError(f"cannot make the folder {self.folder}: {error.strerror or error}") from error


def is_root() -> bool:
    """Return whether this process runs as root."""
    return os.geteuid() == 0


def unprivileged() -> Account:
    """Return the account `peerscope-engine` if it exists, else `nobody`, which other services may also run as."""
    return dedicated() or _account("nobody") or Account(NOBODY, NOBODY)


def dedicated() -> Account | None:
    """Return the account `peerscope-engine` if it exists."""
    return _account(DEDICATED)


def _account(name: str) -> Account | None:
    with suppress(KeyError):
        entry = pwd.getpwnam(name)
        return Account(entry.pw_uid, entry.pw_gid)
    return None


def _hand_over(folder: Path, account: Account | None) -> None:
    """Close a folder to others and give it, with what is in it, to the node's account. Raises OSError.

    The folder of its folder belongs to root, so only root can have put a link in its place, to another disk.
    """
    no_follow = 0 if folder.lstat().st_uid == os.geteuid() else os.O_NOFOLLOW
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | no_follow)
    try:
        os.fchmod(handle, FOLDER)
        owner = os.fstat(handle).st_uid
        if account and owner != account.uid:
            _hand_over_content(handle, owner, account)
            os.fchown(handle, account.uid, account.gid)
    finally:
        os.close(handle)


def _hand_over_content(folder: int, former: int, account: Account) -> None:
    """Change the owner of everything in an open folder that belongs to the former account; the folder comes last.

    Links are not followed, and files of others, to which the former account may have made hard links, are left alone.
    """
    for _, folders, files, handle in os.fwalk(".", dir_fd=folder, follow_symlinks=False):
        for name in (*folders, *files):
            if os.stat(name, dir_fd=handle, follow_symlinks=False).st_uid == former:
                os.chown(name, account.uid, account.gid, dir_fd=handle, follow_symlinks=False)


def reachable(folder: Path) -> bool:
    """Return whether any account can enter the folder: it, if it exists, and its parents are open to others."""
    return all(status.st_mode & stat.S_IXOTH for status in _existing(folder))


def is_safe(folder: Path) -> bool:
    """Return whether only root and this account can replace the folder or one of its parents, by a link for example.

    A sticky folder such as /tmp is safe: its entries are their owners'.
    """
    owners, writable = {0, os.geteuid()}, stat.S_IWGRP | stat.S_IWOTH
    return all(
        status.st_uid in owners and (not status.st_mode & writable or status.st_mode & stat.S_ISVTX)
        for status in _existing(folder)
    )


def _existing(folder: Path) -> list[os.stat_result]:
    resolved = folder.resolve()
    return [path.stat() for path in (resolved, *resolved.parents) if path.exists()]


def place_for(wanted: Path) -> Place:
    """Return the place of a node whose configured folder is `wanted`."""
    if not is_root():
        return Place(wanted)
    resolved = wanted.resolve()  # follows the link of an earlier start
    if reachable(resolved.parent) and is_safe(resolved.parent):
        return Place(resolved, unprivileged())
    return Place(ELSEWHERE / hashlib.sha256(str(wanted).encode()).hexdigest()[:12], unprivileged())


def leave_link(wanted: Path, place: Place) -> bool:
    """Link the configured folder to the real one; return whether the link is new."""
    if wanted.exists() or wanted.resolve() == place.folder:
        return False
    make_private_folder(wanted.parent)
    wanted.unlink(missing_ok=True)  # a broken link
    wanted.symlink_to(place.folder)
    return True


def link_tree(source: Path, target: Path) -> None:
    """Copy a tree of files by hard links, or by copies on another file system."""
    shutil.copytree(source, target, copy_function=link_file, dirs_exist_ok=True)


def open_to_all(folder: Path) -> None:
    """Let any account read a tree of files and run its executables, regardless of root's umask."""
    for path in (folder, *folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            continue  # its target belongs to the tree or is not ours
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

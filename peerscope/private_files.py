"""Files and folders that only the account of this process can read: accounts, rejected records, reports, locks.

Their modes do not depend on the umask. A symbolic link in the place of such a file is not followed, because another
account might have put it there to have the file that it leads to overwritten or read.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from fnmatch import fnmatch
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

FILE = 0o600
FOLDER = 0o700
#: Lets the account that runs root's OpenSearch pass through a folder without listing it.
PASSABLE = 0o711
OTHERS = stat.S_IRWXG | stat.S_IRWXO
#: Names in the home folder whose modes are repaired. Everything else there may belong to the user, who may have named
#: a folder with other files.
PRIVATE_NAMES = (
    "accounts.sqlite*",
    "staged.sqlite*",
    "index.lock",
    "secret-key",
    "overrides.toml*",
    "corrections.toml*",
    "institutions.toml*",
    "institutions.sqlite*",
    "harvests.json*",
    "runs",
)


def make_home(home: Path) -> Path:
    """Create the home folder with its parents unless it exists, and return it. Raises OSError.

    Its mode is 700. If root creates it, the mode is 711, since OpenSearch runs as another account in a folder below.
    """
    make_private_folder(home.parent)
    is_new = not home.exists()
    home.mkdir(mode=FOLDER, exist_ok=True)
    if is_new and os.geteuid() == 0:
        home.chmod(PASSABLE)
    return home


def make_private_folder(folder: Path) -> Path:
    """Create a folder (mode 700) with its parents unless it exists, and return it. Raises OSError.

    An existing folder keeps its mode.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in (*reversed(missing), folder):
        path.mkdir(mode=FOLDER, exist_ok=True)
    return folder


def private_opener(path: str, flags: int) -> int:
    """Open or create a private file: the `opener` of the function `open`. Raises OSError for a symbolic link."""
    handle = os.open(path, flags | os.O_NOFOLLOW, FILE)
    try:
        if _is_open_to_others(status := os.fstat(handle)):
            os.fchmod(handle, stat.S_IMODE(status.st_mode) & ~OTHERS)
    except OSError:
        os.close(handle)
        raise
    return handle


def open_private(path: Path, mode: str = "r") -> IO[Any]:
    """Open a private file; text is UTF-8. A file that others can read is closed to them. Raises OSError."""
    return open(path, mode, encoding=None if "b" in mode else "utf-8", opener=private_opener)


def write_private(path: Path, text: str) -> None:
    """Replace a private file atomically: a kill leaves the old file or the new one. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open_private(new, "x") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())  # after a power cut, the rename may be on disk before the text is
    new.replace(path)


def create_private(path: Path) -> None:
    """Create an empty private file unless it exists, and close an existing one to others. Raises OSError.

    For programs that open the file by name, such as SQLite, whose other files get the mode of the database. A symbolic
    link is followed if root or this account made it.
    """
    with suppress(FileNotFoundError):
        if stat.S_ISLNK((link := path.lstat()).st_mode) and link.st_uid in {0, os.geteuid()}:
            path = path.resolve()
    make_private_folder(path.parent)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, FILE))
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _close_to_others(path.name, folder)
    finally:
        os.close(folder)


def repair_home(home: Path) -> None:
    """Close the private files of a home folder to others, as far as they belong to this account.

    For homes of earlier versions, restored backups, and files that a user copied there. A folder with mode 700 is not
    searched, since nothing below it is accessible.
    """
    with suppress(OSError):
        _repair_folder(os.open(home, os.O_RDONLY | os.O_DIRECTORY), PRIVATE_NAMES)


def _repair_folder(folder: int, names: tuple[str, ...] = ("*",)) -> None:
    """Close files and folders with these names, and everything in them, to others; closes the descriptor `folder`."""
    try:
        for entry in os.scandir(folder):
            if any(fnmatch(entry.name, pattern) for pattern in names):
                with suppress(OSError):
                    if _close_to_others(entry.name, folder) and entry.is_dir(follow_symlinks=False):
                        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                        _repair_folder(os.open(entry.name, flags, dir_fd=folder))
    finally:
        os.close(folder)


def _close_to_others(name: str, folder: int) -> bool:
    """Remove the permissions of others from a file or folder of this account; return whether there were any.

    The file is not opened for reading: closing it again would release the locks of SQLite in this process.
    """
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not _is_open_to_others(status):
        return False
    mode = stat.S_IMODE(status.st_mode) & ~OTHERS
    if not hasattr(os, "O_PATH"):  # macOS, where chmod has `follow_symlinks`
        os.chmod(name, mode, dir_fd=folder, follow_symlinks=False)
        return True
    handle = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=folder)
    try:
        is_same = os.path.samestat(status, os.fstat(handle))
        if is_same:
            os.chmod(f"/proc/self/fd/{handle}", mode)
        return is_same
    finally:
        os.close(handle)


def _is_open_to_others(status: os.stat_result) -> bool:
    kind = stat.S_IFMT(status.st_mode)
    return kind in {stat.S_IFREG, stat.S_IFDIR} and status.st_uid == os.geteuid() and bool(status.st_mode & OTHERS)

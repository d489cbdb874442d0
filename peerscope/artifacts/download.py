"""Downloads of single files with jgo, which knows the Maven repositories and waits when they ask it to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from jgo.maven import MavenContext, PythonResolver
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from peerscope.artifacts.files import DownloadError, StorageError
from peerscope.terminal import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from peerscope.artifacts.lockfile import Artifact

TIMEOUT = 30  # seconds without a byte
TRIES = 3  # a dropped connection in a hundred files is common on Wi-Fi


@contextmanager
def download_progress(title: str, size: int, files: int) -> Iterator[Callable[[int], None]]:
    """Show on stderr that `files` files of `size` bytes in all are downloaded: a bar in a terminal, else one line.

    Yields the function to call with the number of bytes of each chunk received.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{title}: fetching {decimal(size)} in {files} file{'s' if files > 1 else ''}", highlight=False)
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=size)
        yield lambda count: progress.update(task, advance=count)


def maven(cache: Path, mirror: str | None = None, advance: Callable[[int], None] = lambda _: None) -> MavenContext:
    """Return a jgo context that downloads into `cache`, from the repository at the address `mirror` if given."""

    @contextmanager
    def progress(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield advance

    remotes = {"mirror": mirror.rstrip("/")} if mirror else None
    resolver = PythonResolver(progress_callback=progress)
    return MavenContext(resolver=resolver, repo_cache=cache, remote_repos=remotes, timeout=TIMEOUT)


def download(artifact: Artifact, context: MavenContext) -> Path:
    """Download a file into the context's cache and return its path; it is not verified yet.

    Raises `DownloadError` when it is not available, and `StorageError` when it cannot be written.
    """
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    remote = component.artifact(artifact.classifier or "", artifact.packaging)
    for left in reversed(range(TRIES)):
        try:
            return remote.resolve()
        except requests.RequestException as error:
            (context.repo_cache / artifact.path).unlink(missing_ok=True)  # jgo would take a partial file for the whole
            if not left:
                raise DownloadError(
                    f"cannot download {artifact.filename}: the Maven repository is unreachable"
                    f" ({type(error).__name__}); check the network, then run this again"
                ) from error
        except RuntimeError as error:
            raise DownloadError(f"the Maven repository does not have {artifact.filename}") from error
        except OSError as error:
            raise StorageError(f"cannot write in the folder {context.repo_cache}: {error.strerror or error}") from error
    raise AssertionError("unreachable")

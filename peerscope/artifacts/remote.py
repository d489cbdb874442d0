"""Downloading one file with jgo, which knows the Maven repositories and retries politely when told to wait."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from jgo.maven import MavenContext, PythonResolver

from peerscope.artifacts.errors import DownloadError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from peerscope.artifacts.lockfile import Artifact

TIMEOUT = 30  # seconds without a byte
TRIES = 3  # a dropped connection in a hundred files is common on Wi-Fi


def maven(cache: Path, advance: Callable[[int], None] = lambda _: None) -> MavenContext:
    """Return a jgo context that downloads into `cache`, from the mirror `PEERSCOPE_MAVEN_URL` when that is set."""

    @contextmanager
    def progress(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield advance

    mirror = os.environ.get("PEERSCOPE_MAVEN_URL")
    remotes = {"mirror": mirror.rstrip("/")} if mirror else None
    resolver = PythonResolver(progress_callback=progress)
    return MavenContext(resolver=resolver, repo_cache=cache, remote_repos=remotes, timeout=TIMEOUT)


def download(artifact: Artifact, context: MavenContext) -> Path:
    """Download a file into the context's cache, unchecked, and give its path.

    Raises `DownloadError` when it cannot be had, and `StorageError` when it cannot be written.
    """
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    wanted = component.artifact(artifact.classifier or "", artifact.packaging)
    for left in reversed(range(TRIES)):
        try:
            return wanted.resolve()
        except requests.RequestException as error:
            (context.repo_cache / artifact.path).unlink(missing_ok=True)  # jgo would take the half for the whole
            if not left:
                raise DownloadError(
                    f"cannot download {artifact.filename}: the Maven repository is out of reach"
                    f" ({type(error).__name__}); check the network, then run this again"
                ) from error
        except RuntimeError as error:
            raise DownloadError(f"the Maven repository does not give {artifact.filename}") from error
        except OSError as error:
            raise StorageError(f"cannot write in the folder {context.repo_cache}: {error.strerror or error}") from error
    raise AssertionError("unreachable")

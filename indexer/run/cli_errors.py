"""Errors that a person can do something about, as one sentence instead of a traceback."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable
from opensearchpy.exceptions import TransportError

from indexer.identity.overrides import OverridesError
from indexer.run.run import RunError
from indexer.sources import SourceError
from indexer.write.bulk import WriteError
from indexer.write.writer_lock import LockedError
from mappings import StoreError
from peerscope import artifacts, embedding, engine

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPECTED = (
    artifacts.ArtifactError,
    embedding.EmbeddingError,
    engine.EngineError,
    LockedError,
    RunError,
    OverridesError,
    SourceError,
    StoreError,
    WriteError,
    TransportError,
    sqlite3.OperationalError,
    OSError,
)


def sentence(error: BaseException) -> str:
    """Say what went wrong, and with what."""
    if isinstance(error, OpenSearchUnreachable):
        return f"OpenSearch does not answer: {error.error}"
    if isinstance(error, TransportError):
        return f"OpenSearch refused: {error}"
    if isinstance(error, sqlite3.OperationalError):
        return f"The works of this run could not be put aside in PEERSCOPE_HOME: {error}. Nothing that is live changed."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Show what a person can do something about as one message."""
    try:
        yield
    except EXPECTED as error:
        raise click.ClickException(sentence(error)) from error

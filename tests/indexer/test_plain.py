"""What a person can do something about is said in a sentence, whatever it comes from."""

from __future__ import annotations

import errno
import socket
import sqlite3
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner
from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable
from opensearchpy.exceptions import TransportError

from indexer.identity.commands import why_merged
from indexer.run.cli_errors import plain_errors
from indexer.run.commands import rollback

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OpenSearchUnreachable("N/A", "connection refused", OSError()), "OpenSearch does not answer: connection"),
        (TransportError(403, "cluster_block_exception", {}), "OpenSearch refused: .*403, 'cluster_block_exception'"),
        (sqlite3.OperationalError("database or disk is full"), "disk is full. Nothing that is live changed"),
        (OSError(errno.ENOSPC, "No space left on device", "/home/r.json"), "^/home/r.json: No space left on device$"),
        (OSError(errno.EIO, "Input/output error"), "^Input/output error$"),
        (OSError("odd"), "^odd$"),
    ],
)
def test_what_went_wrong_is_said(error: Exception, said: str) -> None:
    with pytest.raises(click.ClickException, match=said), plain_errors():
        raise error


@pytest.mark.parametrize(("command", "words"), [(rollback, ["--yes"]), (why_merged, ["ada-1"])])
def test_a_cluster_that_is_away_is_no_traceback(
    command: click.Command, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv("PEERSCOPE_OPENSEARCH_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
        result = CliRunner().invoke(command, words)
    assert result.exit_code == 1
    assert "OpenSearch does not answer" in result.output

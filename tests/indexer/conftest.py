"""An S3 server for the tests of stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.indexer.s3_server import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """Return the server to which this process and its workers connect; copies are below `tmp_path`."""
    for name, value in {
        "AWS_ENDPOINT_URL_S3": s3_server.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PEERSCOPE_HOME": str(tmp_path / "home"),
    }.items():
        monkeypatch.setenv(name, value)
    return s3_server

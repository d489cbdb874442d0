"""The app over the sample with an empty database of accounts, and works that come in when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from accounts.database import Database
from accounts.extension import AccountsExtension
from search_api.app import create_app
from search_api.http.services import KEY, Services
from tests.live.conftest import SAMPLE
from tests.people import log_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask
    from opensearchpy import OpenSearch

    from tests.people import Person

NAMES = SAMPLE


@pytest.fixture
def app(sample_app: Flask, opensearch: OpenSearch, tmp_path: Path) -> Iterator[Flask]:
    """The app over the sample, with an empty database of accounts."""
    accounts = Database(f"sqlite:///{tmp_path / 'accounts.sqlite'}")
    accounts.migrate()
    load = sample_app.extensions[KEY].embedder
    services = Services(opensearch, NAMES, load_embedder=load)
    yield create_app({"RATE_LIMIT": "off"}, services, extensions=[AccountsExtension(accounts)])
    accounts.close()


@pytest.fixture
def bob(app: Flask) -> Person:
    return log_in(app, "Bob")


@pytest.fixture
def arrive(opensearch: OpenSearch) -> Iterator[Callable[..., list[str]]]:
    """Has works of the sample come in at a moment, by default now; afterwards all have been there for ever."""

    def put(query: dict[str, Any], at: datetime | None) -> None:
        script = "ctx._source.added_at = params.at" if at else "ctx._source.remove('added_at')"
        body = {"query": query, "script": {"source": script, "params": {"at": at.isoformat() if at else None}}}
        opensearch.update_by_query(index=NAMES.works, body=body, params={"refresh": "true"})

    def arrive(query: dict[str, Any], at: datetime | None = None) -> list[str]:
        put(query, at or datetime.now(UTC))
        hits = opensearch.search(index=NAMES.works, body={"query": query, "size": 500, "_source": False})["hits"][
            "hits"
        ]
        return sorted(hit["_id"] for hit in hits)

    put({"match_all": {}}, datetime(2020, 1, 1, tzinfo=UTC))
    yield arrive
    put({"match_all": {}}, None)

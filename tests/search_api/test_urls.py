"""URLs of items, which the app derives from one another."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from flask import Flask, url_for
from werkzeug.routing import MapAdapter

from mappings import IndexNames
from search_api.app import create_app
from search_api.http.services import Services
from tests.search_api.test_serving import FakeOpenSearch, no_model

ENDPOINTS = ("works.work", "web.work", "works.similar", "researchers.researcher", "web.topic", "feeds.topic")
IDS = ("arxiv:1706.03762", "doi:10.1/a b", "hep-th/9901001", "a?b#c%20d", "名前", "o'neil", "x+y&z=1;@$!*(),", "..", "")


@pytest.fixture
def app() -> Flask:
    names = IndexNames("t-")
    return create_app(services=Services(FakeOpenSearch(), names, load_embedder=no_model), extensions=[])  # type: ignore[arg-type]


def test_those_of_one_endpoint_are_built_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    built = Mock(wraps=MapAdapter.build)
    monkeypatch.setattr(MapAdapter, "build", lambda *args, **kwargs: built(*args, **kwargs))
    with app.test_request_context("/"):
        for number in range(20):
            assert url_for("works.work", id_=f"arxiv:{number}").endswith(f"/works/arxiv:{number}")
    assert built.call_count == 1


@pytest.mark.parametrize("root", ["", "/prefix"])
def test_they_are_those_of_flask(app: Flask, root: str) -> None:
    environ: dict[str, Any] = {"SCRIPT_NAME": root}
    with app.test_request_context("/", environ_overrides=environ):
        for endpoint in ENDPOINTS:
            for id_ in IDS:
                assert url_for(endpoint, id_=id_) == Flask.url_for(app, endpoint, id_=id_)
                assert url_for(endpoint, id_=id_, page=2) == Flask.url_for(app, endpoint, id_=id_, page=2)

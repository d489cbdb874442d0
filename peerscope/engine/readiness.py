"""Waiting until OpenSearch is ready: a node that listens may still be opening its indices."""

from __future__ import annotations

import json
import time
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, build_opener

from opensearchpy.exceptions import AuthenticationException, AuthorizationException, OpenSearchException

from peerscope.engine.errors import NotReady

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

PAUSE = 0.2  # seconds between two requests; a start takes ten or more
ANSWER_TIMEOUT = 5.0  # seconds in which a node has to answer
DIRECT = build_opener(ProxyHandler({}))  # a proxy in the environment cannot reach loopback


def wait_until_ready(client: OpenSearch, timeout: float = 30.0) -> None:
    """Wait until every index has its primary shards, so that a search sees all data.

    Raises `NotReady` after `timeout` seconds, with the last response, and immediately when the account is refused.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            health = client.cluster.health(params={"wait_for_status": "yellow", "timeout": "1s", "request_timeout": 5})
            if not health.get("timed_out"):
                return
            last = f"its status is {health.get('status')}, {health.get('unassigned_shards')} shards are unassigned"
        except (AuthenticationException, AuthorizationException) as error:
            raise NotReady(
                f"OpenSearch refuses the account ({error.status_code}):"
                " check PEERSCOPE_OPENSEARCH_USER and PEERSCOPE_OPENSEARCH_PASSWORD"
            ) from error
        except OpenSearchException as error:
            last = _short(error)
        if time.monotonic() > deadline:
            raise NotReady(f"OpenSearch was not ready after {timeout:.0f} s: {last}")
        time.sleep(PAUSE)


def answering_name(url: str) -> str | None:
    """Return the name of the node that answers at a local address, None when none does."""
    try:
        with DIRECT.open(url, timeout=ANSWER_TIMEOUT) as response:
            body = json.load(response)
    except (OSError, HTTPException, ValueError):
        return None
    name = body.get("name") if isinstance(body, dict) else None
    return name if isinstance(name, str) else None


def _short(error: OpenSearchException) -> str:
    return str(error).split("\n", 1)[0][:200]

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from indexer.sources import SourceError
from indexer.sources import http_client as module
from indexer.sources.http_client import ATTEMPTS, HttpClient

OK = b'{"works": [1, 2, 3]}'


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that are asked for, which then do not happen."""
    asked: list[float] = []
    monkeypatch.setattr(module.time, "sleep", lambda seconds: asked.append(seconds) if seconds else None)
    return asked


def fetch(client: HttpClient, server: Any) -> Any:
    with client:
        return client.fetch(server.url, {"q": "x", "api_key": "secret"}, json.loads)


def test_it_says_who_it_is(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(OK)]
    assert fetch(client, server) == {"works": [1, 2, 3]}
    assert server.agents[0].startswith("Peerscope/")
    assert server.asked == [{"q": "x", "api_key": "secret"}]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(server: Any, reply: Any, client: HttpClient, status: int) -> None:
    server.replies = [reply(b"busy", status), reply(b"busy", status), reply(OK)]
    assert fetch(client, server)["works"]
    assert len(server.asked) == 3


@pytest.mark.parametrize("broken", [b"", OK[:10], b"<html>"])
def test_a_page_that_came_broken_is_asked_for_again(server: Any, reply: Any, client: HttpClient, broken: bytes) -> None:
    server.replies = [reply(broken), reply(OK)]
    assert fetch(client, server)["works"]


def test_a_connection_that_breaks_off_in_the_middle_is_made_again(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(OK, cut=7), reply(OK, headers={"Content-Encoding": "gzip"}), reply(OK)]
    assert fetch(client, server)["works"]
    assert len(server.asked) == 3


def test_a_shorter_body_than_announced_is_noticed_even_where_it_makes_sense(
    server: Any, reply: Any, client: HttpClient
) -> None:
    server.replies = [reply(b"12345", cut=2), reply(b"12345")]
    assert fetch(client, server) == 12345


def test_a_server_that_is_silent_is_asked_again_and_then_given_up(server: Any, reply: Any) -> None:
    server.answer = lambda params: reply(OK, delay=0.5)
    with pytest.raises(SourceError, match=rf"no response within 0\.05 seconds \({ATTEMPTS} attempts\)"):
        fetch(HttpClient(0, backoff=0, read_seconds=0.05), server)


def test_a_server_that_trickles_is_given_up(server: Any, reply: Any) -> None:
    server.answer = lambda params: reply(b" " * 40, trickle=0.005)
    with pytest.raises(SourceError, match="the response took longer than"):
        fetch(HttpClient(0, backoff=0, response_seconds=0.02), server)


def test_nobody_at_home(client: HttpClient) -> None:
    with pytest.raises(SourceError, match="Connection refused") as error:
        client.fetch("http://127.0.0.1:9", {"api_key": "secret"}, json.loads)
    assert "secret" not in str(error.value)


def test_waits_are_the_servers_or_grow(server: Any, reply: Any, waits: list[float]) -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    asked = ["7", in_a_minute, "soon", None]
    server.replies = [reply(b"", 503, {"Retry-After": value} if value else {}) for value in asked] + [reply(OK)]
    fetch(HttpClient(0, backoff=2), server)
    assert (waits[0], waits[2:]) == (7.0, [8.0, 16.0])
    assert 55 < waits[1] <= 60


def test_a_server_that_asks_for_hours_is_not_waited_for(server: Any, reply: Any, waits: list[float]) -> None:
    server.replies = [reply(b'{"message": "daily limit"}', 429, {"Retry-After": "40000"})]
    with pytest.raises(SourceError, match=r"429.*daily limit.*asks to wait 40,000 seconds"):
        fetch(HttpClient(0), server)
    assert waits == []


def test_a_refusal_is_final_and_told_in_the_servers_words(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(b"<html><body>Unknown   filter: <b>x</b></body></html>", 400)]
    with pytest.raises(SourceError, match="400 Bad Request: Unknown filter: x") as error:
        fetch(client, server)
    assert "secret" not in str(error.value)
    assert len(server.asked) == 1


def test_the_size_of_an_answer_is_bounded(
    server: Any, reply: Any, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_RESPONSE", 1_000)
    server.replies = [reply(b" " * 100_000)]
    with pytest.raises(SourceError, match="larger than 1,000 bytes"):
        fetch(client, server)


def test_an_address_that_is_none(client: HttpClient) -> None:
    with pytest.raises(SourceError, match="no request can be sent"):
        client.fetch("nowhere", {}, json.loads)


def test_there_is_a_pause_between_requests(server: Any, reply: Any) -> None:
    server.answer = lambda params: reply(OK)
    began = time.monotonic()
    with HttpClient(0.2) as client:
        client.fetch(server.url, {}, json.loads)
        assert time.monotonic() - began < 0.2
        client.fetch(server.url, {}, json.loads)
    assert server.times[1] - server.times[0] >= 0.2

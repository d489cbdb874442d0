"""One deliverer at a time, and the lease of one that died is free."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from opensearchpy.exceptions import SerializationError
from sqlalchemy import text

from accounts.database import Database
from accounts.delivery.lease import Lease
from accounts.delivery.worker import Deliverer
from mappings import IndexNames
from tests.people import signer

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_one_has_it_until_it_lets_go(database: Database) -> None:
    first, second, other = Lease(database, "a-"), Lease(database, "a-"), Lease(database, "b-")
    assert first.take()
    assert first.take()
    assert not second.take()
    assert other.take()
    first.release()
    first.release()
    assert second.take()
    assert not first.take()
    for lease in (second, other):
        lease.release()


class Wrong:
    """Answers as a load balancer does whose own page comes in place of OpenSearch's answer."""

    def __init__(self) -> None:
        self.indices, self.asked = self, 0

    def get_settings(self, **_: Any) -> None:
        self.asked += 1
        raise SerializationError("Unknown mimetype, unable to deserialize: text/html")


def test_no_answer_ends_the_thread_that_delivers(database: Database) -> None:
    client = Wrong()
    deliverer = Deliverer(database, cast("Any", client), IndexNames("a-"), signer(), every=0.01)
    deliverer.start()
    for _ in range(100):
        if client.asked > 2:
            break
        time.sleep(0.05)
    assert client.asked > 2
    assert deliverer.is_alive()
    deliverer.stop()
    other = Lease(database, "a-")
    assert other.take()
    other.release()


def hold(url: str, told: Connection) -> None:
    database = Database(url)
    lease = Lease(database, "a-")
    told.send(lease.take())
    signal.pause()


def test_the_lease_of_a_killed_process_is_free(database: Database) -> None:
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe()
    process = spawn.Process(target=hold, args=(database.url.render_as_string(hide_password=False), theirs))
    process.start()
    assert mine.recv() is True
    lease = Lease(database, "a-")
    assert not lease.take()
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    for _ in range(100):
        if lease.take():
            break
        time.sleep(0.05)
    assert lease.take()
    lease.release()
    for pipe in (mine, theirs):
        pipe.close()
    process.close()


def test_a_lost_connection_loses_the_lease_and_is_noticed(database: Database) -> None:
    if database.url.get_backend_name() == "sqlite":
        return  # a file is not lost
    lease, other = Lease(database, "a-"), Lease(database, "a-")
    assert lease.take()
    with database.begin() as session:
        ours = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        session.execute(text(ours))
    assert other.take()
    assert not lease.take()
    other.release()

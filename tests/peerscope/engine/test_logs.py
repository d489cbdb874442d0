"""What is shown of the logs, above all when a start failed."""

from __future__ import annotations

import os
from itertools import islice
from threading import Timer
from typing import TYPE_CHECKING

import pytest

from peerscope.engine.errors import EngineError
from peerscope.engine.logs import follow, last_lines, why_it_failed
from peerscope.engine.place import Place
from tests.accounts_of_machine import STRANGER, needs_root

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = "[2026-01-01T00:00:00][ERROR][o.o.Bootstrap] of the start before\n"
FAILURE = """\
[2026-01-02T00:00:00][INFO ][o.o.n.Node] initializing ...
[2026-01-02T00:00:01][ERROR][o.o.b.Bootstrap] Exception
java.lang.IllegalStateException: failed to obtain node locks
\tat org.opensearch.env.NodeEnvironment.<init>(NodeEnvironment.java:351)
\t... 12 more
Caused by: java.io.IOException: failed to obtain lock on data/nodes/0
[2026-01-02T00:00:01][INFO ][o.o.n.Node] closed
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    place.make()
    return place


def test_a_failure_is_told_by_the_lines_that_name_it(place: Place) -> None:
    place.log.write_text(BEFORE + FAILURE)
    place.console.write_text("WARNING: Using incubator modules: jdk.incubator.vector\n")
    assert why_it_failed(place, len(BEFORE)) == [
        "[2026-01-02T00:00:01][ERROR][o.o.b.Bootstrap] Exception",
        "java.lang.IllegalStateException: failed to obtain node locks",
        "Caused by: java.io.IOException: failed to obtain lock on data/nodes/0",
    ]


def test_what_java_itself_printed_counts(place: Place) -> None:
    place.console.write_text("Error occurred during initialization of VM\nCould not reserve enough space\n")
    assert why_it_failed(place, 0)[-1] == "Could not reserve enough space"


def test_without_a_telling_line_the_last_ones_are_shown(place: Place) -> None:
    place.log.write_text("\n".join(f"[INFO ] line {number}" for number in range(9)))
    assert why_it_failed(place, 0, count=2) == ["[INFO ] line 7", "[INFO ] line 8"]
    assert why_it_failed(Place(place.folder / "none"), 0) == []


def test_a_log_that_was_rolled_over_is_read_from_its_start(place: Place) -> None:
    place.log.write_text(FAILURE)
    assert "failed to obtain node locks" in why_it_failed(place, 10_000)[1]


def test_the_last_lines(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("one\ntwo\nthree")
    assert last_lines(tmp_path / "log", 2) == ["two", "three"]
    assert last_lines(tmp_path / "none", 2) == []


def test_following_gives_what_comes_even_after_the_file_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("a line from before that is long\n")

    def append() -> None:
        with path.open("a") as file:
            file.write("fresh\n")

    appended, replaced = Timer(0.1, append), Timer(0.4, path.write_text, ["rolled\n"])
    appended.start()
    replaced.start()
    assert list(islice(follow(path, pause=0.05), 2)) == ["fresh", "rolled"]
    replaced.join()


def test_a_link_in_the_folder_of_logs_is_not_followed(place: Place, tmp_path: Path) -> None:
    """The account that runs the node could have root print any file with it."""
    (tmp_path / "secret").write_text("password\n")
    place.log.symlink_to(tmp_path / "secret")
    for read in (lambda: last_lines(place.log, 9), lambda: why_it_failed(place, 0), lambda: next(follow(place.log))):
        with pytest.raises(EngineError, match=r"cannot read .*opensearch.log"):
            read()


def test_a_pipe_in_the_folder_of_logs_is_not_read(place: Place) -> None:
    os.mkfifo(place.log)
    with pytest.raises(EngineError, match="is not a log"):
        last_lines(place.log, 9)


@needs_root
def test_a_file_of_another_owner_than_the_folder_is_not_read(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password\n")
    os.chown(place.logs, STRANGER, STRANGER)
    os.link(tmp_path / "secret", place.log)
    with pytest.raises(EngineError, match="is not a log of the account"):
        last_lines(place.log, 9)


def test_a_log_does_not_control_the_terminal(place: Place) -> None:
    place.log.write_text("[ERROR] \x1b]0;title\x07 tab\there\r\n")
    assert last_lines(place.log, 1) == ["[ERROR] \ufffd]0;title\ufffd tab\there"]

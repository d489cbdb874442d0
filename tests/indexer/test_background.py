"""Work beside the main thread: everything is done, failures are heard, and no more waits than is allowed."""

from __future__ import annotations

import threading
import time

import pytest

from indexer.write.background import BackgroundTasks, prefetch


def fail() -> None:
    raise ValueError("away")


def test_everything_is_done_in_order_by_the_end() -> None:
    done: list[int] = []
    with BackgroundTasks() as tasks:
        for number in range(100):
            tasks.submit(done.append, number)
    assert done == list(range(100))


def test_a_failure_is_raised_where_the_work_is_given() -> None:
    with pytest.raises(ValueError, match="away"), BackgroundTasks(2) as tasks:
        tasks.submit(fail)


def give_and_fail(done: list[int]) -> None:
    hold = threading.Event()
    with BackgroundTasks() as tasks:
        tasks.submit(hold.wait, 10)
        tasks.submit(done.append, 1)
        threading.Timer(0.05, hold.set).start()
        raise KeyError


def test_nothing_more_is_begun_after_a_failure_of_the_giver() -> None:
    done: list[int] = []
    with pytest.raises(KeyError):
        give_and_fail(done)
    assert done == []


def test_the_giver_waits_when_it_is_too_far_ahead() -> None:
    hold, given = threading.Event(), []

    def give() -> None:
        with BackgroundTasks() as tasks:
            for number in range(5):
                tasks.submit(hold.wait, 10)
                given.append(number)

    giver = threading.Thread(target=give)
    giver.start()
    giver.join(0.3)
    assert len(given) == 2
    hold.set()
    giver.join(10)
    assert len(given) == 5


def test_what_is_made_ahead_comes_in_turn_while_the_next_is_made() -> None:
    made: list[int] = []

    def square(number: int) -> int:
        made.append(number)
        return number * number

    found = prefetch(square, iter(range(4)))
    assert next(found) == (0, 0)
    deadline = time.monotonic() + 5
    while made != [0, 1] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert made == [0, 1]
    assert list(found) == [(1, 1), (2, 4), (3, 9)]
    assert list(prefetch(square, [])) == []


def test_what_fails_ahead_is_raised_in_its_turn() -> None:
    found = prefetch(lambda number: 1 // number, [1, 0, 1])
    assert next(found) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        next(found)

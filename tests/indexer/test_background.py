"""Background tasks: all of them run, their failures are raised, and a bounded number waits."""

from __future__ import annotations

import threading
import time

import pytest

from indexer.write.background import BackgroundTasks, prefetch


def fail() -> None:
    raise ValueError("unavailable")


def test_all_tasks_have_run_in_order_at_the_end() -> None:
    done: list[int] = []
    with BackgroundTasks() as tasks:
        for number in range(100):
            tasks.submit(done.append, number)
    assert done == list(range(100))


def test_a_failure_is_raised_to_the_caller() -> None:
    with pytest.raises(ValueError, match="unavailable"), BackgroundTasks(2) as tasks:
        tasks.submit(fail)


def submit_and_fail(done: list[int]) -> None:
    hold = threading.Event()
    with BackgroundTasks() as tasks:
        tasks.submit(hold.wait, 10)
        tasks.submit(done.append, 1)
        threading.Timer(0.05, hold.set).start()
        raise KeyError


def test_no_task_is_started_after_a_failure_of_the_caller() -> None:
    done: list[int] = []
    with pytest.raises(KeyError):
        submit_and_fail(done)
    assert done == []


def test_submit_blocks_when_too_many_tasks_wait() -> None:
    hold, submitted = threading.Event(), []

    def submit() -> None:
        with BackgroundTasks() as tasks:
            for number in range(5):
                tasks.submit(hold.wait, 10)
                submitted.append(number)

    caller = threading.Thread(target=submit)
    caller.start()
    caller.join(0.3)
    assert len(submitted) == 2
    hold.set()
    caller.join(10)
    assert len(submitted) == 5


def test_results_are_returned_in_order_while_the_next_is_computed() -> None:
    computed: list[int] = []

    def square(number: int) -> int:
        computed.append(number)
        return number * number

    results = prefetch(square, iter(range(4)))
    assert next(results) == (0, 0)
    deadline = time.monotonic() + 5
    while computed != [0, 1] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert computed == [0, 1]
    assert list(results) == [(1, 1), (2, 4), (3, 9)]
    assert list(prefetch(square, [])) == []


def test_a_failure_is_raised_at_its_item() -> None:
    results = prefetch(lambda number: 1 // number, [1, 0, 1])
    assert next(results) == (1, 1)
    with pytest.raises(ZeroDivisionError):
        next(results)

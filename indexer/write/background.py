"""Work in background threads: OpenSearch receives one batch while the next one is prepared, or is read ahead."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from types import TracebackType

T = TypeVar("T")
U = TypeVar("U")


class BackgroundTasks:
    """Runs functions in background threads, with bounded memory: `submit` blocks when the threads fall behind.

    An exception of a function is raised at the next `submit` or at the end of the `with` block.
    """

    def __init__(self, threads: int = 1) -> None:
        """Start with no tasks. With more than one thread, tasks run in any order."""
        self._pool = ThreadPoolExecutor(threads)
        self._tasks: deque[Future[Any]] = deque()
        self._limit = threads + 1

    def __enter__(self) -> BackgroundTasks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.wait()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Run a function in the background. At most one task more than there are threads waits."""
        self._tasks.append(self._pool.submit(function, *arguments))
        while len(self._tasks) > self._limit:
            self._tasks.popleft().result()

    def wait(self) -> None:
        """Wait until all tasks have ended."""
        while self._tasks:
            self._tasks.popleft().result()


def prefetch(function: Callable[[T], U], items: Iterable[T], threads: int = 1) -> Iterator[tuple[T, U]]:
    """Return each item with the function's result, in order, computed in threads while the caller handles others.

    Items are taken from the iterable by the caller's thread, one more than there are threads.
    """
    pool = ThreadPoolExecutor(threads)
    try:
        running: deque[tuple[T, Future[U]]] = deque()
        for item in items:
            running.append((item, pool.submit(function, item)))
            if len(running) > threads:
                first, future = running.popleft()
                yield first, future.result()
        for item, future in running:
            yield item, future.result()
    finally:
        pool.shutdown(cancel_futures=True)

"""Work beside the main thread: OpenSearch takes in one batch while the next is made, or is asked for it."""

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
    """Does what it is given in threads of its own, and keeps the giver waiting when it falls behind.

    What fails there is raised here, at the next `do` or at the end.
    """

    def __init__(self, threads: int = 1) -> None:
        """Begin with nothing to do. With more than one thread, things are done in any order."""
        self._pool = ThreadPoolExecutor(threads)
        self._under_way: deque[Future[Any]] = deque()
        self._most = threads + 1

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
        """Have a function called. At most one call more than there are threads waits, so memory stays bounded."""
        self._under_way.append(self._pool.submit(function, *arguments))
        while len(self._under_way) > self._most:
            self._under_way.popleft().result()

    def wait(self) -> None:
        """Wait until everything is done."""
        while self._under_way:
            self._under_way.popleft().result()


def prefetch(function: Callable[[T], U], things: Iterable[T]) -> Iterator[tuple[T, U]]:
    """Return each thing with what the function makes of it, while it is at work on the next one in another thread."""
    with ThreadPoolExecutor(1) as pool:
        under_way: deque[tuple[T, Future[U]]] = deque()
        for thing in things:
            under_way.append((thing, pool.submit(function, thing)))
            if len(under_way) > 1:
                first, made = under_way.popleft()
                yield first, made.result()
        for thing, made in under_way:
            yield thing, made.result()

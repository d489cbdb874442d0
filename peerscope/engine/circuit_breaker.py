"""Circuit breaker between a web server and OpenSearch: a time budget per request, one retry, a circuit, and a queue.

A request fails within two seconds if OpenSearch refuses, hangs or drops the connection, or within six just after an
outage, when OpenSearch is slow. After several failures in a row it fails immediately, so that no thread waits in vain.
While OpenSearch responds, requests beyond the number that it can work on wait in the client, for ten seconds at most:
sent at once, they would slow each other down until all exceed the budget.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import ConnectionTimeout, TransportError
from urllib3 import Timeout

from peerscope.engine.following import FollowingTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds for one request including the retry, so that a caller gets 503 within two.
BUDGET = 1.8
#: Seconds of the budget below which a request is not sent.
SHORTEST = 0.05
#: Seconds for one request in the first `RECOVERY` seconds after the circuit has closed again. A node that has just
#: started responds, but compiles its code while it searches: on two cores it takes 1 to 4 s per search.
BUDGET_AFTER_OUTAGE, RECOVERY = 6.0, 30.0
#: Seconds that a request may wait in the queue while OpenSearch responds to others.
PATIENCE = 10.0
#: Failures in a row before the circuit opens; a single broken connection or slow response must not open it.
FAILURES = 5
#: Seconds before an open circuit lets one request through.
PAUSE = 2.0
#: Ends of the paths of requests that only read, besides GET and HEAD; these may be retried.
READS = ("/_search", "/_msearch", "/_mget", "/_count")
#: Statuses after which a retry may succeed.
TRANSIENT = (502, 503, 504)


class CircuitOpen(Unreachable):
    """OpenSearch failed recently, so the request was not sent; one will be in `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        """Look like any failure to connect, so that handlers of those apply."""
        super().__init__("N/A", "not sent: OpenSearch did not answer recently", None)
        self.retry_after = retry_after


@dataclass
class Circuit:
    """Counts failures in a row. Closed: requests pass. Open: none do until `pause` seconds later, when one may try."""

    failures: int = FAILURES
    pause: float = PAUSE
    clock: Callable[[], float] = time.monotonic
    _failed: int = 0
    _opens_at: float = 0.0
    _closed_at: float = -math.inf
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        """Whether requests are refused, except one that tries."""
        return self._failed >= self.failures

    @property
    def has_failed(self) -> bool:
        """Whether the last request failed."""
        return self._failed > 0

    @property
    def is_recovering(self) -> bool:
        """Whether the circuit closed, or the first request succeeded, within `RECOVERY` seconds, and none failed since.

        The first one counts because OpenSearch may have been started together with this process.
        """
        return not self.has_failed and self.clock() - self._closed_at < RECOVERY

    def enter(self) -> None:
        """Raise CircuitOpen while the circuit is open; after the pause, let one request try and start another pause."""
        with self._lock:
            if not self.is_open:
                return
            left = self._opens_at - self.clock()
            if left > 0:
                raise CircuitOpen(left)
            self._opens_at = self.clock() + self.pause

    def succeeded(self) -> None:
        """Record that OpenSearch responded, with whatever status."""
        with self._lock:
            if self.is_open or math.isinf(self._closed_at):
                self._closed_at = self.clock()
            self._failed = 0

    def failed(self) -> None:
        """Record that OpenSearch was unreachable or did not respond in time."""
        with self._lock:
            self._failed += 1
            self._opens_at = self.clock() + self.pause


@dataclass
class CircuitBreaker:
    """The limits of one client.

    `budget` is that of a request in seconds, `budget_after_outage` the one while the circuit is recovering.
    `observe` is called with the seconds of every request, and `lose` with those of each in which OpenSearch was not
    reached or did not respond. `lost` returns the sum of the latter for the current caller: its later requests have
    only the rest of the budget, so that a caller that sends several does not wait for the budget several times.
    At most `concurrent` requests are sent at once, without a limit if it is None; `wait` is called with the seconds
    that one waited for its turn.
    """

    budget: float = BUDGET
    budget_after_outage: float = BUDGET_AFTER_OUTAGE
    patience: float = PATIENCE
    concurrent: int | None = None
    circuit: Circuit = field(default_factory=Circuit)
    observe: Callable[[float], None] = lambda _: None
    lose: Callable[[float], None] = lambda _: None
    lost: Callable[[], float] = lambda: 0.0
    wait: Callable[[float], None] = lambda _: None

    def __post_init__(self) -> None:
        """Create the queue."""
        self._slots = threading.BoundedSemaphore(self.concurrent) if self.concurrent else None

    def seconds(self) -> float:
        """Return the budget of a request that is sent now."""
        return self.budget_after_outage if self.circuit.is_recovering else self.budget

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for the turn of a request.

        Raises CircuitOpen if it does not come within the budget and the last request failed, or within `patience`.
        """
        if not self._slots:
            yield
            return
        began = time.monotonic()
        while not self._slots.acquire(timeout=self.budget):
            waited = time.monotonic() - began
            if self.circuit.has_failed or waited >= self.patience:
                self.wait(waited)
                self.lose(waited)
                raise CircuitOpen(self.circuit.pause)
        self.wait(time.monotonic() - began)
        try:
            yield
        finally:
            self._slots.release()


class BreakerTransport(FollowingTransport):
    """Transport that sends requests within the limits of a circuit breaker."""

    def __init__(self, *args: Any, breaker: CircuitBreaker, **kwargs: Any) -> None:
        """Disable the retries of opensearch-py, which ignore the budget."""
        super().__init__(*args, **{**kwargs, "max_retries": 0})
        self.breaker = breaker

    def perform_request(self, method: str, url: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Send a request when it is its turn.

        Raises CircuitOpen without sending it while the circuit is open, if the budget is spent, or if its turn does not
        come.
        """
        if self.breaker.lost() > self.breaker.budget - SHORTEST:
            raise CircuitOpen(self.breaker.circuit.pause)
        with self.breaker.slot():
            return self._perform(self.breaker.seconds() - self.breaker.lost(), method, url, params, *args, **kwargs)

    def _perform(self, budget: float, method: str, url: str, params: Any, *args: Any, **kwargs: Any) -> Any:
        self.breaker.circuit.enter()
        began = time.monotonic()
        try:
            response = self._with_retry(began, budget, method, url, params, *args, **kwargs)
        except Unreachable:
            self.breaker.circuit.failed()
            self.breaker.lose(time.monotonic() - began)
            raise
        except TransportError:
            self.breaker.circuit.succeeded()
            raise
        finally:
            self.breaker.observe(time.monotonic() - began)
        self.breaker.circuit.succeeded()
        return response

    def _with_retry(
        self, began: float, budget: float, method: str, url: str, params: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Send a request, and again if it only reads and the first try failed within half of the budget."""
        try:
            return super().perform_request(method, url, _limited(params, began + budget), *args, **kwargs)
        except TransportError as error:
            is_transient = isinstance(error, Unreachable) or error.status_code in TRANSIENT
            early = time.monotonic() - began < budget / 2
            is_read = method in {"GET", "HEAD"} or url.endswith(READS)
            if isinstance(error, ConnectionTimeout) or not (is_transient and early and is_read):
                raise
        return super().perform_request(method, url, _limited(params, began + budget), *args, **kwargs)


def _limited(params: Any, deadline: float) -> dict[str, Any]:
    left = max(0.01, deadline - time.monotonic())
    return {"request_timeout": Timeout(total=left), **(params or {})}

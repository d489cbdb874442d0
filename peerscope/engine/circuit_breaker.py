"""Circuit breaker between a web server and OpenSearch: a time budget per request, one retry, and a circuit.

A caller gets an error within two seconds, whether OpenSearch refuses, hangs or drops the connection; and immediately
after several failures in a row, so that no thread waits in vain.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import ConnectionTimeout, TransportError
from urllib3 import Timeout

from peerscope.engine.following import FollowingTransport

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds for one request including the retry, so that a caller gets 503 within two.
BUDGET = 1.8
#: Seconds of the budget below which a request is not sent.
SHORTEST = 0.05
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
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        """Whether requests are refused, except one that tries."""
        return self._failed >= self.failures

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
            self._failed = 0

    def failed(self) -> None:
        """Record that OpenSearch was unreachable or did not respond in time."""
        with self._lock:
            self._failed += 1
            self._opens_at = self.clock() + self.pause


@dataclass
class CircuitBreaker:
    """The limits of one client.

    `observe` is called with the seconds of every request, and `lose` with those of each in which OpenSearch was not
    reached or did not respond. `lost` returns the sum of the latter for the current caller: its later requests have
    only the rest of the budget, so that a caller that sends several does not wait for the budget several times.
    """

    budget: float = BUDGET
    circuit: Circuit = field(default_factory=Circuit)
    observe: Callable[[float], None] = lambda _: None
    lose: Callable[[float], None] = lambda _: None
    lost: Callable[[], float] = lambda: 0.0


class BreakerTransport(FollowingTransport):
    """Transport that sends requests within the limits of a circuit breaker."""

    def __init__(self, *args: Any, breaker: CircuitBreaker, **kwargs: Any) -> None:
        """Disable the retries of opensearch-py, which ignore the budget."""
        super().__init__(*args, **{**kwargs, "max_retries": 0})
        self.breaker = breaker

    def perform_request(self, method: str, url: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Send a request. Raises CircuitOpen without sending it while the circuit is open or the budget is spent."""
        budget = self.breaker.budget - self.breaker.lost()
        if budget < SHORTEST:
            raise CircuitOpen(self.breaker.circuit.pause)
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

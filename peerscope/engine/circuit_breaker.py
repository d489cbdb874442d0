"""What stands between a web server and an OpenSearch that is away: a limit of time, one retry, and a circuit.

A caller has to hear of it within two seconds, whether OpenSearch refuses, hangs or drops the connection; and when it
has been away for several requests, at once, so that no thread waits for it in vain.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opensearchpy import Transport
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import ConnectionTimeout, TransportError
from urllib3 import Timeout

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds for one request, the retry included: within two a caller hears 503.
BUDGET = 1.8
#: Requests in a row that fail before the circuit opens: one broken connection or slow answer is none of its business.
FAILURES = 5
#: Seconds that an open circuit waits before it lets one request try.
PAUSE = 2.0
#: Requests that may be sent twice, by method or by the end of the path.
READS = ("/_search", "/_msearch", "/_mget", "/_count")
PASSING = (502, 503, 504)


class CircuitOpen(Unreachable):
    """OpenSearch was away a moment ago and is not asked now; `retry_after` says in how many seconds it will be."""

    def __init__(self, retry_after: float) -> None:
        """Look like any other failure to connect, so that all who handle those handle this."""
        super().__init__("N/A", "not asked: it did not answer a moment ago", None)
        self.retry_after = retry_after


@dataclass
class Circuit:
    """Counts failures in a row. Closed: all pass. Open: none do, until `pause` is over and one may try."""

    failures: int = FAILURES
    pause: float = PAUSE
    clock: Callable[[], float] = time.monotonic
    _failed: int = 0
    _opens_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_open(self) -> bool:
        """Return whether requests are refused, but for the one that tries."""
        return self._failed >= self.failures

    def enter(self) -> None:
        """Ask to pass. Raises CircuitOpen while it is open; one that tries keeps the others out for a pause."""
        with self._lock:
            if not self.is_open:
                return
            left = self._opens_at - self.clock()
            if left > 0:
                raise CircuitOpen(left)
            self._opens_at = self.clock() + self.pause

    def succeeded(self) -> None:
        """Hear that OpenSearch answered, whatever it said."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """Hear that it could not be reached or did not answer in time."""
        with self._lock:
            self._failed += 1
            self._opens_at = self.clock() + self.pause


@dataclass
class Guard:
    """The limits of one client. `observe` hears the seconds of every request."""

    budget: float = BUDGET
    circuit: Circuit = field(default_factory=Circuit)
    observe: Callable[[float], None] = lambda _: None


class GuardedTransport(Transport):
    """Sends requests within the guard's limits."""

    def __init__(self, *args: Any, guard: Guard, **kwargs: Any) -> None:
        """Take the retries into our own hands."""
        super().__init__(*args, **{**kwargs, "max_retries": 0})
        self.guard = guard

    def perform_request(self, method: str, url: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Send a request. Raises CircuitOpen at once while OpenSearch is known to be away."""
        self.guard.circuit.enter()
        began = time.monotonic()
        try:
            answer = self._with_retry(began, method, url, params, *args, **kwargs)
        except Unreachable:
            self.guard.circuit.failed()
            raise
        except TransportError:
            self.guard.circuit.succeeded()
            raise
        finally:
            self.guard.observe(time.monotonic() - began)
        self.guard.circuit.succeeded()
        return answer

    def _with_retry(self, began: float, method: str, url: str, params: Any, *args: Any, **kwargs: Any) -> Any:
        """Send once more what may be, when the first try failed in less than half of the time."""
        try:
            return super().perform_request(method, url, self._limited(params, began), *args, **kwargs)
        except TransportError as error:
            passing = isinstance(error, Unreachable) or error.status_code in PASSING
            early = time.monotonic() - began < self.guard.budget / 2
            is_read = method in {"GET", "HEAD"} or url.endswith(READS)
            if isinstance(error, ConnectionTimeout) or not (passing and early and is_read):
                raise
        return super().perform_request(method, url, self._limited(params, began), *args, **kwargs)

    def _limited(self, params: Any, began: float) -> dict[str, Any]:
        left = max(0.01, self.guard.budget - (time.monotonic() - began))
        return {"request_timeout": Timeout(total=left), **(params or {})}

"""One HTTP client for all feeds: polite, patient and bounded.

It keeps a pause between requests, waits as long as a server asks for (up to a bound), tries again what may pass, and
gives up with a message that a person can act on. Messages never hold the query: API keys travel there.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Self, TypeVar

import requests
import urllib3.exceptions

from indexer.sources.base import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

T = TypeVar("T")

ATTEMPTS = 5
CONNECT_SECONDS = 10.0
#: The longest silence while an answer comes in. OAI-PMH servers take up to half a minute to begin one.
READ_SECONDS = 60.0
#: The longest time for one answer in all: a server that sends a byte now and then must not hold a run up for ever.
ANSWER_SECONDS = 300.0
#: The longest wait that a server may ask for; beyond it a person should decide (OpenAlex asks for hours when the day's
#: allowance is used up).
MAX_WAIT = 300.0
#: 1,000 OAI-PMH records have 2 MB, 100 OpenAlex works of large collaborations some 30 MB.
MAX_ANSWER = 100_000_000
PASSING = frozenset({408, 429, 500, 502, 503, 504})


class _PassingError(Exception):
    """A failure that may be gone at the next attempt, after `wait` seconds where the server says so."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Web:
    """Fetches pages from one server; use it in a `with` block, which closes its connections."""

    def __init__(
        self,
        pause: float,
        *,
        backoff: float = 2.0,
        read_seconds: float = READ_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Set the seconds between two requests, and those before the second attempt (doubled for each further one)."""
        self._pause, self._backoff = pause, backoff
        self._read_seconds, self._answer_seconds = read_seconds, answer_seconds
        self._next = 0.0
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"Peerscope/{version('peerscope')} (research discovery; Python requests)"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def fetch(self, url: str, params: Mapping[str, str], decode: Callable[[bytes], T]) -> T:
        """Return the decoded answer. A ValueError of `decode` says that it came broken, and is tried again.

        Raises SourceError when the server refuses, or when ATTEMPTS attempts fail.
        """
        for attempt in range(ATTEMPTS):
            self._wait_for_turn()
            wait: float | None = None
            try:
                return decode(self._answer(url, params))
            except _PassingError as error:
                reason, wait = str(error), error.wait
            except ValueError as error:
                reason = f"the answer is broken: {error}"
            if wait is not None and wait > MAX_WAIT:
                raise SourceError(f"{url}: {reason}, and asks to come back in {wait:,.0f} seconds")
            if attempt + 1 < ATTEMPTS:
                time.sleep(self._backoff * 2**attempt if wait is None else wait)
        raise SourceError(f"{url}: {reason} ({ATTEMPTS} attempts)")

    def _wait_for_turn(self) -> None:
        time.sleep(max(0.0, self._next - time.monotonic()))

    def _answer(self, url: str, params: Mapping[str, str]) -> bytes:
        timeout = (CONNECT_SECONDS, self._read_seconds)
        try:
            with self._session.get(url, params=params, timeout=timeout, stream=True) as response:
                _check_status(url, response)
                return self._body(url, response)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise _PassingError(f"no answer within {timeout[1]:g} seconds") from error
        except urllib3.exceptions.DecodeError as error:
            raise _PassingError("the answer is broken: it cannot be unpacked") from error
        except (requests.ConnectionError, urllib3.exceptions.HTTPError) as error:
            raise _PassingError(f"the connection failed or broke off ({_root(error)})") from error
        except requests.RequestException as error:
            raise SourceError(f"{url}: cannot be asked ({type(error).__name__})") from error
        finally:
            self._next = time.monotonic() + self._pause

    def _body(self, url: str, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._answer_seconds
        body = bytearray()
        # read1 gives what there is: waiting for full pieces, a trickle would never let us look at the clock.
        while piece := response.raw.read1(65_536, decode_content=True):
            body += piece
            if len(body) > MAX_ANSWER:
                raise SourceError(f"{url}: the answer is larger than {MAX_ANSWER:,} bytes")
            if time.monotonic() > deadline:
                raise _PassingError(f"the answer took longer than {self._answer_seconds:g} seconds")
        return bytes(body)


def _check_status(url: str, response: requests.Response) -> None:
    if response.ok:
        return
    reason = f"the server answers {response.status_code} {response.reason or ''}".rstrip()
    start = response.raw.read1(4_096, decode_content=True).decode("utf-8", "replace")
    if words := " ".join(re.sub(r"<[^>]*>", " ", start).split())[:300]:
        reason += f": {words}"
    if response.status_code in PASSING:
        raise _PassingError(reason, _retry_after(response.headers.get("Retry-After")))
    raise SourceError(f"{url}: {reason}")


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which is a number or a date; None without a sensible one."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _root(error: BaseException) -> str:
    """Name the system's reason below a chain of wrappers, without the address that the wrappers put into theirs."""
    reason, deeper = type(error).__name__, error.__context__
    while deeper is not None:
        if isinstance(deeper, OSError) and deeper.strerror:
            reason = deeper.strerror
        deeper = deeper.__context__
    return reason

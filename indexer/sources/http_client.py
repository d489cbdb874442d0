"""The HTTP client of all harvesters: it spaces its requests, retries temporary failures, and limits time and size.

Error messages never contain the query string, because it can hold an API key.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Self, TypeVar

import requests
import tenacity
import urllib3.exceptions

from indexer.sources.base import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

T = TypeVar("T")

ATTEMPTS = 5
CONNECT_SECONDS = 10.0
#: Maximum time without new data. OAI-PMH servers take up to half a minute before they begin to respond.
READ_SECONDS = 60.0
#: Maximum time for a whole response: a server that sends a byte now and then must not block a run.
RESPONSE_SECONDS = 300.0
#: Maximum `Retry-After` that is waited for (OpenAlex asks for hours when the daily limit is used up).
MAX_WAIT = 300.0
#: 1,000 OAI-PMH records have 2 MB, 100 OpenAlex works of large collaborations about 30 MB.
MAX_RESPONSE = 100_000_000
TEMPORARY_STATUSES = frozenset({408, 429, 500, 502, 503, 504})


class _TemporaryError(Exception):
    """A failure that the next attempt may not have; `wait` is the server's Retry-After in seconds, if any."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class HttpClient:
    """Fetches pages from one server; use it as a context manager, which closes its connections."""

    def __init__(
        self,
        pause: float,
        *,
        backoff: float = 2.0,
        read_seconds: float = READ_SECONDS,
        response_seconds: float = RESPONSE_SECONDS,
    ) -> None:
        """Set the seconds between requests, and before the second attempt (doubled for each further one)."""
        self._pause, self._backoff = pause, backoff
        self._read_seconds, self._response_seconds = read_seconds, response_seconds
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
        """Return the decoded response. A ValueError of `decode` means a damaged response, which is requested again.

        Raises SourceError when the server refuses, or when ATTEMPTS attempts fail.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self._seconds_to_wait,
            retry=tenacity.retry_if_exception_type(_TemporaryError),
            sleep=_sleep,
            reraise=True,
        )
        try:
            result: T = retrying(self._attempt, url, params, decode)
        except _TemporaryError as error:
            raise SourceError(f"{url}: {error} ({ATTEMPTS} attempts)") from error
        return result

    def _attempt(self, url: str, params: Mapping[str, str], decode: Callable[[bytes], T]) -> T:
        _sleep(max(0.0, self._next - time.monotonic()))
        try:
            return decode(self._get(url, params))
        except _TemporaryError as error:
            if error.wait is not None and error.wait > MAX_WAIT:
                raise SourceError(f"{url}: {error}; it asks to wait {error.wait:,.0f} seconds") from error
            raise
        except ValueError as error:
            raise _TemporaryError(f"the response is damaged: {error}") from error

    def _seconds_to_wait(self, state: tenacity.RetryCallState) -> float:
        """Return the server's Retry-After, else an exponential backoff."""
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _TemporaryError) and error.wait is not None:
            return error.wait
        return float(self._backoff * 2 ** (state.attempt_number - 1))

    def _get(self, url: str, params: Mapping[str, str]) -> bytes:
        timeout = (CONNECT_SECONDS, self._read_seconds)
        try:
            with self._session.get(url, params=params, timeout=timeout, stream=True) as response:
                _check_status(url, response)
                return self._body(url, response)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise _TemporaryError(f"no response within {timeout[1]:g} seconds") from error
        except urllib3.exceptions.DecodeError as error:
            raise _TemporaryError("the response is damaged: it cannot be decompressed") from error
        except (requests.ConnectionError, urllib3.exceptions.HTTPError) as error:
            raise _TemporaryError(f"the connection failed or was closed ({_root_cause(error)})") from error
        except requests.RequestException as error:
            raise SourceError(f"{url}: no request can be sent ({type(error).__name__})") from error
        finally:
            self._next = time.monotonic() + self._pause

    def _body(self, url: str, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._response_seconds
        body = bytearray()
        # read1 returns what is available: waiting for full chunks, a slow server would never let the clock be checked.
        while chunk := response.raw.read1(65_536, decode_content=True):
            body += chunk
            if len(body) > MAX_RESPONSE:
                raise SourceError(f"{url}: the response is larger than {MAX_RESPONSE:,} bytes")
            if time.monotonic() > deadline:
                raise _TemporaryError(f"the response took longer than {self._response_seconds:g} seconds")
        return bytes(body)


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def _check_status(url: str, response: requests.Response) -> None:
    if response.ok:
        return
    reason = f"the server responded {response.status_code} {response.reason or ''}".rstrip()
    start = response.raw.read1(4_096, decode_content=True).decode("utf-8", "replace")
    if message := " ".join(re.sub(r"<[^<>]*>", " ", start).split())[:300]:
        reason += f": {message}"
    if response.status_code in TEMPORARY_STATUSES:
        raise _TemporaryError(reason, _retry_after(response.headers.get("Retry-After")))
    raise SourceError(f"{url}: {reason}")


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which is a number or a date; None when it is absent or invalid."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _root_cause(error: BaseException) -> str:
    """Return the operating system's message in a chain of exceptions, without the URL that the outer ones contain."""
    reason, cause = type(error).__name__, error.__context__
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            reason = cause.strerror
        cause = cause.__context__
    return reason

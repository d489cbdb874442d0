"""A cache whose entries expire, for what depends on the collection, which may change."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from cachetools import TTLCache

if TYPE_CHECKING:
    from collections.abc import Callable

Key = TypeVar("Key")
Value = TypeVar("Value")


class ExpiringCache(Generic[Key, Value]):
    """At most `size` values by key, each for `seconds`. Safe to use from several threads."""

    def __init__(self, size: int, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        """Start empty; `timer` returns the current time in seconds."""
        self._values: TTLCache[Key, Value] = TTLCache(size, seconds, timer)
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """Return the value of a key, None if it is not cached."""
        with self._lock:
            value: Value | None = self._values.get(key)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Cache a value."""
        with self._lock:
            self._values[key] = value

    def drop(self, key: Key) -> None:
        """Remove the value of a key, if it is cached."""
        with self._lock:
            self._values.pop(key, None)

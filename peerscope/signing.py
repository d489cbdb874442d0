"""Signatures of stored data, by which the service recognizes what it wrote: the index may be writable by others.

HMAC-SHA-256 (RFC 2104) with a key that is derived from the site's secret key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

from peerscope.secret_key import secret_key

if TYPE_CHECKING:
    from peerscope.settings import Settings


class Signer:
    """Signs lists of strings and numbers; equal lists have equal signatures on all machines of a site."""

    def __init__(self, key: str) -> None:
        """Derive the key of signatures, so that they reveal nothing about other uses of `key`."""
        self._key = hmac.new(key.encode(), b"peerscope: stored data", hashlib.sha256).digest()

    @classmethod
    def from_settings(cls, settings: Settings) -> Signer:
        """Return the signer of a site; see `secret_key`."""
        return cls(secret_key(settings))

    def sign(self, *parts: object) -> str:
        """Return the signature of JSON values as 64 hexadecimal digits."""
        message = json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def is_valid(self, signature: object, *parts: object) -> bool:
        """Return whether `signature`, which may be anything, is that of these values."""
        return isinstance(signature, str) and hmac.compare_digest(signature.encode(), self.sign(*parts).encode())

"""Password hashes: argon2id with the parameters of OWASP's cheat sheet (19 MiB, 2 passes), 20 ms per verification."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 200
#: Minimum number of different characters.
FEW = 4

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> str:
    """Return the hash of a password."""
    return _hasher.hash(_plain(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether a password matches a hash; takes the same time without a hash."""
    try:
        return _hasher.verify(stored or _dummy_hash(), _plain(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_dated(stored: str) -> bool:
    """Return whether a hash has outdated parameters."""
    return _hasher.check_needs_rehash(stored)


def password_problem(password: str, address: str = "") -> str | None:
    """Return what is wrong with a new password, or None. There are no rules on characters: length matters."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"A password must have {SHORTEST} to {LONGEST} characters."
    if len(set(password)) < FEW or password.lower() in {address, address.partition("@")[0]}:
        return "This password is too easy to guess."
    return None


def _plain(password: str) -> bytes:
    """Return the normalized bytes of a password, the same for all ways to type it."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _dummy_hash() -> str:
    return _hasher.hash("the password of an account that is not there")

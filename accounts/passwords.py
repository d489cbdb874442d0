"""Passwords: argon2id, as OWASP's cheat sheet on password storage sets it (19 MiB, 2 passes): 20 ms a try."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 200
#: What ten characters alone do not keep out.
FEW = 4

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> str:
    """Return what is stored of a password."""
    return _hasher.hash(_plain(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether a password is the one; takes as long where there is none to compare with."""
    try:
        return _hasher.verify(stored or _nobodys(), _plain(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_dated(stored: str) -> bool:
    """Return whether a hash was made with other settings, and is worth making anew."""
    return _hasher.check_needs_rehash(stored)


def password_problem(password: str, address: str = "") -> str | None:
    """Say what is wrong with a new password, if anything. Length is what counts; no rules on characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"A password must have {SHORTEST} to {LONGEST} characters."
    if len(set(password)) < FEW or password.lower() in {address, address.partition("@")[0]}:
        return "This password is too easy to guess."
    return None


def _plain(password: str) -> bytes:
    """Make one password of all ways to type it."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of an account that is not there")

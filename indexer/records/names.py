"""Placeholders for authors: `Anonymous`, `N.N.` and the like, which are not names of people."""

from __future__ import annotations

import re

#: Placeholders in lower case, without spaces and punctuation.
_PLACEHOLDERS = """
anon anonym anonyma anonyme anonymous anonymousauthor anonymus authorsunknown authorunknown etal namenotavailable nn
noauthor noauthorgiven noauthorlisted noauthorname noauthornamegiven noauthors noauthorslisted noname none notavailable
notgiven notspecified null others sinenomine sn unbekannt undefined unknown unknownauthor unknownauthors various
variousauthors verschiedene
"""
_NOT_NAMES = frozenset(_PLACEHOLDERS.split())


def is_placeholder(name: str) -> bool:
    """Return whether a printed name stands for an unknown author: `N.N.`, `[s.n.]`, `No author listed`."""
    folded = name.casefold()
    # A single `Na` is a name; `N/A` and `n.a.` are not.
    return re.sub(r"[\W_]+", "", folded) in _NOT_NAMES or re.fullmatch(r"\W*n[./]\s*a[.]?\W*", folded) is not None

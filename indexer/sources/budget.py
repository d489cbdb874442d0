"""The budget of one record: how much text its conversion may process, whatever fields and steps that is spent on.

Each step is linear, but LaTeX takes a hundred times as long as plain text. One limit for all steps of a record bounds
its time without limits per field that a long list of authors would reach.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Characters of one record. A work with 5,500 authors and their affiliations has 2,000,000. At most 3 s of CPU.
CHARACTERS = 4_000_000
#: Characters as which one that begins a macro, a group or a formula counts: pylatexenc takes 20 to 60 us for each.
LATEX = 60
_LATEX_SIGN = re.compile(r"[\\{$]")


@dataclass
class Budget:
    """The remaining budget of a record, and the number of characters that were cut because it was used up."""

    left: int = CHARACTERS
    cut: int = 0

    def take(self, text: str, *, is_latex: bool = False) -> str:
        """Return the part of a text that the budget allows, and charge it."""
        end = len(text)
        if is_latex and len(text) + (LATEX - 1) * _signs(text) > self.left:
            end = self._end_of_latex(text)
        end = min(end, self.left)
        self.left -= end + (LATEX - 1) * (_signs(text[:end]) if is_latex else 0)
        self.left = max(0, self.left)
        self.cut += len(text) - end
        return text[:end]

    def _end_of_latex(self, text: str) -> int:
        for number, sign in enumerate(_LATEX_SIGN.finditer(text), 1):
            if sign.start() + number * LATEX > self.left:
                return sign.start()
        return len(text)


def _signs(text: str) -> int:
    return sum(map(text.count, "\\{$"))


_current: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def record_budget() -> Iterator[Budget]:
    """Limit what the functions called in this context convert, and yield the budget."""
    budget = Budget()
    token = _current.set(budget)
    try:
        yield budget
    finally:
        _current.reset(token)


def affordable(text: str, *, is_latex: bool = False) -> str:
    """Return a text, cut to what is left of the current record's budget; outside of a record unchanged."""
    budget = _current.get()
    return text if budget is None else budget.take(text, is_latex=is_latex)

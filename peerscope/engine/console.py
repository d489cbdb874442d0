"""Telling a person what takes so long: a spinner at a terminal, a plain line elsewhere, on stderr in both cases."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def under_way(text: str) -> Iterator[None]:
    """Show that something is under way for as long as the block takes."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with console.status(text):
            yield
    else:
        console.print(text, soft_wrap=True)
        yield


def note(text: str) -> None:
    """Say one line."""
    Console(stderr=True, highlight=False).print(text, soft_wrap=True)

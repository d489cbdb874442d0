"""Who is told how a run gets on, for instance to draw a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from indexer.staging.report import Report


class Watcher(Protocol):
    """Is told how a run gets on."""

    def read(self, report: Report) -> None:
        """Hear of a batch of records that were read."""

    def works(self, done: int, total: int) -> None:
        """Hear of a batch of works that is embedded."""

    def topics(self, done: int) -> None:
        """Hear of a batch of works without topics that was looked at."""

    def researchers(self, done: int, total: int) -> None:
        """Hear of a batch of researchers that is built."""


class Silent:
    """Says nothing."""

    def read(self, report: Report) -> None:
        """Hear of a batch of records that were read."""

    def works(self, done: int, total: int) -> None:
        """Hear of a batch of works that is embedded."""

    def topics(self, done: int) -> None:
        """Hear of a batch of works without topics that was looked at."""

    def researchers(self, done: int, total: int) -> None:
        """Hear of a batch of researchers that is built."""

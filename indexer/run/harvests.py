"""Stored harvests: a remote source and a selection, and the day up to which it was fetched.

They are in `harvests.json` in the home folder. A harvest that failed keeps its day, so that the next run fetches the
same period again; what was indexed then is recognized and skipped.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from indexer.sources import Selection
from peerscope.errors import PeerscopeError
from peerscope.private_files import make_home, write_private

if TYPE_CHECKING:
    from pathlib import Path

FILE = "harvests.json"
#: Days before the last harvest from which the next one starts, by source; 1 for all others, because servers assign days
#: in their own time zones. Where days are those of publication or submission, works arrive later than their day.
OVERLAP = {"arxiv": 7, "openalex": 30, "pubmed": 3}


class HarvestError(PeerscopeError):
    """A harvest that cannot be added, found or read; the message states why."""


@dataclass(frozen=True)
class Harvest:
    """One stored harvest. `since` is the first day, `harvested` the day of the last complete run, both ISO dates."""

    name: str
    source: str
    query: str | None = None
    filter_: str | None = None
    set_: str | None = None
    url: str | None = None
    prefix: str | None = None
    since: str | None = None
    harvested: str | None = None

    def selection(self) -> Selection:
        """Return what the next run fetches: everything since the last complete one, with some days of overlap."""
        since = date.fromisoformat(self.since) if self.since else None
        if self.harvested:
            overlap = timedelta(days=OVERLAP.get(self.source, 1))
            last = date.fromisoformat(self.harvested) - overlap
            since = max(since, last) if since else last
        return Selection(self.query, self.filter_, self.set_, since=since, url=self.url, prefix=self.prefix)

    def describe(self) -> str:
        """Return the selection as on the command line."""
        options = {
            "query": self.query,
            "filter": self.filter_,
            "set": self.set_,
            "url": self.url,
            "prefix": self.prefix,
        }
        options["since"] = self.since
        return " ".join(
            [f"--source {self.source}", *(f"--{name} {value!r}" for name, value in options.items() if value)]
        )


class HarvestList:
    """The stored harvests of a home folder, by name."""

    def __init__(self, home: Path) -> None:
        """Read the file. Raises HarvestError when it is damaged; a missing file has no harvests."""
        self._file = home / FILE
        self.harvests: dict[str, Harvest] = {}
        if not self._file.exists():
            return
        try:
            entries: list[dict[str, Any]] = json.loads(self._file.read_text(encoding="utf-8"))
            known = {field.name for field in fields(Harvest)}
            self.harvests = {
                entry["name"]: Harvest(**{key: value for key, value in entry.items() if key in known})
                for entry in entries
            }
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise HarvestError(f"{self._file} is damaged ({error}). Correct or remove it.") from error

    def get(self, name: str) -> Harvest:
        """Return a harvest. Raises HarvestError when there is none with this name."""
        if name not in self.harvests:
            known = ", ".join(self.harvests) or "none"
            raise HarvestError(f"There is no harvest {name!r}; stored harvests: {known}.")
        return self.harvests[name]

    def add(self, harvest: Harvest) -> None:
        """Store a harvest. Raises HarvestError when its name is taken."""
        if harvest.name in self.harvests:
            raise HarvestError(f"There is a harvest {harvest.name!r} already. Remove it first.")
        self.harvests[harvest.name] = harvest
        self._save()

    def remove(self, name: str) -> None:
        """Remove a harvest; the works that it fetched stay. Raises HarvestError when there is none with this name."""
        self.get(name)
        del self.harvests[name]
        self._save()

    def complete(self, name: str, day: date) -> None:
        """Store the day on which a complete run began, unless the harvest was removed in the meantime."""
        # A run takes long: others may have been added or removed since the file was read.
        self.harvests = HarvestList(self._file.parent).harvests
        if name in self.harvests:
            self.harvests[name] = replace(self.harvests[name], harvested=day.isoformat())
            self._save()

    def _save(self) -> None:
        """Write the file atomically: a kill leaves the old one or the new one."""
        make_home(self._file.parent)
        entries = [asdict(harvest) for harvest in self.harvests.values()]
        write_private(self._file, json.dumps(entries, indent=2, ensure_ascii=False) + "\n")

"""The report of a run: counts, rejected records with line and reason, times. Each run has a private folder for it.

Rejected records are copies of lines from files that may be private.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from peerscope.errors import PeerscopeError
from peerscope.private_files import FOLDER, make_private_folder, open_private, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from indexer.records import RecordWarning
    from indexer.sources import Item
    from indexer.stages.runner import StageSummary

#: Consecutive parts of a run; `seconds` has further ones, which are contained in these.
PARTS = ("read", "identity", "works", "topics", "researchers", "publish")
#: Characters kept of a rejected record, enough to find it.
EXCERPT = 2_000
#: What can become of an accepted record, as counted in `Counts`.
Outcome = Literal["new", "merged", "changed", "unchanged", "removed", "repeated"]
#: Number of reasons of rejects that the summary shows.
SHOWN_REASONS = 3


class EpochSummary(TypedDict):
    """The epoch of a run, as its report has it."""

    number: int
    began_in: str
    #: Why it began.
    reason: str
    #: Works with authors that were counted.
    works: int


class ReportError(PeerscopeError):
    """A report that does not exist or cannot be read."""


@dataclass
class Counts:
    """Numbers of records: each one read is new, merged, changed, unchanged, withdrawn, repeated or rejected.

    `merged` records describe works that another record describes too. `embedded` works have a new text. `not_works` of
    the rejected records are marked by their source as something else. `removed` are withdrawn records and, with
    --prune, works of which no record was read; works that lose only one of their records count as changed.
    """

    read: int = 0
    new: int = 0
    merged: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    embedded: int = 0
    repeated: int = 0
    rejected: int = 0
    not_works: int = 0
    researchers_written: int = 0
    researchers_removed: int = 0
    topics: int = 0
    topics_assigned: int = 0
    institutions: int = 0


@dataclass
class Report:
    """The report of one run, in `folder`: `report.json`, and `rejects.jsonl` when records were rejected."""

    folder: Path
    counts: Counts = field(default_factory=Counts)
    unknown: Counter[str] | None = None
    first_reasons: list[str] = field(default_factory=list)
    """Source, line and reason of the first rejected records."""
    warnings: Counter[str] = field(default_factory=Counter)
    """Number of warnings by kind."""
    broken_sources: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_memory_mb: int = 0
    stages: Sequence[StageSummary] = ()
    """What the stages of identity and embedding took."""
    epoch: EpochSummary | None = None
    """The epoch of the counts that identity is based on; None when no author was identified."""
    generation: int | None = None
    finished: bool = False
    explain: Callable[[str], None] | None = None
    """Receives a line about each record: its place, what became of it, and its id or the reason."""
    started_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @classmethod
    def new(cls, runs: Path) -> Report:
        """Create a report in a new folder below `runs`, named after the time so that folders sort by age."""
        # Milliseconds are enough, as only one run writes at a time.
        folder = runs / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"[:19]
        make_private_folder(runs)
        folder.mkdir(mode=FOLDER)
        report = cls(folder)
        # Immediately, so that a killed run is listed too.
        report.save()
        return report

    @property
    def rate(self) -> float:
        """Records per second of the whole run; 0 before it has taken any time."""
        return round(self.counts.read / self.took, 1) if self.took else 0.0

    @property
    def took(self) -> float:
        """Seconds that the whole run took."""
        return sum(self.seconds.get(part, 0.0) for part in PARTS)

    @property
    def rejects(self) -> Path:
        """The file of rejected records, one JSON object per line: source, line, reason, text."""
        return self.folder / "rejects.jsonl"

    @property
    def is_rejected(self) -> bool:
        """Whether every record that was read was rejected."""
        return 0 < self.counts.read == self.counts.rejected

    def note(self, item: Item, outcome: Outcome, id_: str) -> None:
        """Count what became of a record, and explain it."""
        setattr(self.counts, outcome, getattr(self.counts, outcome) + 1)
        self._explain(item, outcome, id_)

    def _explain(self, item: Item, outcome: str, detail: str) -> None:
        if self.explain:
            self.explain(f"{item.source}, line {item.line}: {outcome}: {detail}")

    def reject(self, item: Item, reason: str) -> None:
        """Write a rejected record to the file immediately, so that it survives a kill."""
        self.counts.rejected += 1
        self._explain(item, "rejected", reason)
        if len(self.first_reasons) < SHOWN_REASONS:
            self.first_reasons.append(f"{item.source}, line {item.line}: {reason}")
        entry = {"source": item.source, "line": item.line, "reason": reason, "text": item.text[:EXCERPT]}
        with open_private(self.rejects, "a") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    @property
    def warnings_file(self) -> Path:
        """The file of warnings, one JSON object per line: source, line, id, kind, message."""
        return self.folder / "warnings.jsonl"

    def warn(self, item: Item, id_: str, warning: RecordWarning) -> None:
        """Count and store a warning about a record that was accepted."""
        self.warnings[warning.kind] += 1
        self._explain(item, f"warning ({warning.kind})", warning.message)
        entry = {"source": item.source, "line": item.line, "id": id_, **warning._asdict()}
        with open_private(self.warnings_file, "a") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "run": self.folder.name,
            "started_at": self.started_at,
            **asdict(self.counts),
            "seconds": {part: round(value, 2) for part, value in self.seconds.items()},
            "works_per_second": self.rate,
            "peak_memory_mb": self.peak_memory_mb,
            "stages": list(self.stages),
            "epoch": self.epoch,
            "generation": self.generation,
            "finished": self.finished,
            "broken_sources": self.broken_sources,
            "rejects": str(self.rejects) if self.counts.rejected else None,
            "warnings": dict(self.warnings.most_common()),
        }

    def save(self) -> None:
        """Write `report.json` atomically: a kill leaves the old file or the new one."""
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        write_private(self.folder / "report.json", text + "\n")


class Stopwatch:
    """Adds the wall time of a `with` block to one part of a report's `seconds`."""

    def __init__(self, report: Report, part: str) -> None:
        """Prepare to time one of the parts."""
        self._report, self._part = report, part

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        took = time.perf_counter() - self._start
        self._report.seconds[self._part] = self._report.seconds.get(self._part, 0.0) + took


def past_runs(runs: Path, count: int) -> tuple[list[dict[str, Any]], list[Path]]:
    """Return the reports of the last `count` runs, the latest first, and the files that cannot be read."""
    reports, unreadable = [], []
    for file in sorted(runs.glob("*/report.json"), reverse=True)[:count]:
        try:
            reports.append(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            unreadable.append(file)
    return reports, unreadable


def find_run(runs: Path, name: str) -> dict[str, Any]:
    """Return the report of one run; `last` names the latest. Raises ReportError when there is none."""
    if name == "last":
        name = max((file.parent.name for file in runs.glob("*/report.json")), default=name)
    # A name, not a path: nothing outside of the folder is read.
    folder = next((folder for folder in runs.glob("*") if folder.name == name), None)
    if folder is None:
        raise ReportError(f"There is no run {name!r}; `peerscope runs` lists them.")
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(f"The report of the run {name!r} cannot be read: {error}") from error
    return report

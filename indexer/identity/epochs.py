"""Epochs: how long runs share the same counts over the collection, and the manifest that carries them from run to run.

Evidence is weighed against counts: how rare a name, a word or a co-author is. If every run counted again, each new work
would change all scores a little, and researchers would be divided or merged although nothing about them has changed.
So counts are frozen for an epoch: in it, researchers depend on the works only, not on the runs that added them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from indexer.stages.task import code_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexer.stages.folder import StageFolder
    from indexer.staging.report import EpochSummary

#: Growth or shrinkage of the collection, as a share of the works that were counted, that begins a new epoch.
GROWTH = 0.1
#: Roles of the files of counts.
COUNTS = ("names", "tokens", "coauthors")
#: How the names of manifests begin.
KIND = "identity"

FIRST_RUN = "first run"
REBUILD = "rebuild"
REQUESTED = "requested by --new-epoch"
NO_COUNTS = "no counts for this index in the folder of stages"
OTHER_VERSION = "another version of the program or of its libraries"


@dataclass(frozen=True, slots=True)
class Epoch:
    """Counts over the collection at one time, and why they were made."""

    number: int
    #: Name of the run that counted.
    run: str
    reason: str
    #: Works with authors that were counted.
    works: int
    #: Number of buckets of blocks.
    buckets: int
    #: Names of the files of counts by role.
    counts: dict[str, str]

    def summary(self) -> EpochSummary:
        """Return what the report of a run says about its epoch."""
        return {"number": self.number, "began_in": self.run, "reason": self.reason, "works": self.works}

    def growth_reason(self, works: int) -> str | None:
        """Return why a collection of so many works needs a new epoch; None if it does not."""
        change = abs(works - self.works)
        if change < GROWTH * self.works or works == self.works:
            return None
        kind = "grew" if works > self.works else "shrank"
        return f"the collection {kind} from {self.works:,} to {works:,} works"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the run that wrote a generation left in the folder of stages."""

    #: UUID of the index of works. A generation of another cluster may have the same number.
    index: str
    #: Version of the code that wrote the files.
    version: str
    epoch: Epoch
    #: Files from which the next run may copy results, by stage.
    results: dict[str, list[str]]

    def counts(self) -> set[str]:
        """Return the names of the files of counts."""
        return set(self.epoch.counts.values())

    def save(self, folder: StageFolder, generation: int) -> str:
        """Write the manifest of a generation atomically; return the name of the file."""
        name = manifest_name(generation)
        folder.write(name, orjson.dumps(asdict(self)))
        return name


def manifest_name(generation: int) -> str:
    """Return the name of the manifest of a generation: each has its own, so that a rollback restores its epoch."""
    return f"{KIND}-{generation:06d}.json"


def load_manifest(folder: StageFolder, generation: int) -> Manifest | None:
    """Return the manifest of a generation; None when it is missing or cannot be read."""
    text = folder.read(manifest_name(generation))
    try:
        content = orjson.loads(text or b"")
        return Manifest(**{**content, "epoch": Epoch(**content["epoch"])})
    except (ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True, slots=True)
class History:
    """What a run continues: the manifest of the live generation, or the reason why a new epoch begins."""

    run: str = ""
    manifest: Manifest | None = None
    reason: str | None = FIRST_RUN

    def continues(self, epoch: Epoch) -> bool:
        """Return whether an epoch is that of the live generation."""
        return self.manifest is not None and self.manifest.epoch == epoch

    def results(self, stage: str) -> list[str]:
        """Return the files of a stage in the last run, from which results may be copied."""
        return self.manifest.results.get(stage, []) if self.manifest else []

    def epoch_of(self, works: int, buckets: int) -> Epoch:
        """Return the epoch for a run over so many works; a new one has no counts yet."""
        if self.manifest is None:
            return Epoch(1, self.run, self.reason or FIRST_RUN, works, buckets, {})
        last = self.manifest.epoch
        reason = self.reason or last.growth_reason(works)
        return Epoch(last.number + 1, self.run, reason, works, buckets, {}) if reason else last


def history(folder: StageFolder, run: str, live: tuple[int, str] | None, *, rebuild: bool, requested: bool) -> History:
    """Return what a run continues; `live` is the number of the live generation, and the UUID of its index of works."""
    if live is None:
        return History(run)
    number, index = live
    manifest = load_manifest(folder, number)
    if manifest and manifest.index != index:
        manifest = None
    if rebuild:
        return History(run, manifest, REBUILD)
    if requested:
        return History(run, manifest, REQUESTED)
    if manifest is None or any(name not in folder for name in manifest.epoch.counts.values()):
        return History(run, manifest, NO_COUNTS)
    return History(run, manifest, OTHER_VERSION if manifest.version != code_version() else None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What identity leaves for the next run: its epoch, and files of results by stage."""

    epoch: Epoch
    results: dict[str, list[str]]

    def manifest(self, index: str) -> Manifest:
        """Return the manifest of the run; `index` is the UUID of the index of works."""
        return Manifest(index, code_version(), self.epoch, self.results)


def kept_files(folder: StageFolder, generations: Iterable[int]) -> set[str]:
    """Return the manifests of some generations, and the files of their counts."""
    kept: set[str] = set()
    for generation in generations:
        if manifest := load_manifest(folder, generation):
            kept |= {manifest_name(generation), *manifest.counts()}
    return kept

"""Author identity on works whose authors are known from elsewhere, such as ORCID iDs: `evaluate identity --truth`."""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from indexer.identity.context import Context, context_of
from indexer.identity.corpus import blocks_of, resolve
from indexer.identity.keys import fold_name
from indexer.identity.mentions import MentionKey, mentions_of
from indexer.identity.names import parse_name
from peerscope.errors import PeerscopeError
from peerscope.evaluation.identity.bcubed import Scores, bcubed, intervals
from peerscope.evaluation.identity.trial import family_of, without_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from indexer.identity.clusters import Resolution
    from indexer.identity.context import VectorSource
    from indexer.identity.mentions import Mention
    from indexer.identity.weights import Weights
    from indexer.records import Work

#: Columns of a file of truth; `flag` is optional.
WORK, POSITION, FLAG = "work_id", "author_position", "flag"
DEFAULT_PERSON = "orcid"
#: Lower bounds of the estimated number of namesakes by which errors are reported.
FREQUENCIES = (0.0, 0.05, 0.2, 0.5, 1.0, 3.0)
#: Number of wrong merges and splits that are listed.
LISTED = 20


class TruthError(PeerscopeError):
    """A file of known authors that cannot be used; the message states why."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The person of each mention, and the number of rows that were left out because they are flagged."""

    people: dict[MentionKey, str]
    flagged: int = 0


def read_truth(path: Path, person: str | None = None) -> Truth:
    """Read a tab-separated file with columns work_id, author_position (from 0), the person's, and perhaps flag.

    Rows with a flag are left out. Raises TruthError.
    """
    try:
        with _open(path) as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            column = _person_column(path, rows.fieldnames or (), person)
            people: dict[MentionKey, str] = {}
            flagged = 0
            for row in rows:
                if (row.get(FLAG) or "").strip():
                    flagged += 1
                    continue
                key, name = _key(path, rows.line_num, row), (row[column] or "").strip()
                if name and people.setdefault(key, name) != name:
                    raise TruthError(f"{path}, line {rows.line_num}: author {key} is named as two people.")
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise TruthError(f"{path} cannot be read: {error}.") from error
    if not people:
        raise TruthError(f"{path} names no person: there is nothing to measure.")
    return Truth(people, flagged)


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _person_column(path: Path, columns: Sequence[str], person: str | None) -> str:
    missing = [column for column in (WORK, POSITION) if column not in columns]
    if missing:
        raise TruthError(f"{path} has no column {' and '.join(missing)}; a tab-separated file with a header is needed.")
    others = [column for column in columns if column not in (WORK, POSITION, FLAG)]
    column = person or (DEFAULT_PERSON if DEFAULT_PERSON in others or len(others) != 1 else others[0])
    if column not in others:
        raise TruthError(
            f"{path} has no column {column!r} that names the person; choose one with --person: {', '.join(others)}."
        )
    return column


def _key(path: Path, line: int, row: Mapping[str, str | None]) -> MentionKey:
    work, position = (row[WORK] or "").strip(), (row[POSITION] or "").strip()
    if not (work and position.isascii() and position.isdecimal()):
        raise TruthError(f"{path}, line {line}: {WORK} and {POSITION} (0 for the first author) are needed.")
    return MentionKey(work, int(position) + 1)


@dataclass
class Sample:
    """Works without author ids, and who their authors are as far as that is known."""

    works: list[list[Mention]]
    people: dict[MentionKey, str]
    context: Context
    #: Rows of the truth whose work or author is not in the works.
    missing: int = 0
    mentions: dict[MentionKey, Mention] = field(default_factory=dict)

    @classmethod
    def of(cls, works: Iterable[Work], truth: Truth) -> Sample:
        """Remove the author ids of works and find their authors in the truth. Raises TruthError if none is there."""
        unique = {work.id: work for work in works}
        parsed = [mentions_of(without_ids(unique[id_])) for id_ in sorted(unique)]
        mentions = {mention.key: mention for group in parsed for mention in group}
        people = {key: person for key, person in truth.people.items() if key in mentions}
        if not people:
            raise TruthError("No work of the truth is in the file of works: do both use the same work ids?")
        return cls(parsed, people, context_of(parsed), len(truth.people) - len(people), mentions)

    def name(self, key: MentionKey) -> str:
        """Return the folded printed name of a mention."""
        printed = self.mentions[key].name
        return fold_name(printed) or printed

    def namesakes(self) -> dict[MentionKey, int]:
        """Return the number of known people with the folded name of each mention."""
        people = defaultdict(set)
        for key, person in self.people.items():
            people[self.name(key)].add(person)
        return {key: len(people[self.name(key)]) for key in self.people}

    def frequency(self, key: MentionKey) -> float:
        """Return the estimated number of other people with the name of a mention in the whole collection."""
        name = parse_name(self.mentions[key].name)
        return self.context.namesakes(name.given, name.surname)

    def resolve(self, weights: Weights, vectors: VectorSource | None) -> Resolution:
        """Resolve all authors."""
        self.context.vectors = vectors
        return resolve(blocks_of(self.mentions.values()), weights, self.context)


@dataclass(frozen=True, slots=True)
class Slice:
    """Scores on some of the mentions; `low` and `high` bound 95 % of the bootstrap samples of family names."""

    label: str
    mentions: int
    people: int
    scores: Scores
    low: Scores
    high: Scores
    same_name: Scores

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values; `same_name` has the scores of taking each folded name as a person."""
        return {
            "label": self.label,
            "mentions": self.mentions,
            "people": self.people,
            **self.scores._asdict(),
            "low": self.low._asdict(),
            "high": self.high._asdict(),
            "same_name": self.same_name._asdict(),
        }


@dataclass(frozen=True, slots=True)
class Confusion:
    """A wrong merge (people of one cluster) or a wrong split (clusters of one person)."""

    label: str
    mentions: int
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            "label": self.label,
            "mentions": self.mentions,
            "parts": [{"label": label, "mentions": list(keys)} for label, keys in self.parts],
        }


@dataclass(frozen=True, slots=True)
class TruthEvaluation:
    """Scores over all mentions, over ambiguous names, by namesakes and by frequency; wrong merges and splits."""

    all: Slice
    ambiguous: Slice | None
    by_namesakes: tuple[tuple[int, Slice], ...]
    by_frequency: tuple[tuple[float, Slice], ...]
    wrong_merges: tuple[Confusion, ...]
    wrong_splits: tuple[Confusion, ...]
    flagged: int
    missing: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            "all": self.all.to_dict(),
            "ambiguous": self.ambiguous.to_dict() if self.ambiguous else None,
            "by_namesakes": [{"namesakes": count, **part.to_dict()} for count, part in self.by_namesakes],
            "by_frequency": [{"at_least": low, **part.to_dict()} for low, part in self.by_frequency],
            "wrong_merges": [item.to_dict() for item in self.wrong_merges],
            "wrong_splits": [item.to_dict() for item in self.wrong_splits],
            "flagged": self.flagged,
            "missing": self.missing,
        }


def evaluate_truth(sample: Sample, clusters: Mapping[MentionKey, object], flagged: int = 0) -> TruthEvaluation:
    """Compare a clustering with the known people."""
    counts = sample.namesakes()
    ambiguous = [key for key, count in counts.items() if count > 1]
    frequencies = {key: max(low for low in FREQUENCIES if sample.frequency(key) >= low) for key in counts}
    return TruthEvaluation(
        all=_slice("all names", list(counts), sample, clusters),
        ambiguous=_slice("ambiguous names", ambiguous, sample, clusters) if ambiguous else None,
        by_namesakes=_slices(counts, sample, clusters, lambda count: f"{count} with the name"),
        by_frequency=_slices(frequencies, sample, clusters, _frequency_label),
        wrong_merges=_wrong(sample, clusters, sample.people),
        wrong_splits=_wrong(sample, sample.people, clusters),
        flagged=flagged,
        missing=sample.missing,
    )


def _frequency_label(low: float) -> str:
    index = FREQUENCIES.index(low) + 1
    return f"{low:g} to {FREQUENCIES[index]:g} expected" if index < len(FREQUENCIES) else f"{low:g} or more expected"


def _slices(
    values: Mapping[MentionKey, Any], sample: Sample, clusters: Mapping[MentionKey, object], label: Callable[[Any], str]
) -> tuple[tuple[Any, Slice], ...]:
    parts: dict[Any, list[MentionKey]] = defaultdict(list)
    for key, value in values.items():
        parts[value].append(key)
    return tuple((value, _slice(label(value), parts[value], sample, clusters)) for value in sorted(parts))


def _slice(label: str, keys: Sequence[MentionKey], sample: Sample, clusters: Mapping[MentionKey, object]) -> Slice:
    truth = {key: sample.people[key] for key in keys}
    groups = {key: family_of(sample.mentions[key]) for key in keys}
    low, high = intervals(clusters, truth, groups)
    same_name = bcubed({key: sample.name(key) for key in keys}, truth)
    return Slice(label, len(keys), len(set(truth.values())), bcubed(clusters, truth), low, high, same_name)


def _wrong(
    sample: Sample, wholes: Mapping[MentionKey, object], parts: Mapping[MentionKey, object]
) -> tuple[Confusion, ...]:
    """Return the groups of `wholes` that contain several groups of `parts`, those with most mentions first."""
    found: dict[object, dict[object, list[MentionKey]]] = defaultdict(lambda: defaultdict(list))
    for key in sample.people:
        found[wholes[key]][parts[key]].append(key)
    confusions = []
    for whole, members in found.items():
        if len(members) < 2:
            continue
        label = Counter(sample.mentions[key].name for keys in members.values() for key in keys).most_common(1)[0][0]
        ordered = sorted(members.items(), key=lambda item: (-len(item[1]), item[1][0]))
        listed = tuple((str(part), tuple(map(str, sorted(keys)))) for part, keys in ordered)
        confusions.append(Confusion(f"{label} ({whole})", sum(len(keys) for keys in members.values()), listed))
    return tuple(sorted(confusions, key=lambda item: (-item.mentions, item.label)))


def clusters_of(resolution: Resolution) -> dict[MentionKey, object]:
    """Return the cluster of each mention, named by its first mention."""
    return {mention.key: str(cluster.key) for cluster in resolution.clusters for mention in cluster.mentions}

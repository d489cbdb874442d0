"""Generated corpora for the tests of identity as a whole, and what a run stores about their authors."""

from __future__ import annotations

import random
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from indexer.identity.epochs import history, kept_files
from indexer.identity.overrides import Overrides
from indexer.identity.resolver import _rows, probable_duplicates, resolve_all
from indexer.records import parse_work
from indexer.stages.folder import StageFolder
from indexer.stages.runner import Runner
from indexer.staging.changes import Change, FormerAuthor
from indexer.staging.database import MergeReasons, StagingDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from indexer.identity.epochs import Epoch
    from indexer.stages.runner import StageSummary

GIVEN = [
    "Wei",
    "Wei",
    "Wei",
    "John",
    "J.",
    "Jon",
    "Maria",
    "María",
    "M.",
    "Robert",
    "Bob",
    "R.",
    "Anna",
    "Ana",
    "Yuki",
    "Yu",
    "Xin",
    "Hao",
    "Jean-Pierre",
    "Karl",
    "Li",
    "Ye",
]
FAMILY = [
    "Wang",
    "Wang",
    "Wang",
    "Zhang",
    "Smith",
    "Schütze",
    "Schuetze",
    "Garcia",
    "García",
    "Müller",
    "Mueller",
    "Li",
    "Yu",
    "Castro-Ferreira",
]
WORDS = [
    "neural",
    "spikes",
    "coding",
    "sparse",
    "models",
    "language",
    "parsing",
    "graphs",
    "attention",
    "vision",
    "control",
    "theory",
    "noise",
    "bounds",
]


class InProcess(Executor):
    """Executes tasks at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Found(NamedTuple):
    """All that is stored about authors."""

    researchers: dict[str, list[str]]
    redirects: dict[str, str]
    reasons: dict[str, Any]
    duplicates: list[Any]


def record(id_: str, *names: str, **fields: Any) -> dict[str, Any]:
    return {"id": id_, "title": "On spikes", "authors": [{"name": name} for name in names], **fields}


def change(entry: dict[str, Any], former: list[FormerAuthor] | None = None) -> Change:
    return Change(entry["id"], parse_work(entry), entry, "hash", former or [])


def corpus(seed: int, works: int = 120) -> list[dict[str, Any]]:
    """Return works by a few hundred people with frequent names, variants, ids, affiliations and references."""
    chance = random.Random(seed)
    people = [
        {
            "given": chance.choice(GIVEN),
            "family": chance.choice(FAMILY),
            "orcid": f"0000-0001-{n:04d}-0000" if chance.random() < 0.2 else None,
            "id": f"acl:person-{n}" if chance.random() < 0.3 else None,
            "place": f"University of {chance.choice(FAMILY)}; Institute {n % 7}",
        }
        for n in range(60)
    ]
    groups = [chance.sample(people, 6) for _ in range(25)]
    return [
        {
            "id": f"local:{chance.randrange(10**6):06d}",
            "title": f"{' '.join(chance.sample(WORDS, 4))} of number {n}",
            "year": chance.choice([None, *range(1990, 2024)]),
            "venue": chance.choice([None, "Journal of Spikes", "Letters"]),
            "topics": chance.sample(["cs.LG", "cs.CL", "q-bio.NC"], chance.randrange(3)),
            "references": [f"doi:10.1/{chance.randrange(40)}" for _ in range(chance.randrange(4))],
            "authors": [
                author(person, chance) for person in chance.sample(chance.choice(groups), chance.randrange(1, 6))
            ],
        }
        for n in range(works)
    ]


def author(person: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    given, family = person["given"], person["family"]
    forms = [
        f"{given} {family}",
        f"{given} {family}",
        f"{given[0]}. {family}",
        f"{family}, {given}",
        f"{given} A. {family}",
    ]
    entry: dict[str, Any] = {"name": chance.choice(forms)}
    for key in ("orcid", "id"):
        if person[key] and chance.random() < 0.7:
            entry[key] = person[key]
    if chance.random() < 0.5:
        entry["affiliation"] = person["place"]
    return entry


def merge_reasons(runner: Runner) -> dict[str, MergeReasons]:
    """Return why the works of researchers are one person's, as the tasks of a runner have found."""
    query = "SELECT researcher_id, sentences, identity FROM result"
    rows = _rows(runner.folder, runner.outputs("reasons"), query)
    return {row[0]: MergeReasons(row[0], *map(orjson.loads, row[1:])) for row in rows}


def stored(staged: StagingDatabase, runner: Runner) -> Found:
    """Return what a staging database and the files of a runner have."""
    works = {work.id: work.researchers for batch in staged.to_write() for work in batch if work.researchers}
    works |= {id_: after for batch in staged.reassigned() for id_, _, after in batch}
    reasons = merge_reasons(runner)
    return Found(
        works,
        staged.redirects(new=True),
        {id_: (reason.sentences, reason.identity) for id_, reason in reasons.items()},
        [
            (pair["left"]["id"], pair["right"]["id"], pair["score"], pair["left"]["works"])
            for pair in probable_duplicates(runner)
        ],
    )


class Collection:
    """An index in memory: its works, the researchers of their authors, and redirects; each run makes a generation."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder, self.uuid = home, StageFolder(home / "stages"), "an index"
        self.works: dict[str, dict[str, Any]] = {}
        self.researchers: dict[str, list[str]] = {}
        self.redirects: dict[str, str] = {}
        self.generation = 0
        #: What each stage took in the last run.
        self.stages: dict[str, StageSummary] = {}

    def run(
        self,
        changed: Iterable[dict[str, Any]] = (),
        removed: Iterable[str] = (),
        *,
        make_executor: Callable[[], Executor] = InProcess,
        rebuild: bool = False,
        requested: bool = False,
    ) -> Epoch:
        """Index works as a run does, and publish; return the epoch."""
        entries = {entry["id"]: entry for entry in changed}
        gone = set(removed)
        live = (self.generation, self.uuid) if self.generation else None
        past = history(self.folder, f"run-{self.generation + 1}", live, rebuild=rebuild, requested=requested)
        with StagingDatabase(self.home / "staged.sqlite") as staged, Runner(self.folder, make_executor) as runner:
            staged.add(change(entry, self._former(id_)) for id_, entry in entries.items())
            staged.add(Change(id_, None, None, "", self._former(id_)) for id_ in gone)
            known = self.works.keys() - entries.keys() - gone
            staged.add_known((id_, self.works[id_], self.researchers[id_]) for id_ in sorted(known))
            staged.add_redirects(self.redirects, new=False)
            outcome = resolve_all(staged, Overrides(), runner, past)
            self._store(stored(staged, runner), entries, gone)
            self.stages = {stage["stage"]: stage for stage in runner.summary()}
            self.generation += 1
            outcome.manifest(self.uuid).save(self.folder, self.generation)
            self.folder.keep_only(runner.used | kept_files(self.folder, [self.generation, self.generation - 1]))
        return outcome.epoch

    def _former(self, id_: str) -> list[FormerAuthor]:
        authors = self.works[id_]["authors"] if id_ in self.works else ()
        return [
            FormerAuthor(position, entry["name"], researcher_id)
            for position, (entry, researcher_id) in enumerate(
                zip(authors, self.researchers.get(id_, ()), strict=True), 1
            )
        ]

    def _store(self, found: Found, entries: dict[str, Any], gone: set[str]) -> None:
        self.works = {id_: entry for id_, entry in {**self.works, **entries}.items() if id_ not in gone}
        researchers = {**self.researchers, **found.researchers}
        self.researchers = {id_: ids for id_, ids in researchers.items() if id_ in self.works}
        self.redirects |= found.redirects

    def people(self) -> list[list[str]]:
        """Return the mentions of each researcher, as `WORK#POSITION`."""
        people: dict[str, list[str]] = {}
        for id_, researchers in self.researchers.items():
            for position, researcher_id in enumerate(researchers, 1):
                people.setdefault(researcher_id, []).append(f"{id_}#{position}")
        return sorted(map(sorted, people.values()))

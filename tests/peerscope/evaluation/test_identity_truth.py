from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.identity.mentions import MentionKey
from indexer.identity.weights import Weights
from indexer.records import Author, Work
from peerscope.cli import main
from peerscope.evaluation.identity.fitting import LEARNED, fit, fold_of, out_of_fold, pairs_of
from peerscope.evaluation.identity.truth import Sample, Truth, TruthError, clusters_of, evaluate_truth, read_truth
from peerscope.evaluation.identity.tuning import STEPS

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "work_id\tauthor_position\torcid\tflag"


def written(path: Path, *lines: str) -> Path:
    text = "".join(f"{line}\n" for line in (HEADER, *lines))
    with gzip.open(path, "wt", encoding="utf-8") if path.suffix == ".gz" else path.open("w") as file:
        file.write(text)
    return path


@pytest.mark.parametrize("name", ["truth.tsv", "truth.tsv.gz"])
def test_flagged_rows_are_left_out_and_positions_begin_at_zero(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name, "local:a\t0\tada\t", "local:b\t2\tbob\tsuspect")
    truth = read_truth(path)
    assert {str(key): person for key, person in truth.people.items()} == {"local:a#1": "ada"}
    assert truth.flagged == 1


@pytest.mark.parametrize(
    ("lines", "person", "message"),
    [
        (["local:a\t0\tada\t"], "acl_id", "choose one with --person: orcid"),
        (["local:a\tfirst\tada\t"], None, "line 2: work_id and author_position"),
        (["local:a\t-1\tada\t"], None, "line 2"),
        (["local:a\t0\tada\tsuspect"], None, "names no person"),
        (["local:a\t0\tada\t", "local:a\t0\tbob\t"], None, "named as two people"),
    ],
)
def test_an_unusable_truth_is_refused_with_its_place(
    tmp_path: Path, lines: list[str], person: str | None, message: str
) -> None:
    with pytest.raises(TruthError, match=message):
        read_truth(written(tmp_path / "truth.tsv", *lines), person)


def records() -> list[Work]:
    """Two people called Wei Wang, each with a colleague and a house; one Graham Neubig; ids that must not be used."""
    people = [("Nora Quist", "University of Utrecht"), ("Olaf Pint", "Mayo Clinic")]
    works = [
        Work(
            f"local:{side}{number}",
            f"{'Parsing treebanks' if side == 'a' else 'Fish in ponds'} {number}",
            (Author("Wei Wang", "acl:wrong", affiliation=house), Author(friend), Author("Graham Neubig")),
            year=2020,
        )
        for side, (friend, house) in zip("ab", people, strict=True)
        for number in range(4)
    ]
    crowd = [Work(f"local:c{n}", "T", (Author(f"{g} Wang"),)) for n, g in enumerate(("Bo", "Jun", "Li", "Hao", "Fei"))]
    return works + crowd + [Work(f"local:d{n}", "T", (Author(f"Wei {s}"),)) for n, s in enumerate(("Li", "Su", "Hu"))]


def truth() -> Truth:
    sample = Sample.of(records(), Truth(dict.fromkeys(keys(), "x")))
    return Truth({key: _person(key, sample) for key in keys()})


def keys() -> list[MentionKey]:
    sample = [(work.id, n) for work in records() for n, a in enumerate(work.authors, 1) if a.name != "Nora Quist"]
    return [MentionKey(*pair) for pair in sample]


def _person(key: MentionKey, sample: Sample) -> str:
    name = sample.mentions[key].name
    return f"{name} {key.work_id[6]}" if name == "Wei Wang" else name


def test_namesakes_are_measured_separately_and_ids_are_not_used() -> None:
    sample = Sample.of(records(), truth())
    assert not any(mention.source_id for mention in sample.mentions.values())
    result = evaluate_truth(sample, clusters_of(sample.resolve(Weights(), None)))
    assert result.ambiguous is not None
    assert (result.ambiguous.mentions, result.ambiguous.people) == (8, 2)
    assert result.ambiguous.scores == (1.0, 1.0, 1.0)
    assert result.ambiguous.same_name.precision == 0.5
    assert [count for count, _ in result.by_namesakes] == [1, 2]
    assert sum(part.mentions for _, part in result.by_frequency) == result.all.mentions
    assert result.wrong_merges == ()


def test_wrong_merges_and_splits_are_listed() -> None:
    sample = Sample.of(records(), truth())
    merged = evaluate_truth(sample, {key: sample.name(key) for key in sample.people})
    (merge,) = merged.wrong_merges
    assert merge.mentions == 8
    assert [len(members) for _, members in merge.parts] == [4, 4]
    alone = evaluate_truth(sample, {key: str(key) for key in sample.people})
    assert "Graham Neubig (Graham Neubig)" in {split.label for split in alone.wrong_splits}


def test_the_command_measures_without_an_engine(tmp_path: Path) -> None:
    rows = [f"{key.work_id}\t{key.position - 1}\t{person}\t" for key, person in truth().people.items()]
    path = written(tmp_path / "truth.tsv.gz", *rows, "local:nowhere\t0\tada\t")
    works = tmp_path / "works.jsonl.gz"
    with gzip.open(works, "wt") as file:
        for work in records():
            authors = [{"name": a.name, "id": a.id, "affiliation": a.affiliation} for a in work.authors]
            file.write(json.dumps({"id": work.id, "title": work.title, "authors": authors, "year": work.year}) + "\n")
    arguments = ["evaluate", "identity", "--truth", str(path), "--no-embeddings", str(works)]
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["ambiguous"]["f1"] == 1.0
    assert found["missing"] == 1
    shown = CliRunner().invoke(main, arguments)
    assert "ambiguous names" in shown.output
    assert "0 wrong merges" in shown.output
    refused = CliRunner().invoke(main, arguments[:-1])
    assert refused.exit_code == 2


def test_learned_weights_are_monotone_and_each_family_name_is_measured_by_the_others() -> None:
    friends = ["Nora Quist", "Olaf Pint", "Ann Tal"]
    works = [
        Work(
            f"local:{family}{g}{n}", "T", (Author(f"{given} {family}"), Author(friends[g]), Author(f"Zed {family}x{g}"))
        )
        for family in ("Abel", "Berg", "Cohn", "Dahl", "Egel", "Falk")
        for g, given in enumerate(("Ida", "Kim", "Leo"))
        for n in range(3)
    ]
    names = {(work.id, 1): work.authors[0].name for work in works}
    sample = Sample.of(works, Truth({MentionKey(*key): name for key, name in names.items()}))
    pairs = pairs_of(sample)
    assert pairs.is_same.sum() == 54
    weights = fit(pairs, Weights())
    assert all(getattr(weights, name) >= 0 for name in LEARNED)
    assert weights.strangers > 0
    folds = [fit(pairs, Weights(), without=fold) for fold in range(5)]
    assert {fold_of(family) for family in ("abel", "berg", "cohn", "dahl", "egel", "falk")} == set(
        np.unique(pairs.folds)
    )
    assert evaluate_truth(sample, out_of_fold(sample, folds)).all.scores == (1.0, 1.0, 1.0)


def test_every_weight_that_is_tuned_exists() -> None:
    assert all(isinstance(getattr(Weights(), name), float) for name in STEPS)

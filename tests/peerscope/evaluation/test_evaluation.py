from __future__ import annotations

import gzip
import importlib.util
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.records import parse_work
from peerscope.cli import main
from peerscope.evaluation import collection
from peerscope.evaluation.collection import UNKNOWN_AUTHOR, CollectionError, half, load, read_qrels, record
from peerscope.evaluation.metrics import bootstrap, per_query

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS: list[dict[str, Any]] = [
    {"_id": "a 1", "title": "Soil", "text": "Roots drink.", "metadata": {"authors": ["Ada, B."], "year": 1958}},
    {"_id": "10", "title": "", "text": " ".join(f"w{n}" for n in range(20))},
    {"_id": "empty", "title": "", "text": ""},
]
QUERIES = [{"_id": "q1", "text": "roots"}, {"_id": "q2", "text": "nothing relevant"}, {"_id": "q3", "text": "words"}]
TEST = "query-id\tcorpus-id\tscore\nq1\ta 1\t2\nq2\t10\t0\nq3\t10\t1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, lines in (("corpus", DOCUMENTS), ("queries", QUERIES)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(TEST, encoding="utf-8")
    return tmp_path


def test_a_collection_is_read_with_what_is_judged_relevant(folder: Path) -> None:
    known = load(folder)
    assert known.queries == {"q1": "roots", "q3": "words"}
    assert known.qrels == {"q1": {"a 1": 2}, "q3": {"10": 1}}
    assert known.original_ids == {"local:a%201": "a 1", "local:10": "10", "local:empty": "empty"}


def test_works_that_are_queries_are_named_by_their_id(folder: Path) -> None:
    pairs = folder / "pairs.tsv"
    pairs.write_text("query-id\tcorpus-id\tscore\na 1\t10\t1\n", encoding="utf-8")
    assert load(folder, pairs, by_work=True).queries == {"a 1": "Soil"}


def test_records_say_what_the_collection_knows_and_no_more() -> None:
    made = record(DOCUMENTS[0])
    assert made == {
        "id": "local:a%201",
        "title": "Soil",
        "abstract": "Roots drink.",
        "authors": [{"name": "Ada, B."}],
        "year": 1958,
    }
    assert parse_work(made).authors[0].name == "Ada, B."


def test_a_text_without_title_is_cut_and_no_word_counts_twice() -> None:
    made = record(DOCUMENTS[1])
    assert f"{made['title']} {made['abstract']}" == DOCUMENTS[1]["text"]
    assert len(made["title"].split()) == collection.TITLE_WORDS


def test_works_of_nobody_are_of_different_nobodies() -> None:
    (first,), (second,) = (record({"_id": id_, "title": "T", "text": ""})["authors"] for id_ in "xy")
    assert first["name"] == second["name"] == UNKNOWN_AUTHOR
    assert first["id"] != second["id"]


def test_several_splits_have_to_be_chosen_from(folder: Path) -> None:
    (folder / "qrels" / "test.tsv").rename(folder / "qrels" / "dev.tsv")
    assert load(folder).qrels.keys() == {"q1", "q3"}
    (folder / "qrels" / "train.tsv").write_text(TEST, encoding="utf-8")
    with pytest.raises(CollectionError, match=r"--qrels.*dev\.tsv, train\.tsv"):
        load(folder)


def test_a_bad_line_of_judgements_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("query-id\tcorpus-id\tscore\nq\td\tyes\n", encoding="utf-8")
    with pytest.raises(CollectionError, match="line 2"):
        read_qrels(path)


def test_the_halves_are_apart_and_make_up_the_whole() -> None:
    assert half("abcde", "odd") == ["a", "c", "e"]
    assert sorted(half("abcde", "odd") + half("abcde", "even")) == half("abcde", "all")


def test_ndcg_has_linear_gain_and_keeps_the_order_of_the_list() -> None:
    qrels = {"q": {"a": 1, "b": 4}}
    values = per_query(qrels, {"q": ["a", "x", "b"]}, ["nDCG@10", "recall@100", "MRR"])
    ideal = 4 + 1 / np.log2(3)
    assert values["nDCG@10"][0] == pytest.approx((1 + 4 / np.log2(4)) / ideal, abs=1e-4)
    assert values["recall@100"][0] == values["MRR"][0] == 1
    assert per_query(qrels, {"q": ["x", "a"]}, ["MRR"])["MRR"][0] == 0.5


def test_a_query_without_an_answer_counts_as_nothing() -> None:
    values = per_query({"q": {"a": 1}, "r": {"a": 1}}, {"r": ["a"], "q": []}, ["MRR"])
    assert values["MRR"].tolist() == [0, 1]


def test_the_interval_lies_around_the_mean_and_narrows_with_more_queries() -> None:
    values = np.random.default_rng(3).random(400)
    few, many = bootstrap(values[:25]), bootstrap(values)
    assert few.low < few.mean < few.high
    assert many.high - many.low == pytest.approx(4 * values.std() / 20, rel=0.1)
    assert many.high - many.low < few.high - few.low
    assert bootstrap(values) == many


def test_without_the_library_it_is_said_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pytrec_eval" else find(name))
    done = CliRunner().invoke(main, ["evaluate", "search", str(folder)])
    assert done.exit_code == 1
    assert "peerscope[evaluate]" in done.output


@pytest.mark.parametrize("what", ["search", "similar"])
def test_a_folder_that_is_no_collection_is_told(tmp_path: Path, what: str) -> None:
    done: Any = CliRunner().invoke(main, ["evaluate", what, str(tmp_path)])
    assert done.exit_code == 1
    assert "BEIR" in done.output


def test_candidates_are_told_apart_by_their_id() -> None:
    made = record({"_id": "d1", "title": "T", "text": "", "metadata": {"candidates": ["c2", "c9"]}})
    assert made["authors"] == [{"name": "c2", "id": "candidate:c2"}, {"name": "c9", "id": "candidate:c9"}]
    assert [author.id for author in parse_work(made).authors] == ["candidate:c2", "candidate:c9"]

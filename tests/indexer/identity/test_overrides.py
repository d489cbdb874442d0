from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexer.identity.clusters import Cluster
from indexer.identity.mentions import Mention, MentionKey, WorkFacts
from indexer.identity.overrides import OverridesError, load
from tests.indexer.identity.assignment import assign_ids

if TYPE_CHECKING:
    from pathlib import Path

MERGE = '[[merge]]\nids = ["one", "two"]\nreason = "same homepage"\n'
SPLIT = '[[split]]\nid = "one"\nmentions = ["local:b#1", "local:c#1"]\nreason = "another Wei Wang"\n'


def clusters(*groups: str) -> list[Cluster]:
    return [Cluster(tuple(Mention(WorkFacts(f"local:{work}"), 1, "Wei Wang") for work in group)) for group in groups]


def key(work: str) -> MentionKey:
    return MentionKey(f"local:{work}", 1)


def shape(found: tuple[Cluster, ...]) -> list[str]:
    return ["".join(mention.work.id[-1] for mention in cluster.mentions) for cluster in found]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "overrides.toml"


def test_a_merge_joins_and_says_why(file: Path) -> None:
    file.write_text(MERGE)
    before = {key("a"): "one", key("b"): "two", key("c"): "three"}
    found = load(file).apply(clusters("a", "b", "c"), before, {})
    assert shape(found) == ["ab", "c"]
    assert "decided in overrides.toml: same homepage" in found[0].describe()[0]


def test_decisions_hold_in_later_runs_whatever_evidence_says(file: Path) -> None:
    file.write_text(MERGE + SPLIT.replace("local:b", "local:d").replace("local:c", "local:e"))
    overrides = load(file)
    aliases: dict[str, str] = {}
    previous = {key("a"): "one", key("d"): "one", key("e"): "one", key("b"): "two"}
    for evidence in (("ade", "b"), ("a", "b", "d", "e"), ("ab", "de"), ("abde",), ("ad", "be")):
        found = overrides.apply(clusters(*evidence), previous, aliases)
        assert shape(found) == ["ab", "de"], evidence
        assigned = assign_ids(found, previous)
        previous, aliases = assigned.ids, aliases | assigned.redirects
        assert previous[key("a")] == previous[key("b")] == "one"
        assert previous[key("d")] != "one"


def test_a_merge_may_name_mentions(file: Path) -> None:
    file.write_text('[[merge]]\nmentions = ["local:a#1", "local:c#1"]\nreason = "told us"\n')
    assert shape(load(file).apply(clusters("a", "b", "c"), {}, {})) == ["ac", "b"]


def test_what_is_named_and_not_there_is_passed_over(file: Path) -> None:
    file.write_text(MERGE + SPLIT)
    assert shape(load(file).apply(clusters("a"), {}, {})) == ["a"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[merge]", "overrides.toml"),
        ("[[joins]]\n", "'joins' is not a known decision"),
        ("[merge]\n", "two brackets"),
        ('[[merge]]\nids = ["one"]\nreason = "x"\n', "merge 1 must name at least two"),
        ('[[merge]]\nids = ["one", "one"]\nreason = "x"\n', "merge 1: ids contains 'one' twice"),
        ('[[merge]]\nids = ["one", 2]\nreason = "x"\n', "merge 1: ids must be a list of strings"),
        ('[[merge]]\nids = ["one", "two"]\n', "merge 1 needs a reason"),
        ('[[merge]]\nids = ["one", "two"]\nreson = "x"\n', "merge 1 has the unknown key 'reson'"),
        ('[[split]]\nid = "one"\nreason = "x"\n', "split 1 needs the id"),
        ('[[split]]\nid = "one"\nmentions = ["doi:10.1/x"]\nreason = "x"\n', "WORK_ID#POSITION"),
        (SPLIT + SPLIT, "split 2 contains local:b#1, which is already in split 1"),
        (
            SPLIT + '[[merge]]\nmentions = ["local:a#1", "local:b#1"]\nreason = "x"\n',
            "merge 1 joins mentions that split 1 separates",
        ),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused_with_the_place(file: Path, text: str, complaint: str) -> None:
    file.write_text(text)
    with pytest.raises(OverridesError, match=complaint.replace("[", r"\[")):
        load(file)


def test_a_missing_file_is_said_to_be_missing(file: Path) -> None:
    with pytest.raises(OverridesError, match=r"overrides\.toml"):
        load(file)

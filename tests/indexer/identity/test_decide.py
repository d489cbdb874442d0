"""`peerscope merge | split`: decisions at the command line end up in overrides.toml, and can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from indexer.identity.overrides import Overrides, combine, load, parse_text
from peerscope import engine
from peerscope.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

WORK = {"id": "arxiv:1", "researchers": [{"id": "bo-1", "position": 1}, {"id": "wei-1", "position": 2}]}


class Index:
    """Two researchers, one id that was merged, and a work."""

    def exists(self, index: str, id: str) -> bool:  # noqa: A002
        return id in {"wei-1", "wei-2"}

    def get(self, index: str, id: str, ignore: list[int]) -> dict[str, Any]:  # noqa: A002
        return {"found": id == "wei-old", "_source": {"researcher_id": "wei-2"}}

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body["query"]["term"]["ids"]
        hits = {"acl:wei": {"_id": "wei-1"}, "10.1/x": {"_source": WORK}, "arxiv:1": {"_source": WORK}}
        hits |= {"doi:10.1000/x": {"_id": "doi:10.1000/x"}, "doi:10.1000/y": {"_id": "arxiv:1"}}
        return {"hits": {"hits": [hits[wanted]] if wanted in hits else []}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
    monkeypatch.setattr(engine, "connect", lambda _: Index())
    return tmp_path


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, result.output
    return result


def test_a_merge_is_added_under_the_ids_of_the_index_and_taken_back(home: Path) -> None:
    file = home / "overrides.toml"
    file.write_text('# Mine\n[[merge]]\nids = ["a", "b"]\nreason = "x"\n')
    output = run("merge", "acl:wei", "wei-old", "--reason", 'One "person"').output
    assert "next `peerscope index`" in output
    run("merge", "wei-1", "wei-2")
    merges = load(file).merges
    assert [(each.ids, each.reason) for each in merges] == [(("a", "b"), "x"), (("wei-1", "wei-2"), 'One "person"')]
    assert file.read_text().startswith("# Mine")
    assert file.stat().st_mode & 0o077 == 0
    run("merge", "wei-1", "wei-2", "--undo")
    assert [each.ids for each in load(file).merges] == [("a", "b")]
    run("merge", "wei-1", "wei-2", "--undo", code=1)


def test_a_split_names_the_authorships_of_the_researcher(home: Path) -> None:
    run("split", "wei-1", "--works", "10.1/x")
    (split,) = load(home / "overrides.toml").splits
    assert (split.id, [str(key) for key in split.mentions]) == ("wei-1", ["arxiv:1#2"])
    assert "decided at the command line" in split.reason


def test_works_are_joined_and_separated(home: Path) -> None:
    run("merge", "--works", "arXiv:1v2", "10.1000/x", "--reason", "One text")
    run("split", "arxiv:1", "--records", "10.1000/y")
    works = load(home / "overrides.toml").works
    assert [(each.ids, each.reason) for each in works.merges] == [(("arxiv:1", "doi:10.1000/x"), "One text")]
    assert [(each.id, each.others) for each in works.splits] == [("arxiv:1", ("doi:10.1000/y",))]
    run("merge", "--works", "arxiv:1", "10.1000/x", "--undo")
    run("split", "arxiv:1", "--records", "10.1000/y", "--undo")
    assert load(home / "overrides.toml") == Overrides()


def test_decisions_about_works_that_contradict_are_refused(home: Path) -> None:
    run("split", "arxiv:1", "--records", "10.1000/x")
    assert "separates" in run("merge", "--works", "arxiv:1", "10.1000/x", code=1).output


@pytest.mark.parametrize(
    "words",
    [
        ("merge", "--works", "arxiv:1", "arxiv:9"),
        ("merge", "--works", "arxiv:1", "arxiv:1"),
        ("split", "arxiv:1", "--records", "arxiv:1"),
        ("merge", "wei-1", "nobody"),
        ("merge", "wei-1", "acl:wei"),
        ("split", "wei-2", "--works", "arxiv:1"),
        ("split", "wei-1", "--works", "arxiv:9"),
        ("split", "wei-1", "--works", " , "),
    ],
)
def test_what_cannot_be_decided_changes_nothing(home: Path, words: tuple[str, ...]) -> None:
    assert "Error: " in run(*words, code=1).output
    assert not (home / "overrides.toml").exists()


def test_an_invalid_file_is_kept(home: Path) -> None:
    (home / "overrides.toml").write_text("[[merge]\n")
    assert "cannot hold this decision" in run("merge", "wei-1", "wei-2", code=1).output
    assert (home / "overrides.toml").read_text() == "[[merge]\n"


def test_decisions_of_the_operator_win_over_corrections() -> None:
    own = parse_text('[[split]]\nid = "a"\nmentions = ["w:1#1"]\nreason = "x"\n')
    given = parse_text(
        '[[split]]\nid = "a"\nmentions = ["w:1#1", "w:2#1"]\nreason = "y"\n[[merge]]\nids = ["b", "c"]\nreason = "y"\n'
    )
    both = combine(own, given)
    assert [[str(key) for key in split.mentions] for split in both.splits] == [["w:1#1"], ["w:2#1"]]
    assert [merge.ids for merge in both.merges] == [("b", "c")]
    assert combine(Overrides(), given) == given

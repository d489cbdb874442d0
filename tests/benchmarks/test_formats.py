from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from benchmarks.formats import files_in, main, read_files

if TYPE_CHECKING:
    from pathlib import Path


def test_records_warnings_and_reasons_of_each_folder(tmp_path: Path) -> None:
    folder = tmp_path / "formats" / "bibtex"
    folder.mkdir(parents=True)
    (folder / "a.bib").write_text(
        "@article{a, title={Oaks}, author={Ash, A. and others}}\n@article{b, year={2020}}\n", encoding="utf-8"
    )
    (folder / "SOURCES.md").write_text("where it is from", encoding="utf-8")
    (folder / "b.json").write_text("{broken", encoding="utf-8")
    outcome = read_files(files_in(folder))
    assert (outcome.files, outcome.records, len(outcome.works)) == (2, 2, 1)
    assert outcome.warnings == {"incomplete authors": 1}
    assert [problem.partition(":")[0] for problem in outcome.problems] == ["a.bib, line 2", str(folder / "b.json")]
    result = CliRunner().invoke(main, ["--show", "1"], env={"PEERSCOPE_DATA": str(tmp_path)})
    assert result.exit_code == 0, result.output
    assert "bibtex: local:a" in result.output
    assert 'title: "Oaks"' in result.output


def test_missing_data_is_named(tmp_path: Path) -> None:
    for arguments in ([], ["ris"]):
        result = CliRunner().invoke(main, arguments, env={"PEERSCOPE_DATA": str(tmp_path)})
        assert result.exit_code == 1
        assert "NOTHING MEASURED" in result.output

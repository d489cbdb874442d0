"""What an export must not carry into other programs: commands of TeX, formulas of spreadsheets, fields of RIS."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from indexer.sources.bibtex import BibtexFile
from search_api.works import citations, export
from search_api.works.formulas import is_safe_formula

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = [
    *("\\input{/etc/passwd}", "\\include{x}", "\\InputIfFileExists{x}{}{}", "\\@@input /etc/passwd", "\\@input{x}"),
    *(
        "\\write18{id}",
        "\\immediate\\write18{id}",
        "\\openin5=/etc/passwd",
        "\\openout5=x",
        "\\read5 to\\x",
        "\\special{x}",
    ),
    *(
        "\\catcode`\\@=11",
        "\\def\\x{}",
        "\\edef\\x{}",
        "\\let\\x=\\y",
        "\\csname input\\endcsname x",
        "\\newcommand{\\x}{}",
    ),
    *("\\usepackage{x}", "\\documentclass{x}", "\\begin{filecontents}{x}\\end{filecontents}", "\\loop\\iftrue\\repeat"),
    *(
        "\\directlua{os.execute()}",
        "\\lstinputlisting{x}",
        "\\includegraphics{x}",
        "\\href{javascript:x}{y}",
        "\\scantokens{x}",
    ),
    *(
        "^^5cinput{x}",
        "\\expandafter\\x",
        "a\\\\\\input{x}",
        "\\uppercase{\\input x}",
        "a%\n",
        "#1",
        "\\verb|x|",
        "\\text{\\input{x}}",
    ),
]
FORMULAS = [
    *(
        "\\ell_1",
        "O(n\\log n)",
        "\\mathbb{R}^{d}",
        "\\frac{a}{b}",
        "\\sqrt[3]{x}",
        "\\alpha \\leq \\beta",
        "\\left(x\\right)",
    ),
    *(
        "\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}",
        "50\\%",
        "\\hat{x}\\,\\mathrm{d}x",
        "{\\rm kT}",
        "x^{2}_{\\rm max}",
    ),
    *(
        "\\langle x|y\\rangle",
        "10^{-3}",
        "\\operatorname{argmin}",
        "\\text{if } x",
        "\\{1,\\dots,n\\}",
        "\\overline{x}",
    ),
]
CONTROL = re.compile(r"\\(?!text(?:backslash|braceleft|braceright|asciitilde|asciicircum)\b)[a-zA-Z@]+|\^\^")


def work(text: str, **changes: Any) -> Any:
    return {
        "id": "local:x",
        "ids": [f"arxiv:{text}"],
        "title": f"Oaks {text}",
        "abstract": text,
        "year": 2019,
        "date": None,
        "type": None,
        "venue": text,
        "doi": text,
        "url": text,
        "source": text,
        "language": text,
        "topics": [{"id": "x", "name": text}],
        "researchers": [{"name": f"Eva {text}"}, {"name": text}],
        **changes,
    }


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", ["${}$", "$x {} y$", "{}", "$$ {} $$"])
def test_no_command_reaches_tex(command: str, form: str) -> None:
    assert not is_safe_formula(command)
    entry = citations.bibtex(work(form.replace("{}", command)), "key")
    assert not CONTROL.search(entry), entry


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_stay_and_come_back(formula: str, tmp_path: Path) -> None:
    text = f"Bounds of ${formula}$ in oaks"
    entry = citations.bibtex(work("x", title=text, abstract=text), "key")
    assert f"${formula}$" in entry
    file = tmp_path / "a.bib"
    file.write_text(entry, encoding="utf-8")
    (item,) = BibtexFile(str(file))
    assert (item.value["title"], item.value["abstract"]) == (text, text)


@pytest.mark.parametrize("command", ["\\input{a}", "\\foo", "50%", "\\newcommand{a}{b}"])
def test_what_is_not_exported_as_a_formula_comes_back_as_text(command: str, tmp_path: Path) -> None:
    file = tmp_path / "a.bib"
    file.write_text(citations.bibtex(work("x", abstract=f"A ${command}$ b"), "key"), encoding="utf-8")
    (item,) = BibtexFile(str(file))
    assert item.value["abstract"] == f"A ${command}$ b"


SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\u200b", "\ufeff", "\u202e", "\t", "\r\n", "\0", " \u2003"])
def test_no_cell_is_a_formula(sign: str, before: str) -> None:
    (_, line) = export._csv([work(f"{before}{sign}1+1")], {"select": ["abstract", "venue"]})
    assert next(csv.reader([line])) == [f"'{before.replace(chr(0), '').lstrip(' ')}{sign}1+1"] * 2


@pytest.mark.parametrize("separator", [";", "\t", "|", ",", "\n", "\r", '"', '";"'])
def test_no_cell_begins_another_one(separator: str) -> None:
    text = f"a{separator}=1+1"
    line = "".join(export._csv([work(text)], {"select": ["abstract", "venue"]})).split("\r\n", 1)[1]
    assert re.fullmatch(r'("(?:[^"]|"")*",?)+\r\n', line)
    assert next(csv.reader([line.removesuffix("\r\n")], quoting=csv.QUOTE_ALL)) == [text, text]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029", "\x1c"])
def test_no_value_adds_a_field_or_a_record(line_end: str) -> None:
    text = f"a{line_end}ER  - {line_end}TY  - JOUR{line_end}TI  - b"
    lines = citations.ris(work(text, id=f"local:{text}", ids=[])).splitlines()
    assert [line for line in lines if line.startswith("TY  -")] == lines[:1]
    assert sum(line.startswith("ER  -") for line in lines) == 1
    assert len({line[:6] for line in lines if line}) <= 14
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", f"{line} ") for line in lines if line)
    assert json.loads(citations.csl(work(text)))["abstract"] == text

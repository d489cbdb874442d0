from __future__ import annotations

import pytest

from indexer.institutions import Registry, slug
from indexer.records import Author, Institution


@pytest.mark.parametrize(
    ("affiliation", "names"),
    [
        ("University of Edinburgh", ["University of Edinburgh"]),
        ("Dept. of CS, Univ. of Edinburgh, UK", ["University of Edinburgh"]),
        ("Department of CS, University of Maryland, College Park", ["University of Maryland, College Park"]),
        ("Indian Institute of Technology, Bombay", ["Indian Institute of Technology, Bombay"]),
        ("Aalto University, Charles University", ["Aalto University", "Charles University"]),
        ("University of California, Berkeley", ["University of California, Berkeley"]),
        ("University of Pittsburgh, Department of Informatics, School of Computing", ["University of Pittsburgh"]),
        (
            "Institute of Information Engineering, Chinese Academy of Sciences",
            ["Institute of Information Engineering, Chinese Academy of Sciences"],
        ),
        ("Amazon and University of Cambridge", ["Amazon", "University of Cambridge"]),
        ("University of Science and Technology of China", ["University of Science and Technology of China"]),
        ("McGill University / Mila / FAIR", ["McGill University", "Mila - Quebec AI Institute", "Meta"]),
        ("Fudan University;Sensetime;Meituan", ["Fudan University", "SenseTime", "Meituan"]),
        ("University of Rochester and University of Rochester", ["University of Rochester"]),
        ("SUN YAT-SEN UNIVERSITY", ["Sun Yat-sen University"]),
        ("tsinghua university", ["Tsinghua University"]),
        ("NIST", ["NIST"]),
        ("German Aerospace Center (DLR)", ["German Aerospace Center"]),
        ("N/A", []),
        ("Independent Researcher", []),
        ("  ", []),
    ],
)
def test_a_printed_affiliation_is_taken_apart(affiliation: str, names: list[str]) -> None:
    assert [resolved.name for resolved in Registry().printed(affiliation)] == names


@pytest.mark.parametrize(
    "spelling", ["Huawei Technologies Co., Ltd.", "HUAWEI Technologies", "huawei technologies co ltd"]
)
def test_a_legal_form_makes_no_other_institution(spelling: str) -> None:
    assert slug(spelling) == "huawei-technologies"


def test_what_is_only_a_legal_form_keeps_its_name() -> None:
    assert slug("AG") == "ag"
    assert slug("The University of Sydney") == slug("university of sydney")


def test_a_sources_own_institution_comes_before_what_is_printed() -> None:
    author = Author(
        "A",
        affiliation="Somewhere",
        institutions=(
            Institution("McGill University", "openalex:I5023651", "https://ror.org/01pxwe438"),
            Institution("Elsewhere", "openalex:I1", None),
            Institution("By Name", None, None),
        ),
    )
    assert Registry().of_author(author) == [
        {"id": "ror:01pxwe438", "name": "McGill University"},
        {"id": "openalex:I1", "name": "Elsewhere"},
        {"id": "by-name", "name": "By Name"},
    ]


def test_one_institution_is_named_once() -> None:
    found = Registry().of_author(Author("A", affiliation="ETH Zürich; eth zurich"))
    assert found == [{"id": "eth-zurich", "name": "ETH Zurich"}]

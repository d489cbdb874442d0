"""Formatted references in the citation styles that pages offer, and in any other."""

from __future__ import annotations

from typing import Any

import pytest

from search_api.works import bibliography
from search_api.works.bibliography import STYLES, UnknownStyleError, reference


def work(**changes: Any) -> Any:
    """Return the document of an article, with changes."""
    return {
        "id": "doi:10.1000/abc",
        "ids": ["doi:10.1000/abc"],
        "type": "article",
        "title": "Learning to read $\\theta$ waves",
        "researchers": [{"name": "Ada B. Low"}, {"name": "Jan van der Berg"}],
        "date": "2019-03-04",
        "year": 2019,
        "venue": "Journal of Waves",
        "doi": "10.1000/abc",
        "url": "https://example.org/1",
        "abstract": None,
        "language": "en",
        "source": "a-catalogue",
        "is_retracted": False,
    } | changes


ARTICLE = {
    "apa": "Low, A. B., & van der Berg, J. (2019). Learning to read θ waves. Journal of Waves. "
    "https://doi.org/10.1000/abc",
    "mla": "Low, Ada B., and Jan van der Berg. “Learning to Read Θ Waves.” Journal of Waves, Mar. 2019, "
    "https://doi.org/10.1000/abc.",
    "ieee": "A. B. Low and J. van der Berg, “Learning to read θ waves,” Journal of Waves, Mar. 2019, doi: 10.1000/abc.",
}


@pytest.mark.parametrize(("style", "line"), ARTICLE.items())
def test_an_article_in_the_common_styles(style: str, line: str) -> None:
    assert reference(work(), style) == line


@pytest.mark.parametrize("style", [*STYLES, "nature", "association-for-computational-linguistics"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"type": None, "venue": None, "doi": None, "date": None, "year": None, "url": None},
        {"type": "preprint", "venue": "arXiv", "ids": ["arxiv:1901.00001"]},
        {"researchers": []},
        {"researchers": [{"name": "The ATLAS Collaboration"}] * 300, "type": "book"},
    ],
)
def test_every_record_has_one_line_with_its_title_and_no_import_source(style: str, changes: dict[str, Any]) -> None:
    line = reference(work(**changes), style)
    assert "waves" in line.lower()
    assert "\n" not in line
    assert "a-catalogue" not in line or changes.get("type") == "preprint"
    assert not line.startswith(("[1]", "1."))


def test_a_preprint_names_its_archive() -> None:
    line = reference(work(type="preprint", venue="arXiv", doi=None, ids=["arxiv:1901.00001"]), "apa")
    assert line.endswith("(ArXiv:1901.00001). arXiv. https://example.org/1")


@pytest.mark.parametrize("style", ["no-such-style", "../apa", "", "APA"])
def test_an_unknown_style_is_an_error(style: str) -> None:
    with pytest.raises(UnknownStyleError):
        reference(work(), style)


def test_styles_are_parsed_once() -> None:
    assert bibliography._style("apa") is bibliography._style("apa")

"""Numbers of arXiv: whoever writes them, queries and imports read the same id."""

from __future__ import annotations

import pytest

from indexer.records import parse_work
from indexer.sources.bibliography import arxiv_number
from mappings import work_id
from search_api.understanding.identifiers import identifier_in

#: Number as it is stored -> archive and month in paths of files, the number in those paths, and its spellings.
NUMBERS = {
    "0706.1234": ("arxiv", "0706", "0706.1234", ("0706.1234", "0706.1234v2")),
    "1402.33751": ("arxiv", "1402", "1402.33751", ("1402.33751", "1402.33751v11")),
    "cs/0206006": ("cs", "0206", "0206006", ("cs/0206006", "cs/0206006v1", "cs.LG/0206006", "CS.lg/0206006v3")),
    "cond-mat/0309136": (
        *("cond-mat", "0309", "0309136"),
        ("cond-mat/0309136", "cond-mat.str-el/0309136", "cond-mat.STR-EL/0309136v2"),
    ),
    "math/0309136": ("math", "0309", "0309136", ("math/0309136v2", "math.GT/0309136")),
}
#: Pages and files of a paper: at arXiv, at its mirrors, and at sites that show its papers.
PAGES = (
    *("https://arxiv.org/abs/{}", "http://arxiv.org/pdf/{}", "https://arxiv.org/pdf/{}.pdf", "arxiv.org/html/{}"),
    *("https://www.arxiv.org/abs/{}?context=cs", "https://arxiv.org/pdf/{}.PDF#page=2", "https://arxiv.org/abs/{}/"),
    *("https://arxiv.org/ps/{}", "https://arxiv.org/e-print/{}", "https://arxiv.org/src/{}", "https://arxiv.org/tb/{}"),
    *("https://arxiv.org/html/{}/index.html", "https://arxiv.org/format/{}", "HTTPS://ArXiv.org/abs/{}"),
    *("https://export.arxiv.org/abs/{}", "http://export.arxiv.org/pdf/{}", "https://browse.arxiv.org/html/{}"),
    *("http://de.arxiv.org/abs/{}", "http://lanl.arxiv.org/abs/{}", "http://xxx.lanl.gov/abs/{}"),
    *("https://ar5iv.labs.arxiv.org/html/{}", "https://ar5iv.org/html/{}", "https://www.alphaxiv.org/abs/{}"),
    *("https://alphaxiv.org/pdf/{}", "alphaxiv.org/overview/{}"),
)
#: Files by archive and month, of the first twenty years.
FILES = (
    *(
        "https://arxiv.org/PS_cache/{archive}/pdf/{month}/{number}v1.pdf",
        "arxiv.org/ftp/{archive}/papers/{month}/{number}.pdf",
    ),
    *("http://export.arxiv.org/PS_cache/{archive}/pdf/{month}/{number}v2.pdf",),
    *("http://xxx.lanl.gov/PS_cache/{archive}/ps/{month}/{number}.ps.gz",),
)
ADDRESSES = [
    *((page.format(text), id_) for id_, (*_, texts) in NUMBERS.items() for page in PAGES for text in texts),
    *(
        (file.format(archive=archive, month=month, number=number), id_)
        for id_, (archive, month, number, _) in NUMBERS.items()
        for file in FILES
    ),
]
BARE = [
    (form.format(text), id_)
    for id_, (*_, texts) in NUMBERS.items()
    for text in texts
    for form in ("{}", "arxiv:{}", "arXiv:{}", "10.48550/arXiv.{}", "https://doi.org/10.48550/arXiv.{}")
]


@pytest.mark.parametrize(("text", "number"), [*ADDRESSES, *BARE])
def test_queries_and_imports_read_the_same_id(text: str, number: str) -> None:
    found = identifier_in(text)
    assert found is not None
    record = {"title": "T", "id": text, "ids": [text], "references": [text]}
    work = parse_work(record | {"id": "local:other"})
    assert {found.id, work_id(text), parse_work(record).id, *work.ids, *work.references} == {f"arxiv:{number}"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *ADDRESSES,
        *(
            (f"{before}arXiv:{text}{after}", number)
            for text, number in BARE[::5]
            for before, after in (("", ""), ("arXiv preprint ", " [x]"), ("(", ")."), ("CoRR, ", ", 2002"))
        ),
    ],
)
def test_fields_of_references_have_the_same_number(text: str, number: str) -> None:
    assert arxiv_number(None, "no number", text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("Available at https://arxiv.org/abs/{}.", "<https://arxiv.org/abs/{}>", "'https://arxiv.org/pdf/{}v1.pdf'."),
        *('<a href="https://arxiv.org/abs/{}">', "[x](https://arxiv.org/abs/{})", "https://arxiv.org/abs/{}: a note"),
        *(
            "arXiv:{}v2.pdf",
            "arXiv:{}/cs.LG",
            "arXiv:{}.Published in X",
            "arXiv:{}-comments",
            "arXiv:{}_v2",
            "arXiv:{}.",
        ),
    ],
)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_ends_where_the_text_around_it_goes_on(text: str, number: str) -> None:
    assert arxiv_number(text.format(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        *("https://arxiv.org/list/cs.LG/0706", "https://arxiv.org/list/cs/0206", "https://arxiv.org/year/cs/2002"),
        *("https://info.arxiv.org/help/1234567", "https://arxiv.org/catchup/cs/2020-01-01", "https://arxiv.org/"),
        *("https://arxiv.org/a/kording_k_1", "physics.com/1234567", "cs/020600", "2015.12345", "cs.LG", "1402.337"),
    ],
)
def test_other_texts_and_pages_have_no_number(text: str) -> None:
    assert identifier_in(text) is None
    assert work_id(text) == f"local:{text}"
    assert arxiv_number(text, f"arxiv:{text}") is None

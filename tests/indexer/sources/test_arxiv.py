from __future__ import annotations

from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest

from indexer.records import Author, parse_work
from indexer.sources import Item, Selection, SourceError, arxiv, open_sources
from indexer.sources.arxiv import ArxivQuery, search_query

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.sources.http_client import HttpClient

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">'
)
ENTRY = """<entry>
  <id>http://arxiv.org/abs/1910.00744v2</id>
  <title>Reverse-engineering
    deep ReLU networks</title>
  <updated>2020-02-10T01:02:03Z</updated>
  <published>2019-10-02T01:51:18Z</published>
  <summary>  It has been widely assumed that a &lt; b.
  </summary>
  <author><name>David Rolnick</name><arxiv:affiliation>McGill</arxiv:affiliation></author>
  <author><name>Konrad P. Kording</name></author>
  <arxiv:doi>10.1000/XYZ, 10.1000/abc</arxiv:doi>
  <arxiv:journal_ref>ICML 2020</arxiv:journal_ref>
  <arxiv:primary_category term="stat.ML"/>
  <category term="cs.LG"/><category term="stat.ML"/><category term="68T05"/><category term="I.2.6; I.5.1"/>
</entry>"""


def entry(number: int) -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/2401.{number:05d}v1</id><title>Work {number}</title>"
        f"<published>2024-01-02T00:00:00Z</published><author><name>A B</name></author>"
        f'<category term="cs.LG"/></entry>'
    )


def feed(entries: str, total: int | None) -> bytes:
    counted = "" if total is None else f"<opensearch:totalResults>{total}</opensearch:totalResults>"
    return f"{HEAD}{counted}{entries}</feed>".encode()


class Archive:
    """Answers as the API does, out of `size` works."""

    def __init__(self, server: Any, reply: Any, size: int) -> None:
        self._reply, self._size = reply, size
        server.answer = self

    def __call__(self, params: dict[str, str]) -> Any:
        start = int(params["start"])
        numbers = range(start, min(start + int(params["max_results"]), self._size))
        return self._reply(feed("".join(map(entry, numbers)), self._size))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv, "PAGE", 10)


def ids(items: list[Item]) -> list[int]:
    return [int(item.value["id"].partition(".")[2]) for item in items]


def test_an_entry_in_the_import_format(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(feed(ENTRY, 1))]
    (item,) = ArxivQuery(Selection("ti:relu"), server.url, client)
    work = parse_work(item.value)
    assert (work.id, work.title) == ("arxiv:1910.00744", "Reverse-engineering deep ReLU networks")
    assert work.abstract == "It has been widely assumed that a < b."
    assert (work.year, work.date, work.doi) == (2019, "2019-10-02", "10.1000/xyz")
    assert (work.type, work.venue, work.source) == ("preprint", "arXiv", "arXiv")
    assert work.url == "https://arxiv.org/abs/1910.00744"
    assert work.topics == (("stat.ML", None), ("cs.LG", None))
    assert work.authors == (Author("David Rolnick", affiliation="McGill"), Author("Konrad P. Kording"))
    assert "1910.00744v2" in item.text


def test_old_numbers_keep_their_archive(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(feed(ENTRY.replace("1910.00744v2", "math.GT/0309136v1"), 1))]
    (item,) = ArxivQuery(Selection("x"), server.url, client)
    assert parse_work(item.value).id == "arxiv:math/0309136"


def test_all_pages_are_read_oldest_first(server: Any, reply: Any, client: HttpClient) -> None:
    Archive(server, reply, 25)
    items = list(ArxivQuery(Selection("cat:cs.LG"), server.url, client))
    assert ids(items) == list(range(25))
    assert [item.line for item in items] == list(range(1, 26))
    assert [params["start"] for params in server.asked] == ["0", "10", "20"]
    assert {params["sortOrder"] for params in server.asked} == {"ascending"}


def test_a_limit_asks_for_no_more_than_that(server: Any, reply: Any, client: HttpClient) -> None:
    Archive(server, reply, 10**9)
    assert ids(list(ArxivQuery(Selection("x", limit=13), server.url, client))) == list(range(13))
    assert [params["max_results"] for params in server.asked] == ["10", "3"]


def test_nothing_found_is_no_error(server: Any, reply: Any, client: HttpClient) -> None:
    Archive(server, reply, 0)
    assert list(ArxivQuery(Selection("x"), server.url, client)) == []


def test_more_than_the_api_gives_is_said_at_the_end(
    server: Any, reply: Any, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arxiv, "MAX_RESULTS", 15)
    Archive(server, reply, 40)
    source = iter(ArxivQuery(Selection("x"), server.url, client))
    assert ids(list(islice(source, 15))) == list(range(15))
    with pytest.raises(SourceError, match=r"40 results.*only the first 15;.*arxiv-oai"):
        next(source)


@pytest.mark.parametrize(
    "page", [feed("", 25), feed(entry(0), None), b"<html><body>Rate exceeded.</body></html>", feed(entry(0), 25)[:-30]]
)
def test_a_page_that_is_empty_or_broken_is_asked_for_again(
    server: Any, reply: Any, client: HttpClient, page: bytes
) -> None:
    Archive(server, reply, 25)
    server.replies = [reply(page)]
    assert ids(list(ArxivQuery(Selection("x"), server.url, client))) == list(range(25))
    assert len(server.asked) == 4


def test_a_page_that_stays_broken_ends_the_source_after_what_came_before(
    server: Any, reply: Any, client: HttpClient
) -> None:
    Archive(server, reply, 25)
    source = iter(ArxivQuery(Selection("x"), server.url, client))
    seen = [next(source) for _ in range(10)]
    server.answer = lambda params: reply(b"<feed")
    with pytest.raises(SourceError, match="the response is damaged: not well-formed XML"):
        next(source)
    assert ids(seen) == list(range(10))


def test_arxivs_own_error_is_told(server: Any, reply: Any, client: HttpClient) -> None:
    words = escape("incorrect id format for <x>")
    error = f"<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>{words}</summary></entry>"
    server.replies = [reply(feed(error, 1))]
    with pytest.raises(SourceError, match="incorrect id format for <x>"):
        list(ArxivQuery(Selection("x"), server.url, client))


def test_a_query_and_days_are_joined() -> None:
    day = date(2024, 1, 31)
    assert search_query("a OR b", None, None) == "a OR b"
    assert search_query("a OR b", day, day) == "(a OR b) AND submittedDate:[202401310000 TO 202401312359]"
    assert search_query(None, None, day) == "submittedDate:[199101010000 TO 202401312359]"
    assert search_query(None, day, None).startswith("submittedDate:[202401310000 TO 20")


def test_a_saved_answer_is_a_file_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "answer.xml"
    file.write_bytes(feed(ENTRY + entry(7), 2))
    (source,) = open_sources([str(file)])
    assert [item.value["id"] for item in source] == ["arxiv:1910.00744", "arxiv:2401.00007"]

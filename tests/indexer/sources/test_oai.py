from __future__ import annotations

import gzip
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from indexer.records import Author, parse_work
from indexer.sources import Item, Selection, SourceError, open_sources
from indexer.sources.http_client import HttpClient
from indexer.sources.oai import MAX_RESTARTS, ArxivHarvest

if TYPE_CHECKING:
    from pathlib import Path


RECORD = """<record>
 <header><identifier>oai:arXiv.org:math/0309136</identifier><datestamp>2024-01-03</datestamp><setSpec>math</setSpec></header>
 <metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/">
  <id>math/0309136</id><created>2003-09-07</created><updated>2003-10-01</updated>
  <authors>
   <author><keyname>Calegari</keyname><forenames>Danny</forenames><affiliation>Caltech</affiliation>
    <affiliation>ANU</affiliation></author>
   <author><keyname>Gauss</keyname><forenames>C. F.</forenames><suffix>Jr</suffix></author>
   <author><keyname>ATLAS Collaboration</keyname></author>
  </authors>
  <title>Circular groups, planar groups,
    and the Euler class</title>
  <categories>math.GT math.GR</categories><journal-ref>Geom. Topol. 7</journal-ref>
  <doi>10.2140/gtm.2004.7.431</doi><license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license>
  <abstract> We study groups of C^1 diffeomorphisms. </abstract>
 </arXiv></metadata></record>"""
DELETED = """<record><header status="deleted"><identifier>oai:arXiv.org:2401.99999</identifier>
 <datestamp>2024-02-01</datestamp></header></record>"""


def record(number: int, day: str) -> str:
    return (
        f"<record><header><identifier>oai:arXiv.org:2401.{number:05d}</identifier><datestamp>{day}</datestamp></header>"
        f'<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2401.{number:05d}</id><created>2024-01-01</created>'
        f"<authors><author><keyname>B</keyname><forenames>A</forenames></author></authors><title>Work {number}</title>"
        f"<categories>cs.LG</categories></arXiv></metadata></record>"
    )


def answer(records: str, token: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>2024-06-01T00:00:00Z</responseDate><ListRecords>{records}"
        f"<resumptionToken>{token}</resumptionToken></ListRecords></OAI-PMH>"
    ).encode()


def error(code: str) -> bytes:
    return (
        f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="{code}">words</error></OAI-PMH>'.encode()
    )


class Archive:
    """Answers as an OAI-PMH server does: (number, day) in the order given, `part` at a time; tokens can expire."""

    def __init__(self, server: Any, reply: Any, works: list[tuple[int, str]], part: int = 3) -> None:
        self._reply, self._works, self._part = reply, works, part
        self._lists: dict[str, list[tuple[int, str]]] = {}
        self._tokens = count(1)
        self.expire: set[str] = set()
        server.answer = self

    def __call__(self, params: dict[str, str]) -> Any:
        token = params.get("resumptionToken")
        if token:
            assert params.keys() == {"verb", "resumptionToken"}
            if token in self.expire:
                return self._reply(error("badResumptionToken"))
            rest = self._lists[token]
        else:
            assert params["metadataPrefix"] == "arXiv"
            rest = [(number, day) for number, day in self._works if params.get("from", "") <= day]
        if not rest:
            return self._reply(error("noRecordsMatch"))
        now, later = rest[: self._part], rest[self._part :]
        following = f"token{next(self._tokens)}" if later else ""
        self._lists[following] = later
        return self._reply(answer("".join(record(*work) for work in now), following))


def ids(items: list[Item]) -> list[int]:
    return [int(item.value["id"].partition(".")[2]) for item in items]


WORKS = [(number, f"2024-01-{1 + number // 4:02d}") for number in range(11)]


def test_a_record_in_the_import_format(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(answer(RECORD))]
    (item,) = ArxivHarvest(Selection(), server.url, client)
    work = parse_work(item.value)
    assert (work.id, work.doi) == ("arxiv:math/0309136", "10.2140/gtm.2004.7.431")
    assert work.title == "Circular groups, planar groups, and the Euler class"
    assert (work.date, work.year, work.venue) == ("2003-09-07", 2003, "arXiv")
    assert work.topics == (("math.GT", None), ("math.GR", None))
    assert work.license == "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
    assert work.authors == (
        Author("Danny Calegari", affiliation="Caltech; ANU"),
        Author("C. F. Gauss Jr"),
        Author("ATLAS Collaboration"),
    )


@pytest.mark.parametrize(
    ("number", "created", "date", "year"),
    [
        ("1706.03762", "2017-06-12", "2017-06-12", 2017),
        ("1706.03762", "2023-08-02", None, 2017),
        ("0704.0001", "2007-03-31", "2007-03-31", 2007),
        ("hep-th/9901001", "1999-02-01", None, 1999),
        ("math.GT/0309136", "2003-09-07", "2003-09-07", 2003),
    ],
)
def test_a_later_versions_day_is_not_taken_for_the_first(
    server: Any, reply: Any, client: HttpClient, number: str, created: str, date: str | None, year: int
) -> None:
    changed = RECORD.replace("<id>math/0309136<", f"<id>{number}<").replace("2003-09-07", created)
    server.replies = [reply(answer(changed))]
    (item,) = ArxivHarvest(Selection(), server.url, client)
    work = parse_work(item.value)
    assert (work.date, work.year) == (date, year)


@pytest.mark.parametrize(
    ("comments", "gone"),
    [
        ("This paper has been withdrawn by the author due to an error", True),
        ("Withdrawn.", True),
        ("10 pages; a claim was withdrawn", False),
    ],
)
def test_a_withdrawn_work_says_so(server: Any, reply: Any, client: HttpClient, comments: str, gone: bool) -> None:
    server.replies = [reply(answer(RECORD.replace("<doi>", f"<comments>{comments}</comments><doi>")))]
    (item,) = ArxivHarvest(Selection(), server.url, client)
    assert item.value.get("withdrawn", False) is gone
    assert item.value["id"] == "arxiv:math/0309136"


def test_letters_of_tex_become_letters_and_formulas_stay(server: Any, reply: Any, client: HttpClient) -> None:
    changed = (
        RECORD.replace("Calegari", r"Bal\'azs")
        .replace("Gauss", r"Erd\H{o}s")
        .replace("Circular", r"Poincar\'{e}, $\dot{x}$ and {\O}rsted's {\"o}")
        .replace("C^1", r"C^1 $\'e$ \alpha na\"{\i}ve")
    )
    server.replies = [reply(answer(changed))]
    (item,) = ArxivHarvest(Selection(), server.url, client)
    work = parse_work(item.value)
    assert [author.name for author in work.authors[:2]] == ["Danny Balázs", "C. F. Erdős Jr"]
    assert work.title.startswith(r"Poincaré, $\dot{x}$ and Ørsted's ö groups")
    assert work.abstract == r"We study groups of C^1 $\'e$ \alpha naïve diffeomorphisms."


def test_days_that_arxiv_refuses_are_not_asked_for(server: Any, reply: Any, client: HttpClient) -> None:
    Archive(server, reply, WORKS)
    list(ArxivHarvest(Selection(since=date(2000, 1, 1), until=date(2999, 1, 1)), server.url, client))
    assert not {"from", "until"} & server.asked[0].keys()
    server.asked.clear()
    list(ArxivHarvest(Selection(since=date(2006, 1, 1), until=date(2024, 1, 31)), server.url, HttpClient(0, backoff=0)))
    assert (server.asked[0]["from"], server.asked[0]["until"]) == ("2006-01-01", "2024-01-31")


def test_all_parts_are_read(server: Any, reply: Any, client: HttpClient) -> None:
    Archive(server, reply, WORKS)
    assert ids(
        list(ArxivHarvest(Selection(set_="cs", since=date(2024, 1, 1), until=date(2024, 1, 31)), server.url, client))
    ) == list(range(11))
    assert server.asked[0] == {
        "verb": "ListRecords",
        "metadataPrefix": "arXiv",
        "set": "cs",
        "from": "2024-01-01",
        "until": "2024-01-31",
    }
    assert [params["resumptionToken"] for params in server.asked[1:]] == ["token1", "token2", "token3"]


def test_after_an_expired_token_nothing_is_lost_and_nothing_comes_twice(
    server: Any, reply: Any, client: HttpClient
) -> None:
    Archive(server, reply, WORKS).expire = {"token2"}
    assert ids(list(ArxivHarvest(Selection(), server.url, client))) == list(range(11))
    # Works 4 and 5 were given of the second day, and that is where the list is asked for anew.
    assert server.asked[3] == {"verb": "ListRecords", "metadataPrefix": "arXiv", "from": "2024-01-02"}


def test_where_days_are_in_no_order_an_expired_token_costs_the_whole_list(
    server: Any, reply: Any, client: HttpClient
) -> None:
    works = [(0, "2024-01-05"), (1, "2024-01-02"), (2, "2024-01-06"), (3, "2024-01-01"), (4, "2024-01-07")]
    Archive(server, reply, works, part=2).expire = {"token2"}
    assert set(ids(list(ArxivHarvest(Selection(), server.url, client)))) == set(range(5))
    assert "from" not in server.asked[3]


def test_tokens_that_never_last_end_the_harvest(server: Any, reply: Any, client: HttpClient) -> None:
    Archive(server, reply, [(number, "2024-01-01") for number in range(9)]).expire = {f"token{n}" for n in range(99)}
    with pytest.raises(SourceError, match=f"a token expired for the {MAX_RESTARTS + 1}th time"):
        list(ArxivHarvest(Selection(), server.url, client))


def test_a_server_that_says_come_back_later_is_waited_for(server: Any, reply: Any, client: HttpClient) -> None:
    Archive(server, reply, WORKS)
    server.replies = [reply(b"Retry", 503, {"Retry-After": "0"})]
    assert len(list(ArxivHarvest(Selection(), server.url, client))) == 11


def test_a_deleted_record_withdraws_its_work(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(answer(record(1, "2024-01-01") + DELETED))]
    kept, deleted = ArxivHarvest(Selection(), server.url, client)
    assert (kept.problem, deleted.problem) == (None, None)
    assert deleted.value == {"id": "arxiv:2401.99999", "withdrawn": True}


def test_nothing_found_is_no_error(server: Any, reply: Any, client: HttpClient) -> None:
    Archive(server, reply, [])
    assert list(ArxivHarvest(Selection(set_="cs"), server.url, client)) == []


@pytest.mark.parametrize("page", [answer(record(0, "2024-01-01"))[:-40], b"<html/>", b""])
def test_a_broken_part_is_asked_for_again(server: Any, reply: Any, client: HttpClient, page: bytes) -> None:
    Archive(server, reply, WORKS)
    server.replies = [reply(page)]
    assert ids(list(ArxivHarvest(Selection(), server.url, client))) == list(range(11))


def test_an_error_of_the_protocol_is_told(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(error("badArgument"))]
    with pytest.raises(SourceError, match="badArgument: words"):
        list(ArxivHarvest(Selection(set_="nonsense"), server.url, client))


def test_a_server_that_goes_in_circles_is_left(server: Any, reply: Any, client: HttpClient) -> None:
    server.answer = lambda params: reply(answer(record(0, "2024-01-01"), "same"))
    with pytest.raises(SourceError, match="the same part again and again"):
        list(ArxivHarvest(Selection(), server.url, client))


def test_a_server_that_never_ends_is_held_to_the_limit(server: Any, reply: Any, client: HttpClient) -> None:
    numbers = count()
    server.answer = lambda params: reply(answer(record(next(numbers), "2024-01-01"), f"t{next(numbers)}"))
    assert len(list(ArxivHarvest(Selection(limit=20), server.url, client))) == 20
    assert len(server.asked) == 20


def test_a_saved_answer_is_a_file_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "part.xml.gz"
    file.write_bytes(gzip.compress(answer(RECORD + DELETED)))
    (source,) = open_sources([str(file)])
    assert [item.value["id"] for item in source] == ["arxiv:math/0309136", "arxiv:2401.99999"]


def test_an_unknown_metadata_format_is_refused_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "marc.xml"
    file.write_bytes(answer("<record><header/><metadata><picture xmlns='x'/></metadata></record>"))
    ((item,),) = open_sources([str(file)])
    assert "metadataPrefix=oai_dc" in str(item.problem)

from __future__ import annotations

import gzip
import json
from copy import deepcopy
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from indexer.records import Author, Institution, RecordWarning, parse_work, unknown_keys
from indexer.sources import Item, Selection, SourceError, open_harvester, open_sources, openalex
from indexer.sources.openalex import OpenAlexWorks
from indexer.sources.openalex_records import abstract, is_work, work_record
from peerscope.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.sources.http_client import HttpClient

WORK: dict[str, Any] = {
    "id": "https://openalex.org/W2000000001",
    "doi": "https://doi.org/10.1000/ABC",
    "ids": {"pmid": "https://pubmed.ncbi.nlm.nih.gov/77", "mag": "2000000001", "doi": "https://doi.org/10.1000/ABC"},
    "referenced_works": ["https://openalex.org/W7", "https://openalex.org/W3"],
    "title": "<i>Drosophila</i> &amp; the state of a < b",
    "publication_year": 2018,
    "publication_date": "2018-02-13",
    "language": "en",
    "type": "article",
    "primary_location": {
        "landing_page_url": "https://doi.org/10.1000/abc",
        "license": "cc-by",
        "source": {"id": "https://openalex.org/S1", "display_name": "PeerJ"},
    },
    "authorships": [
        {
            "author": {
                "id": "https://openalex.org/A5000000001",
                "display_name": "Ada Lovelace",
                "orcid": "https://orcid.org/0000-0002-1825-0097",
            },
            "raw_author_name": "LOVELACE, A.",
            "institutions": [
                {"id": "https://openalex.org/I1", "display_name": "Here", "ror": "https://ror.org/05ppvf150"},
                {"id": "https://openalex.org/I2", "display_name": "There", "ror": None},
            ],
            "raw_affiliation_strings": ["Dept. of X, Here", "There"],
        },
        {"author": {}, "raw_author_name": "B. Bee", "institutions": [], "raw_affiliation_strings": ["A hive; a tree"]},
    ],
    "cited_by_count": 12,
    "is_paratext": False,
    "is_retracted": True,
    "topics": [
        {
            "id": "https://openalex.org/T10102",
            "display_name": "Scientometrics",
            "subfield": {"display_name": "Statistics"},
            "field": {"display_name": "Decision Sciences"},
            "domain": {"display_name": "Social Sciences"},
        },
        {"id": "https://openalex.org/T2", "display_name": "Data", "subfield": None},
    ],
    "abstract_inverted_index": {"Despite": [0], "growing": [1, 3], "interest,": [2]},
}


def numbered(number: int) -> dict[str, Any]:
    return {**WORK, "id": f"https://openalex.org/W{number:010d}"}


def page(works: list[dict[str, Any]], cursor: str | None) -> bytes:
    return json.dumps({"meta": {"count": 9, "next_cursor": cursor}, "results": works}).encode()


class Catalogue:
    """Answers as the API does, with cursors, out of `size` works."""

    def __init__(self, server: Any, reply: Any, size: int) -> None:
        self._reply, self._size = reply, size
        server.answer = self

    def __call__(self, params: dict[str, str]) -> Any:
        start = 0 if params["cursor"] == "*" else int(params["cursor"].removeprefix("after"))
        end = min(start + int(params["per_page"]), self._size)
        works = [numbered(number) for number in range(start, end)]
        return self._reply(page(works, f"after{end}" if works else None))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openalex, "PAGE", 10)


def ids(items: list[Item]) -> list[int]:
    return [int(item.value["id"].removeprefix("openalex:W")) for item in items]


def test_a_work_in_the_import_format() -> None:
    record = work_record(WORK)
    work = parse_work(record)
    assert unknown_keys(record) == set()
    assert (work.id, work.doi, work.title) == ("openalex:W2000000001", "10.1000/abc", "Drosophila & the state of a < b")
    assert work.abstract == "Despite growing interest, growing"
    assert (work.year, work.date, work.type, work.language) == (2018, "2018-02-13", "article", "en")
    assert (work.venue, work.license, work.source) == ("PeerJ", "cc-by", "OpenAlex")
    assert (work.url, work.cited_by_count, work.is_retracted) == ("https://doi.org/10.1000/abc", 12, True)
    assert (work.ids, work.references) == (("mag:2000000001", "pmid:77"), ("openalex:W7", "openalex:W3"))
    assert work.topics == (("T10102", "Scientometrics"), ("T2", "Data"))
    assert work.topic_parents == (("Statistics", "Decision Sciences", "Social Sciences"), ())
    assert work.authors == (
        Author(
            "Ada Lovelace",
            "openalex:A5000000001",
            "0000-0002-1825-0097",
            "Here; There",
            (
                Institution("Here", "openalex:I1", "https://ror.org/05ppvf150"),
                Institution("There", "openalex:I2"),
            ),
        ),
        Author("B. Bee", affiliation="A hive; a tree"),
    )


def test_a_real_work(real_work: dict[str, Any]) -> None:
    record = work_record(real_work)
    work = parse_work(record)
    assert is_work(real_work)
    assert unknown_keys(record) == set()
    assert (work.id, work.doi) == ("openalex:W2741809807", "10.7717/peerj.4375")
    assert work.abstract is not None
    assert work.abstract.startswith("Despite growing interest in Open Access")
    assert [author.name for author in work.authors][:2] == ["Heather Piwowar", "Jason Priem"]
    assert work.authors[0].orcid == "0000-0003-1613-5981"
    assert work.authors[2].affiliation == "Université de Montréal; Université du Québec à Montréal"
    assert work.authors[2].institutions[0] == Institution(
        "Université de Montréal", "openalex:I70931966", "https://ror.org/0161xgx34"
    )
    assert work.topic_parents[0][-1] == "Social Sciences"


def test_little_is_enough() -> None:
    work = parse_work(
        work_record(
            {"id": WORK["id"], "title": "T", "authorships": [{"raw_author_name": "A"}], "primary_location": None}
        )
    )
    assert (work.abstract, work.venue, work.doi, work.topics) == (None, None, None, ())
    assert work.url == WORK["id"]


def test_an_abstract_is_put_together_by_place() -> None:
    assert abstract({"b": [1, 10**9], "a": [0]}) == "a b b"
    assert abstract({}) is None


def test_all_pages_are_read(server: Any, reply: Any, client: HttpClient) -> None:
    Catalogue(server, reply, 25)
    items = list(OpenAlexWorks(Selection(filter_="is_oa:true"), server.url, client))
    assert ids(items) == list(range(25))
    assert [params["cursor"] for params in server.asked] == ["*", "after10", "after20", "after25"]


def test_selection_and_settings_reach_the_server(server: Any, reply: Any) -> None:
    settings = Settings.load(openalex_url=server.url + "/", openalex_key="k", mailto="me@example.org")
    selection = Selection("sparse coding", "type:article", since=date(2024, 1, 1), until=date(2024, 2, 1))
    Catalogue(server, reply, 0)
    list(open_harvester("openalex", selection, settings))
    assert server.asked[0] == {
        "search": "sparse coding",
        "filter": "type:article,from_publication_date:2024-01-01,to_publication_date:2024-02-01",
        "mailto": "me@example.org",
        "api_key": "k",
        "per_page": "10",
        "cursor": "*",
    }


def test_a_server_that_never_ends_is_held_to_the_limit(server: Any, reply: Any, client: HttpClient) -> None:
    Catalogue(server, reply, 10**9)
    assert ids(list(OpenAlexWorks(Selection("x", limit=13), server.url, client))) == list(range(13))
    assert [params["per_page"] for params in server.asked] == ["10", "3"]


def test_nothing_found_is_no_error(server: Any, reply: Any, client: HttpClient) -> None:
    Catalogue(server, reply, 0)
    assert list(OpenAlexWorks(Selection("x"), server.url, client)) == []


def test_a_server_that_goes_in_circles_is_left(server: Any, reply: Any, client: HttpClient) -> None:
    server.answer = lambda params: reply(page([WORK], "same"))
    with pytest.raises(SourceError, match="the same page again and again"):
        list(OpenAlexWorks(Selection("x"), server.url, client))


@pytest.mark.parametrize("broken", [b"{", b"[]", b'{"results": 3, "meta": {}}', b'{"results": []}', b"<html/>"])
def test_a_broken_page_is_asked_for_again(server: Any, reply: Any, client: HttpClient, broken: bytes) -> None:
    Catalogue(server, reply, 5)
    server.replies = [reply(broken), reply(page([WORK], "x"), cut=30), reply(b"", 429, {"Retry-After": "0"})]
    assert len(list(OpenAlexWorks(Selection("x"), server.url, client))) == 5


def test_a_refusal_is_reported_without_the_key(server: Any, reply: Any, client: HttpClient) -> None:
    credentials = {"api_key": "secret"}
    server.replies = [reply(b'{"message": "cursor paging needs a key"}', 401)]
    with pytest.raises(SourceError, match=r"401 Unauthorized: .*cursor paging needs a key") as error:
        list(OpenAlexWorks(Selection("x"), server.url, client, credentials))
    assert "secret" not in str(error.value)


def test_a_work_without_authors_is_kept() -> None:
    record = work_record({**deepcopy(WORK), "authorships": []})
    warnings: list[RecordWarning] = []
    assert parse_work(record, warnings).authors == ()
    assert [warning.kind for warning in warnings] == ["no authors"]


def test_what_is_no_work_costs_only_itself(server: Any, reply: Any, client: HttpClient) -> None:
    server.replies = [reply(page([{**deepcopy(WORK), "is_paratext": True}, numbered(2)], None))]
    bad, good = OpenAlexWorks(Selection("x"), server.url, client)
    assert "paratext" in str(bad.problem)
    assert good.problem is None


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"title": None, "display_name": None}, "no title", "kept as '[Untitled]'"),
        ({"topics": [{"id": 3}]}, "invalid field", "topics[0]"),
        ({"authorships": "nobody"}, "invalid field", 'authorships is "nobody"; ignored'),
        ({"abstract_inverted_index": {"a": 3}}, "invalid field", "abstract_inverted_index.a is 3; ignored"),
    ],
)
def test_what_cannot_be_read_does_not_cost_the_work(
    server: Any, reply: Any, client: HttpClient, changes: dict[str, Any], kind: str, message: str
) -> None:
    server.replies = [reply(page([{**deepcopy(WORK), **changes}, numbered(2)], None))]
    bad, good = OpenAlexWorks(Selection("x"), server.url, client)
    assert (bad.problem, good.problem) == (None, None)
    (warning,) = bad.warnings
    assert warning.kind == kind
    assert message in warning.message


def test_a_long_list_of_authors_is_asked_for_whole(server: Any, reply: Any, client: HttpClient) -> None:
    whole = numbered(1)
    whole["authorships"] *= 60
    cut = {**whole, "authorships": whole["authorships"][:100], "is_authors_truncated": True}
    alone = json.dumps(whole).encode()
    server.replies = [reply(page([cut, numbered(2)], None)), reply(alone, cut=30), reply(b"{}"), reply(alone)]
    many, few = OpenAlexWorks(Selection("x"), server.url, client)
    assert len(many.value["authors"]) == len(whole["authorships"]) > 100
    assert len(few.value["authors"]) == len(WORK["authorships"])


def test_what_a_catalogue_has_wrong_costs_no_work(server: Any, reply: Any, client: HttpClient) -> None:
    authorships = [
        {"author": {"display_name": "A. Bee", "orcid": "https://orcid.org/0000-0002-1825-0098"}},
        {"author": {"display_name": ":"}},
        {"author": {"display_name": "C. Dee"}, "raw_affiliation_strings": ["A long house " * 300]},
    ]
    changes = {
        "authorships": authorships,
        "primary_location": {"landing_page_url": "ftp://a.b/c"},
        "doi": "https://doi.org/nothing",
        "publication_date": "2018-13-45",
        "publication_year": 20180,
        "abstract_inverted_index": {"word": list(range(30_000))},
    }
    server.replies = [reply(page([{**WORK, **changes}], None))]
    (item,) = OpenAlexWorks(Selection("x"), server.url, client)
    work = parse_work(item.value)
    assert (work.url, work.doi, work.date, work.year) == (None, None, None, 2018)
    assert 99_990 <= len(work.abstract or "") <= 100_000
    assert [(author.name, author.orcid) for author in work.authors] == [("A. Bee", None), ("C. Dee", None)]
    assert 1_980 <= len(work.authors[1].affiliation or "") <= 2_000


def test_a_snapshot_is_read_newest_first_without_what_was_merged(tmp_path: Path) -> None:
    for day, title in (("2024-01-15", "Old"), ("2024-03-01", "New")):
        part = tmp_path / f"works/updated_date={day}/part_000.gz"
        part.parent.mkdir(parents=True)
        part.write_bytes(gzip.compress(json.dumps({**numbered(1), "title": title}).encode()))
    merged = tmp_path / "merged_ids/works/2024-02-01.csv.gz"
    merged.parent.mkdir(parents=True)
    merged.write_bytes(gzip.compress(b"merge_date,id,merge_into_id\n2024-02-01,W7,W1\n2024-02-01,W8,W1\n"))
    items = [item for source in open_sources([str(tmp_path)]) for item in source]
    assert [item.value["id"] for item in items[:2]] == ["openalex:W7", "openalex:W8"]
    assert all(item.value["withdrawn"] for item in items[:2])
    assert [item.value["title"] for item in items[2:]] == ["New", "Old"]
    assert all(item.is_version for item in items)
    merged.write_bytes(gzip.compress(b"a,b\n"))
    with pytest.raises(SourceError, match="not a list of merged works"):
        list(open_sources([str(merged)])[0])


def test_a_folder_of_the_snapshot(tmp_path: Path) -> None:
    places = ["works/updated_date=2024-01-15", "works/updated_date=2024-01-16", "authors/updated_date=2024-01-15"]
    for number, place in enumerate(places, 1):
        (tmp_path / place).mkdir(parents=True)
        line = json.dumps(numbered(number)).encode() + b"\n"
        (tmp_path / place / "part_000.gz").write_bytes(gzip.compress(line))
    (tmp_path / "works/manifest").write_text("{}", encoding="utf-8")
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    for folder in (tmp_path, tmp_path / "works"):
        assert ids([item for source in open_sources([str(folder)]) for item in source]) == [2, 1]
    one = tmp_path / "authors/updated_date=2024-01-15"
    assert ids([item for source in open_sources([str(one)]) for item in source]) == [3]


def test_a_saved_answer_is_a_file_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_bytes(page([numbered(1), numbered(2)], "x"))
    (source,) = open_sources([str(file)])
    assert ids(list(source)) == [1, 2]
    file.write_text(json.dumps(WORK), encoding="utf-8")
    (source,) = open_sources([str(file)])
    assert len(list(source)) == 1


def test_the_id_of_unidentified_authors_is_no_id() -> None:
    authors = [{"author": {"id": "https://openalex.org/A9999999999", "display_name": "Ada Ash"}}]
    assert work_record({**WORK, "authorships": authors})["authors"][0]["id"] is None


def test_a_list_of_authors_that_is_cut_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{**WORK, "is_authors_truncated": True}]), encoding="utf-8")
    (source,) = open_sources([str(tmp_path / "a.json")])
    (item,) = source
    (warning,) = item.warnings
    assert warning.kind == "incomplete authors"
    assert f"the first {len(WORK['authorships'])} authors" in warning.message
    assert parse_work(item.value).authors_truncated == len(WORK["authorships"]) + 1


def test_a_list_of_authors_stays_cut_when_the_work_alone_cannot_be_read(
    server: Any, reply: Any, client: HttpClient
) -> None:
    cut = {**numbered(1), "is_authors_truncated": True, "authors_count": 300}
    server.replies = [reply(page([cut, numbered(2)], None)), reply(status=404)]
    first, second = OpenAlexWorks(Selection("x"), server.url, client)
    assert [parse_work(item.value).authors_truncated for item in (first, second)] == [300, None]

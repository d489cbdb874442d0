from __future__ import annotations

import gzip
import os
import sys
from datetime import date
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from indexer.sources import (
    FileFormat,
    FileSource,
    Harvester,
    Item,
    RemoteSource,
    Selection,
    SourceError,
    open_harvester,
    open_sources,
    registry,
    remote_source_names,
)
from indexer.sources.arxiv import ArxivQuery
from indexer.sources.bibtex import BibtexFile
from indexer.sources.http_client import HttpClient
from indexer.sources.json_files import JsonFile, JsonLines
from indexer.sources.json_harvesters import JsonHarvest
from indexer.sources.oai import ArxivHarvest, OaiHarvest
from indexer.sources.openalex import OpenAlexWorks
from indexer.sources.pubmed_harvester import PubmedQuery
from indexer.sources.ris import RisFile
from indexer.sources.xml_files import XmlFile
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jsonl", JsonLines),
        ("a.jsonl.gz", JsonLines),
        ("a.XML", XmlFile),
        ("a.xml.gz", XmlFile),
        ("a.bib", BibtexFile),
        ("a.ris", RisFile),
        ("a.json", JsonFile),
    ],
)
def test_a_file_is_told_by_its_name(tmp_path: Path, name: str, kind: type) -> None:
    (tmp_path / name).write_bytes(b"")
    (source,) = open_sources([str(tmp_path / name)])
    assert type(source) is kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"id": 1}', JsonLines),
        (b"", JsonLines),
        (b"\xef\xbb\xbf  <?xml version='1.0'?>", XmlFile),
        (b"[{}]", JsonFile),
        (b"% mine\n@article{", BibtexFile),
        (b"\nTY  - JOUR", RisFile),
        (gzip.compress(b"<feed/>", mtime=0), XmlFile),
        (gzip.compress(b"<feed/>", mtime=0)[:8], JsonLines),
    ],
)
def test_a_file_without_a_telling_name_is_told_by_its_content(tmp_path: Path, content: bytes, kind: type) -> None:
    file = tmp_path / "download"
    file.write_bytes(content)
    (source,) = open_sources([str(file)])
    assert type(source) is kind


def test_a_folder_gives_all_kinds(tmp_path: Path) -> None:
    for name in ("a.bib", "b.json", "c.jsonl", "d.ris.gz", "e.xml", "notes.md", "f.pdf"):
        (tmp_path / name).write_bytes(b"")
    found = [source.name.rpartition("/")[2] for source in open_sources([str(tmp_path)])]
    assert found == ["a.bib", "b.json", "c.jsonl", "d.ris.gz", "e.xml"]


def test_a_file_whose_name_is_not_utf_8_can_be_read_and_named(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jsonl")
    Path(path).write_text("{broken\n", encoding="utf-8")
    for (source,) in (open_sources([path]), open_sources([str(tmp_path)])):
        (item,) = source
        assert item.problem
        assert item.source.encode().endswith("/caf\ufffd.jsonl".encode())
    with pytest.raises(SourceError) as raised:
        open_sources([path + "2"])
    assert str(raised.value).encode()


@pytest.mark.parametrize(
    ("name", "selection", "kind"),
    [
        ("arxiv", Selection(query="cat:q-bio.NC"), ArxivQuery),
        ("arxiv-oai", Selection(set_="cs"), ArxivHarvest),
        ("openalex", Selection(filter_="type:article"), OpenAlexWorks),
        ("oai", Selection(url="https://repository.example.org/oai"), OaiHarvest),
        ("crossref", Selection(query="x"), JsonHarvest),
        ("europepmc", Selection(query="x"), JsonHarvest),
        ("datacite", Selection(query="x"), JsonHarvest),
        ("pubmed", Selection(query="x"), PubmedQuery),
    ],
)
def test_harvesters_are_opened_by_name(name: str, selection: Selection, kind: type) -> None:
    source = open_harvester(name, selection, Settings.load())
    assert type(source) is kind
    assert (source.size, source.position) == (None, 0)
    assert name in remote_source_names()


@pytest.mark.parametrize(
    ("name", "selection", "problem"),
    [
        ("arxiv", Selection(), "would fetch everything"),
        ("openalex", Selection(), "would fetch everything"),
        ("arxiv", Selection(limit=3), "needs --query, --since or --until"),
        ("arxiv", Selection(set_="cs"), "--set cannot be used with --source arxiv"),
        ("arxiv-oai", Selection(query="x"), "--query cannot be used with --source arxiv-oai"),
        ("openalex", Selection(set_="cs"), "--set cannot be used with"),
        ("oai", Selection(set_="cs"), "needs the address of the repository's OAI-PMH server: --url URL"),
        ("arxiv", Selection(url="https://x.y"), "--url cannot be used with"),
    ],
)
def test_invalid_selections_are_refused_before_any_request(name: str, selection: Selection, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        open_harvester(name, selection, Settings.load())


@pytest.mark.parametrize("name", ["arxiv", "arxiv-oai"])
def test_harvesters_ask_the_server_of_the_settings(name: str, server: Any, reply: Any) -> None:
    server.replies = [reply(b"refused", 400)]
    settings = Settings.load(arxiv_url=server.url, arxiv_oai_url=server.url)
    with pytest.raises(SourceError, match="400 Bad Request: refused"):
        list(open_harvester(name, Selection(since=date(2024, 1, 1)), settings))


class Diary(FileSource):
    """A format of another package: a line is a title."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        for number, line in enumerate(file, 1):
            yield Item(self.name, number, {"id": f"local:{number}", "title": line.decode().strip()})


class Postbox(Harvester):
    """A server of another package."""

    def items(self) -> Iterator[Item]:
        yield Item(self.name, 1, {"id": "local:1"})


DIARY = FileFormat("diary", Diary, suffixes=(".diary",))
POSTBOX = RemoteSource(
    "postbox", frozenset(), lambda selection, settings: Postbox("Postbox", HttpClient(0), selection.limit)
)


@pytest.fixture
def provide(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install entry points of another package, named by the attributes of this module."""

    def install(*names: str) -> None:
        monkeypatch.setitem(sys.modules, "other_package", sys.modules[__name__])
        points = [EntryPoint(name, f"other_package:{name}", registry.ENTRY_POINTS) for name in names]
        monkeypatch.setattr(registry, "entry_points", lambda group: [point for point in points if point.group == group])

    return install


def test_other_packages_provide_formats_and_servers(tmp_path: Path, provide: Callable[..., None]) -> None:
    provide("DIARY", "POSTBOX")
    (tmp_path / "a.diary").write_text("Spikes\n", encoding="utf-8")
    (source,) = open_sources([str(tmp_path)])
    assert [item.value["title"] for item in source] == ["Spikes"]
    assert "postbox" in remote_source_names()
    assert len(list(open_harvester("postbox", Selection(limit=5), Settings.load()))) == 1


@pytest.mark.parametrize(("name", "problem"), [("MISSING", "cannot be loaded"), ("Diary", "neither a FileFormat nor")])
def test_a_broken_source_of_another_package_is_named(name: str, problem: str, provide: Callable[..., None]) -> None:
    provide(name)
    with pytest.raises(SourceError, match=rf"The source {name} \(other_package:{name}\).*{problem}"):
        remote_source_names()

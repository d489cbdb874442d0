from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from indexer.sources import FEEDS, SourceError, Wanted, open_feed, open_sources
from indexer.sources.arxiv import ArxivQuery
from indexer.sources.bibtex import BibtexFile
from indexer.sources.json_file import JsonFile
from indexer.sources.jsonl import JsonLines
from indexer.sources.oai import ArxivHarvest
from indexer.sources.openalex import OpenAlexWorks
from indexer.sources.ris import RisFile
from indexer.sources.xml_file import XmlFile


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
    ("feed", "wanted", "kind"),
    [
        ("arxiv", Wanted(query="cat:q-bio.NC"), ArxivQuery),
        ("arxiv-oai", Wanted(set_="cs"), ArxivHarvest),
        ("openalex", Wanted(filter_="type:article"), OpenAlexWorks),
    ],
)
def test_feeds_are_told_by_name(feed: str, wanted: Wanted, kind: type) -> None:
    source = open_feed(feed, wanted)
    assert type(source) is kind
    assert (source.size, source.position) == (None, 0)
    assert feed in FEEDS


@pytest.mark.parametrize(
    ("feed", "wanted", "problem"),
    [
        ("arxiv", Wanted(), "would bring in everything"),
        ("openalex", Wanted(), "would bring in everything"),
        ("arxiv", Wanted(limit=3), "needs --query, --since or --until"),
        ("arxiv", Wanted(set_="cs"), "--set does not go with --source arxiv"),
        ("arxiv-oai", Wanted(query="x"), "--query does not go with --source arxiv-oai"),
        ("openalex", Wanted(set_="cs"), "--set does not go with"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(feed: str, wanted: Wanted, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        open_feed(feed, wanted)

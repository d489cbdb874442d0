"""From a path to its source: by the end of its name, and where that says nothing by its first characters."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.sources.base import GZIP_MAGIC, STDIN, FileSource, SourceError, printable
from indexer.sources.bibtex import BibtexFile
from indexer.sources.json_file import JsonFile
from indexer.sources.jsonl import JsonLines
from indexer.sources.openalex_merged import MergedWorks
from indexer.sources.ris import RisFile
from indexer.sources.xml_file import XmlFile

if TYPE_CHECKING:
    from collections.abc import Sequence

_KINDS: dict[str, type[FileSource]] = {
    ".jsonl": JsonLines,
    ".xml": XmlFile,
    ".bib": BibtexFile,
    ".ris": RisFile,
    ".json": JsonFile,
}
SUFFIXES = tuple(suffix + packed for suffix in _KINDS for packed in ("", ".gz"))
#: Parts of OpenAlex's snapshot have no telling name, only a telling place: `works/updated_date=2024-01-15/part_000.gz`.
_SNAPSHOT_PARTS = "updated_date=*/*.gz"
#: Lists of a snapshot with the works that were found to be another one.
_MERGED_WORKS = "merged_ids/works/*.csv.gz"
#: A snapshot lists its parts in this file, which holds no records.
_MANIFEST = "manifest.json"
#: As much of a file is looked at to tell what it is.
_START = 4_096


def open_sources(paths: Sequence[str]) -> list[FileSource]:
    """Name the sources below the given paths: files, `-` for standard input, and folders with what they hold.

    Raises SourceError, before anything is read, when one does not exist, cannot be read, or a folder holds none.
    """
    return [_kind(file)(file) for path in paths for file in _files(path)]


def _kind(path: str) -> type[FileSource]:
    if Path(path).match(_MERGED_WORKS):
        return MergedWorks
    name = path.lower().removesuffix(".gz")
    return next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), None) or _kind_by_content(path)


def _kind_by_content(path: str) -> type[FileSource]:
    """Tell by the first characters; JSON lines where they tell nothing, and where reading would take them away."""
    if path == STDIN or not Path(path).is_file():
        return JsonLines
    start = _start(path).decode("utf-8-sig", "replace").lstrip()
    if start.startswith("<"):
        return XmlFile
    if start.startswith("["):
        return JsonFile
    if start.startswith(("TY  -", "TY -")):
        return RisFile
    return BibtexFile if start.startswith(("@", "%")) else JsonLines


def _start(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            return gzip.GzipFile(fileobj=file).read(_START) if packed else file.read(_START)
    except (OSError, EOFError):
        # Whoever reads it will say what is wrong with it, and that it is this file.
        return b""


def _files(path: str) -> list[str]:
    where = Path(path)
    if path == STDIN or where.is_file() or where.is_fifo():
        return [path]
    if not where.exists():
        raise SourceError(f"{printable(path)}: no such file or folder")
    if not where.is_dir():
        raise SourceError(f"{printable(path)}: neither a file nor a folder")
    found = [file for file in where.rglob("*") if _is_wanted(file, where) and file.is_file()]
    if not found:
        raise SourceError(f"{printable(path)}: no {', '.join(_KINDS)} (or .gz) file below this folder")
    return [str(file) for file in sorted(sorted(found, key=str), key=_newness, reverse=True)]


def _newness(file: Path) -> tuple[int, str]:
    """Return what the newest files are found by: of a work that a snapshot has several times, the first one read holds.

    What was merged is gone, whatever a part still says of it; files without a day come last.
    """
    if file.match(_MERGED_WORKS):
        return 2, ""
    return (1, file.parent.name) if file.match(_SNAPSHOT_PARTS) else (0, "")


def _is_wanted(file: Path, folder: Path) -> bool:
    """Return whether a file in a folder is one of works; of a snapshot's entities only `works` are."""
    if file.match(_SNAPSHOT_PARTS):
        entity = file.parent.parent
        return entity in (folder, folder.parent) or entity.name == "works"
    if file.match(_MERGED_WORKS):
        return True
    return file.name.lower().endswith(SUFFIXES) and file.name != _MANIFEST

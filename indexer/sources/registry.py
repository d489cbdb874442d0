"""All sources: file formats, and servers that can be harvested.

To add a file format, write `indexer/sources/<name>.py` with a `FileSource` and a `FORMAT = FileFormat(...)`, and add it
to `FILE_FORMATS`. To add a server, write a `Harvester` and a `REMOTE = RemoteSource(...)`, and add it to
`REMOTE_SOURCES`. Formats inside XML are listed in `xml_files`, formats inside JSON in `json_files`.

A package outside of Peerscope provides sources through the entry point group `peerscope.sources`: each entry point
names a `FileFormat` or a `RemoteSource`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, TypeVar

from indexer.sources import (
    arxiv,
    bibtex,
    cff,
    csv_files,
    json_files,
    json_harvesters,
    nbib,
    oai,
    openalex,
    openalex_snapshot,
    ovid,
    pubmed_harvester,
    rdf,
    refworks,
    ris,
    web_of_science,
    xml_files,
)
from indexer.sources.base import FileFormat, SourceError
from indexer.sources.files import detect_format, find_files
from indexer.sources.remote import RemoteSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from indexer.sources.base import FileSource
    from indexer.sources.remote import Harvester, Selection
    from peerscope.settings import Settings

Listed = TypeVar("Listed", FileFormat, RemoteSource)

#: File formats; the first that recognizes a file reads it. A file that none recognizes is read as JSON lines.
FILE_FORMATS = (
    openalex_snapshot.MERGED_WORKS,
    json_files.JSON_LINES,
    ovid.FORMAT,
    rdf.FORMAT,
    cff.FORMAT,
    xml_files.FORMAT,
    *refworks.FORMATS,
    web_of_science.FORMAT,
    nbib.FORMAT,
    bibtex.FORMAT,
    ris.FORMAT,
    json_files.JSON,
    csv_files.FORMAT,
)
#: Servers, by the name that `--source` takes.
REMOTE_SOURCES = (arxiv.REMOTE, *oai.REMOTES, openalex.REMOTE, *json_harvesters.REMOTES, pubmed_harvester.REMOTE)
#: Group of entry points of other packages.
ENTRY_POINTS = "peerscope.sources"

_DAYS = {"since", "until"}


def file_formats() -> list[FileFormat]:
    """Return Peerscope's file formats and those of other packages. Raises SourceError for a broken entry point."""
    return [*FILE_FORMATS, *_plugins(FileFormat)]


def remote_sources() -> dict[str, RemoteSource]:
    """Return Peerscope's remote sources and those of other packages, by name."""
    return {remote.name: remote for remote in (*_plugins(RemoteSource), *REMOTE_SOURCES)}


def remote_source_names() -> list[str]:
    """Return the names that `--source` takes, sorted."""
    return sorted(remote_sources())


def _plugins(kind: type[Listed]) -> list[Listed]:
    plugins = []
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            plugin = entry.load()
        except Exception as error:  # code of other packages may raise anything
            raise SourceError(f"The source {entry.name} ({entry.value}) cannot be loaded: {error}") from error
        if not isinstance(plugin, FileFormat | RemoteSource):
            raise SourceError(f"The source {entry.name} ({entry.value}) is neither a FileFormat nor a RemoteSource.")
        if isinstance(plugin, kind):
            plugins.append(plugin)
    return plugins


def open_sources(
    paths: Sequence[str], columns: Mapping[str, str] | None = None, folders: Mapping[str, Path | None] | None = None
) -> list[FileSource]:
    """Return the sources of the given paths: files, `-` for standard input, and folders with all files in them.

    `columns` has the names of columns in CSV files by field, `folders` the folders in which paths were found before, so
    that no link below them is followed. Nothing is read yet. Raises SourceError when a path does
    not exist, a folder contains no file that can be read, or a field is unknown.
    """
    if unknown := sorted((columns or {}).keys() - csv_files.COLUMNS.keys()):
        raise SourceError(f"--map: there is no field {unknown[0]!r}; fields are {', '.join(csv_files.COLUMNS)}.")
    formats = file_formats()
    sources = []
    for path in paths:
        for file in find_files(path, formats):
            detected = detect_format(file.path, formats) or json_files.JSON_LINES
            source = detected.reader(file.path)
            source.format = detected.name
            source.folder = (folders or {}).get(path, file.folder)
            if isinstance(source, csv_files.CsvFile):
                source.columns = columns or {}
            sources.append(source)
    return sources


def open_harvester(name: str, selection: Selection, settings: Settings) -> Harvester:
    """Return the harvester of a remote source; no request is sent yet.

    Raises SourceError for options that the source does not understand, for an empty period, and for a selection of
    everything: servers offer other ways for that, and a mistyped command would take days.
    """
    remote = remote_sources()[name]
    options = selection.options()
    if unsupported := sorted(options - remote.options - _DAYS - {"limit"}):
        raise SourceError(f"--{unsupported[0]} cannot be used with --source {name}")
    if not options:
        possible = ", ".join(f"--{option}" for option in [*sorted(remote.options), *sorted(_DAYS), "limit"])
        raise SourceError(f"--source {name} would fetch everything; use one or more of {possible}")
    if not remote.is_limit_enough and not options & (remote.options | _DAYS):
        possible = ", ".join(f"--{option}" for option in [*sorted(remote.options), "since"])
        raise SourceError(f"--source {name} needs {possible} or --until")
    if selection.since and selection.until and selection.since > selection.until:
        raise SourceError(f"--since {selection.since} is after --until {selection.until}")
    harvester = remote.open(selection, settings)
    harvester.format = name
    return harvester

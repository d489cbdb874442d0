"""Sources of works: file formats and servers. A source yields `Item`s and knows nothing about what happens to them.

`registry` lists all sources and explains how to add one.
"""

from indexer.sources.base import FileFormat, FileSource, Item, NotAWork, Origin, Source, SourceError, convert_record
from indexer.sources.registry import open_harvester, open_sources, remote_source_names
from indexer.sources.remote import Harvester, RemoteSource, Selection

__all__ = [
    "FileFormat",
    "FileSource",
    "Harvester",
    "Item",
    "NotAWork",
    "Origin",
    "RemoteSource",
    "Selection",
    "Source",
    "SourceError",
    "convert_record",
    "open_harvester",
    "open_sources",
    "remote_source_names",
]

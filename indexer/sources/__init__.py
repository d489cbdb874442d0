"""Where works come from. A source is an iterator of `Item`s and knows nothing of what happens to them."""

from indexer.sources.base import Item, Source, SourceError
from indexer.sources.files import open_sources
from indexer.sources.harvesters import FEEDS, Wanted, open_feed

__all__ = ["FEEDS", "Item", "Source", "SourceError", "Wanted", "open_feed", "open_sources"]

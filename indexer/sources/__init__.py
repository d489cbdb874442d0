"""Where works come from. A source is an iterator of `Item`s and knows nothing of what happens to them."""

from indexer.sources.jsonl import Item, Source, SourceError, open_sources

__all__ = ["Item", "Source", "SourceError", "open_sources"]

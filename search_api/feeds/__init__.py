"""Atom feeds (RFC 4287): the newest works of a researcher, on a topic, or of a search."""

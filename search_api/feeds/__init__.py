"""Atom feeds (RFC 4287): the newest works of a researcher, on a topic, of an institution, or of a search."""

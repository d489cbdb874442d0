"""Follows, and the works that they bring: as a page, an Atom feed and a digest."""

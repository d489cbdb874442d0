"""Ranking, query syntax, filters, facets and lists: what every kind of result shares."""

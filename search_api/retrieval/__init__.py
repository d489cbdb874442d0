"""Ranking, query syntax, filters, facets and lists, shared by all entities."""

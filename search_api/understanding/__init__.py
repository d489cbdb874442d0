"""Interpretation of queries before a search: identifiers, names of entities, languages of the collection."""

"""Interpretation of queries before a search: identifiers, entities, abbreviations, languages."""

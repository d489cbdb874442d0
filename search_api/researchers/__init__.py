"""Researchers: search by name or topic, profiles, similar researchers, and experts for a text."""

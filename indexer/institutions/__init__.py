"""Institutions: from affiliations as printed, or as a source describes them, to ids that all works share."""

from __future__ import annotations

from indexer.institutions.registry import Registry, Resolved, name_key, slug

__all__ = ["Registry", "Resolved", "name_key", "slug"]

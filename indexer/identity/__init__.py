"""Decide which researcher each name on a work belongs to.

Authors are names on works; researchers are people. Strong ids decide first, then compatible names with evidence;
docs/identity.md describes the method and its measured quality.
"""

from __future__ import annotations

from indexer.identity.keys import fold_name, identity_key, researcher_id, strong_id

__all__ = ["fold_name", "identity_key", "researcher_id", "strong_id"]

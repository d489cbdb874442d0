"""Which researcher stands behind a name on a work.

Authors are names on works; researchers are people. Strong ids decide first, then compatible names together with
evidence; docs/identity.md tells how, and with what numbers.
"""

from __future__ import annotations

from indexer.identity.keys import fold_name, identity_key, researcher_id, strong_id

__all__ = ["fold_name", "identity_key", "researcher_id", "strong_id"]

"""New researcher ids of clusters without a former one: from a strong id, else from the name.

They are the same in every run over the same works. Of namesakes, the one with the first mention has the plain id, and
the others have one that includes their first work.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from indexer.identity.keys import fold_name, researcher_id
from indexer.records.work import NAME_SCHEME

if TYPE_CHECKING:
    from indexer.identity.clusters import Cluster


def candidate_ids(cluster: Cluster) -> list[str]:
    """Return the ids that a new cluster may get, the best first: from its strong ids, then from its name."""
    return [researcher_id(key) for key in (*cluster.ids, name_key(cluster))]


def name_key(cluster: Cluster) -> str:
    """Return the identity key of the name of a cluster's first mention."""
    name = cluster.mentions[0].name
    return NAME_SCHEME + (fold_name(name) or name)


def distinct_id(cluster: Cluster) -> str:
    """Return a namesake's id: the readable part of the plain id, and a digest that includes the first work."""
    key = name_key(cluster)
    readable = researcher_id(key).rpartition("-")[0]
    digest = hashlib.sha256(f"{key} {cluster.key}".encode()).hexdigest()[:12]
    return f"{readable}-{digest}" if readable else digest

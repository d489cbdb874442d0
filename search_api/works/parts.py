"""What keyword search and vector search each say of given works: the two numbers behind a fused score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.retrieval import ranking
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.http.services import Services


def parts(
    services: Services, ids: Sequence[str], keyword: Mapping[str, Any], vector: NDArray[np.float32] | list[float] | None
) -> dict[str, dict[str, float]]:
    """Return for each work its keyword score (a share of the best among all works) and its cosine to the vector."""
    if not ids:
        return {}
    works, size = services.names.works, len(ids)
    slim: dict[str, Any] = {"_source": False, "size": size}
    best = services.search(works, {"query": keyword, "_source": False, "size": 1})["hits"]["max_score"]
    inside = {"bool": {"must": [keyword], "filter": [queries.only(ids)]}}
    found = {id_: {"keyword": 0.0, "semantic": 0.0} for id_ in ids}
    for hit in services.search(works, {"query": inside, **slim})["hits"]["hits"]:
        found[hit["_id"]]["keyword"] = ranking.relative(hit["_score"], best)
    if vector is not None:
        near = ranking.knn(vector, [queries.only(ids)], k=size)
        for hit in services.search(works, {"query": near, **slim})["hits"]["hits"]:
            found[hit["_id"]]["semantic"] = ranking.cosine_of(hit["_score"])
    return found

"""Names of facet values and of words in names: what is cached, and for how long."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from mappings import IndexNames
from search_api.retrieval.facets import Labels
from search_api.understanding.entities import TextShares


class Names:
    """Services that know names; counts requests."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.names = IndexNames("t-")
        self.prefix = "Name"

    def labels_of(self, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
        if wanted:
            self.requests.append(wanted)
        return {(kind, id_): f"{self.prefix} {id_}" for kind, id_ in wanted if id_ != "unknown"}

    def search_together(self, searches: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        matches = [body["query"].get("match", {}).get("researchers.name") for _, body in searches]
        texts = [body["query"].get("multi_match") for _, body in searches]
        asked = [
            f"name {name['query']}" if name else f"text {text['query']}"
            for name, text in zip(matches, texts, strict=True)
        ]
        self.requests.append(asked)
        counts = {"name Kording": 4, "text Kording": 1, "name long": 9, "text long": 900}
        return [{"hits": {"total": {"value": counts[name]}}} for name in asked]


def test_names_of_all_facets_are_read_in_one_request_and_cached_by_generation() -> None:
    there, labels = Names(), Labels()
    wanted = {"topics": ["a", "unknown"], "researchers": ["a"]}
    named = {"topics": {"a": "Name a"}, "researchers": {"a": "Name a"}}
    assert labels.of(cast("Any", there), "works-1", wanted) == named
    assert there.requests == [[("topics", "a"), ("topics", "unknown"), ("researchers", "a")]]
    assert labels.of(cast("Any", there), "works-1", wanted) == named
    assert there.requests[1:] == [[("topics", "unknown")]]
    there.prefix = "New name"
    assert labels.of(cast("Any", there), "works-2", wanted)["topics"] == {"a": "New name a"}
    assert labels.of(cast("Any", there), None, {"topics": ["a"]}) == {"topics": {"a": "New name a"}}
    assert len(there.requests) == 4


def test_words_in_names_are_counted_once_until_they_expire() -> None:
    now = SimpleNamespace(time=0.0)
    there, shares = Names(), TextShares(60.0, lambda: now.time)
    assert shares.of(cast("Any", there), {"kording": "Kording", "long": "long"}) == {"kording": 0.25, "long": 100}
    assert shares.of(cast("Any", there), {"long": "long"}) == {"long": 100}
    assert shares.of(cast("Any", there), {}) == {}
    assert len(there.requests) == 1
    now.time = 61.0
    assert shares.of(cast("Any", there), {"kording": "Kording"}) == {"kording": 0.25}
    assert there.requests[1] == ["name Kording", "text Kording"]

"""Researchers' states: what accounts add to their documents, read from the `people` index when documents are built.

States are kept by researcher id. For an id that was merged, the generation's redirects name the current researcher; an
id that a rebuild did not produce again is redirected to the researcher who has most of its works now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import NotFoundError

from indexer.write.bulk import index_action, with_retries, write
from indexer.write.reads import count, documents, pages
from mappings import STATE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensearchpy import OpenSearch

    from mappings import Generation, IndexNames
    from mappings.documents import Authorship, PersonState, ResearcherState

PAGE = 1_000


class States:
    """The states of a generation's researchers."""

    def __init__(self, client: OpenSearch, generation: Generation, replaced: Generation | None = None) -> None:
        """Find the current researcher of every stored state. The generation's works have to be refreshed.

        `replaced` is the live generation that a rebuild replaces.
        """
        self._client, self._generation = client, generation
        self._merged_ids: dict[str, list[str]] = defaultdict(list)
        for ids in _state_ids(client, generation):
            for merged, current in _redirected(client, generation, ids, replaced).items():
                self._merged_ids[current].append(merged)

    def of(self, ids: Iterable[str]) -> dict[str, ResearcherState]:
        """Return the states of these researchers by id, of those who have one."""
        current = {stored: id_ for id_ in ids for stored in (id_, *self._merged_ids.get(id_, ()))}
        states: dict[str, list[PersonState]] = defaultdict(list)
        for hit in documents(self._client, self._generation.people, list(current)):
            states[current[hit["_id"]]].append(hit["_source"])
        return {id_: combine(found) for id_, found in states.items()}


def combine(states: list[PersonState]) -> ResearcherState:
    """Return the state of one researcher from those of merged ones: the highest level, and all followers.

    It holds until the service has moved claims and follows, which it does as soon as the generation is live.
    """
    best = max(states, key=lambda state: (state["claimed"], state["verification_level"]))
    state: Any = {name: best[name] for name in STATE_FIELDS}  # type: ignore[literal-required]
    combined: ResearcherState = state
    combined["followers_count"] = sum(state["followers_count"] for state in states)
    return combined


def claimed_states(client: OpenSearch, names: IndexNames) -> Iterator[PersonState]:
    """Return the states of all claimed researchers, by id."""
    body = {"size": PAGE, "sort": ["researcher_id"], "query": {"term": {"claimed": True}}}
    yield from (hit["_source"] for hits in _pages(client, names, body) for hit in hits)


def _state_ids(client: OpenSearch, names: IndexNames) -> Iterator[list[str]]:
    body = {"size": PAGE, "sort": ["researcher_id"], "query": {"match_all": {}}, "_source": False}
    return ([hit["_id"] for hit in hits] for hits in _pages(client, names, body))


def _pages(client: OpenSearch, names: IndexNames, body: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    try:
        with_retries(client.indices.refresh, index=names.people)
    except NotFoundError:
        # No account has claimed or followed anything yet.
        return iter(())
    return pages(client, names.people, body)


def _redirected(
    client: OpenSearch, generation: Generation, ids: list[str], replaced: Generation | None
) -> dict[str, str]:
    """Return the current researcher of each id that is none itself, and save the redirects that a rebuild adds."""
    known = {hit["_id"]: hit["_source"]["researcher_id"] for hit in documents(client, generation.redirects, ids)}
    if not replaced:
        return known
    lost = [id_ for id_ in ids if id_ not in known and not _has_works(client, generation, id_)]
    new = {id_: heir for id_ in lost if (heir := _heir(client, generation, replaced, id_))}
    write(
        client,
        (
            index_action(generation.redirects, id_, {"id": id_, "researcher_id": heir, "signature": None})
            for id_, heir in new.items()
        ),
    )
    return known | new


def _has_works(client: OpenSearch, generation: Generation, researcher_id: str) -> bool:
    return count(client, generation.works, {"term": {"researchers.id": researcher_id}}) > 0


def _heir(client: OpenSearch, generation: Generation, replaced: Generation, researcher_id: str) -> str | None:
    """Return the researcher who has most of the authorships that this one had; None when no work is left."""
    positions: dict[str, set[int]] = {}
    body = {
        "size": PAGE,
        "sort": ["id"],
        "query": {"term": {"researchers.id": researcher_id}},
        "_source": ["researchers.id", "researchers.position"],
    }
    for hits in pages(client, replaced.works, body):
        positions |= {hit["_id"]: _positions(hit["_source"]["researchers"], researcher_id) for hit in hits}
    votes: Counter[str] = Counter()
    work_ids = sorted(positions)
    for start in range(0, len(work_ids), PAGE):
        batch = work_ids[start : start + PAGE]
        for hit in documents(client, generation.works, batch, "researchers.id,researchers.position"):
            authorships: list[Authorship] = hit["_source"]["researchers"]
            votes.update(entry["id"] for entry in authorships if entry["position"] in positions[hit["_id"]])
    return min(votes, key=lambda id_: (-votes[id_], id_), default=None)


def _positions(authorships: Iterable[Authorship], researcher_id: str) -> set[int]:
    return {entry["position"] for entry in authorships if entry["id"] == researcher_id}

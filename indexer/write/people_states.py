"""People's states, read from where the service keeps them, so that a new generation goes live with all of them.

States are kept by researcher id. An id that was merged leads to its researcher by the generation's aliases; one that a
rebuild did not bring forth again leads to whoever has most of its works now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import NotFoundError

from indexer.write.bulk import index_action, with_retries, write
from indexer.write.reads import count, documents, pages
from mappings import STATE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from opensearchpy import OpenSearch

    from mappings import Generation, IndexNames

PAGE = 1_000
State = dict[str, Any]


class States:
    """The states of a generation's researchers."""

    def __init__(self, client: OpenSearch, generation: Generation, before: Generation | None = None) -> None:
        """Find out whose states there are; `before` is the live generation that a rebuild replaces.

        The works of the generation have to be searchable.
        """
        self._client, self._generation = client, generation
        self._others: dict[str, list[str]] = defaultdict(list)
        for ids in _kept_ids(client, generation):
            for old, new in _leading(client, generation, ids, before).items():
                self._others[new].append(old)

    def of(self, ids: Iterable[str]) -> dict[str, State]:
        """Return the states of these researchers, by id, of those who have one."""
        asked = {one: id_ for id_ in ids for one in (id_, *self._others.get(id_, ()))}
        found: dict[str, list[State]] = defaultdict(list)
        for one, state in _states(self._client, self._generation, list(asked)):
            found[asked[one]].append(state)
        return {id_: joined(states) for id_, states in found.items()}


def joined(states: list[State]) -> State:
    """Return one state for researchers who turned out to be one: the highest level speaks, and all followers count.

    Until the service has moved claims and follows itself, which it does as soon as the generation is live.
    """
    best = max(states, key=lambda state: (state["claimed"], state["verification_level"]))
    return {
        **{name: best[name] for name in STATE_FIELDS},
        "followers_count": sum(one["followers_count"] for one in states),
    }


def claimed(client: OpenSearch, names: IndexNames) -> Iterator[dict[str, Any]]:
    """Return the states of all claimed researchers, by id."""
    body = {"size": PAGE, "sort": ["researcher_id"], "query": {"term": {"claimed": True}}}
    yield from (hit["_source"] for hits in _pages(client, names, body) for hit in hits)


def _kept_ids(client: OpenSearch, names: IndexNames) -> Iterator[list[str]]:
    body = {"size": PAGE, "sort": ["researcher_id"], "query": {"match_all": {}}, "_source": False}
    return ([hit["_id"] for hit in hits] for hits in _pages(client, names, body))


def _pages(client: OpenSearch, names: IndexNames, body: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    try:
        with_retries(client.indices.refresh, index=names.people)
    except NotFoundError:
        # Nobody has an account yet.
        return iter(())
    return pages(client, names.people, body)


def _states(client: OpenSearch, names: IndexNames, ids: list[str]) -> Iterator[tuple[str, State]]:
    return ((found["_id"], found["_source"]) for found in documents(client, names.people, ids))


def _leading(client: OpenSearch, generation: Generation, ids: list[str], before: Generation | None) -> dict[str, str]:
    """Give, for those of the ids that no author has, the researcher they lead to; new ways are kept as aliases."""
    known = {found["_id"]: found["_source"]["researcher_id"] for found in documents(client, generation.redirects, ids)}
    lost = [id_ for id_ in ids if before and id_ not in known and not _has_works(client, generation, id_)]
    found = {id_: heir for id_ in lost if before and (heir := _heir(client, generation, before, id_))}
    actions = (index_action(generation.redirects, id_, {"id": id_, "researcher_id": new}) for id_, new in found.items())
    write(client, actions)
    return known | found


def _has_works(client: OpenSearch, generation: Generation, id_: str) -> bool:
    return count(client, generation.works, {"term": {"researchers.id": id_}}) > 0


def _heir(client: OpenSearch, generation: Generation, before: Generation, id_: str) -> str | None:
    """Return the researcher who has most of the places on works that this one had; None where no work is left."""
    places: dict[str, set[int]] = {}
    body = {
        "size": PAGE,
        "sort": ["id"],
        "query": {"term": {"researchers.id": id_}},
        "_source": ["researchers.id", "researchers.position"],
    }
    for hits in pages(client, before.works, body):
        places |= {hit["_id"]: _positions(hit["_source"]["researchers"], id_) for hit in hits}
    votes: Counter[str] = Counter()
    works = sorted(places)
    for start in range(0, len(works), PAGE):
        asked = works[start : start + PAGE]
        for found in documents(client, generation.works, asked, "researchers.id,researchers.position"):
            entries = found["_source"]["researchers"]
            votes.update(entry["id"] for entry in entries if entry["position"] in places[found["_id"]])
    return min(votes, key=lambda one: (-votes[one], one), default=None)


def _positions(entries: Iterable[Mapping[str, Any]], id_: str) -> set[int]:
    return {entry["position"] for entry in entries if entry["id"] == id_}

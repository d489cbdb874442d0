"""The neighbourhood of a researcher, work, topic or institution as nodes and edges: what a picture of it is drawn from.

A node keeps the id of the thing, unless two kinds share one: then the later node's id is `kind:id`. The centre comes
first, then nodes by how strongly they hang on it. Every edge joins two nodes that are there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]
#: Kind and id of a thing.
Thing = tuple[str, str]

KINDS = ("work", "researcher", "topic", "institution")
#: What joins two kinds of thing; the source is named first.
EDGES = ("wrote", "collaborates", "about", "affiliated")
#: Where a work's document names things of other kinds.
PATHS = {"researcher": "researchers", "topic": "topics", "institution": "institutions"}
#: Works read around the centre, newest first, and around each of the people beside it at depth 2.
MAX_WORKS = 200
MAX_BESIDE = 10
WORKS_BESIDE = 300
#: Things of one kind that a work names; more than 50 authors are no circle of people who know each other.
MAX_NAMED = 50
SOURCE = [
    "id",
    "title",
    "researchers.id",
    "researchers.name",
    "researchers.institution_id",
    "topics.id",
    "topics.name",
    "institutions",
]


@dataclass
class Graph:
    """Things and what joins them, gathered before the most important are chosen."""

    centre: Thing
    labels: dict[Thing, str] = field(default_factory=dict)
    weights: dict[Thing, float] = field(default_factory=lambda: defaultdict(float))
    edges: Counter[tuple[Thing, Thing, str]] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def add(self, work: Mapping[str, Any], share: float) -> None:
        """Take in a work's document with what it names; it counts `share` for each of those. Once only."""
        if work["id"] in self.seen:
            return
        self.seen.add(work["id"])
        this = ("work", work["id"])
        self.labels.setdefault(this, work["title"])
        # A work stands below the people and topics that several works share.
        self.weights[this] += share / 2
        people, topics, places = (self._named(kind, work) for kind in PATHS)
        for thing in (*people, *topics, *places):
            self.weights[thing] += share
        self.edges.update((person, this, "wrote") for person in people)
        self.edges.update((thing, topic, "about") for topic in topics for thing in (this, *people))
        self.edges.update((a, b, "collaborates") for a, b in combinations(sorted(people), 2))
        at = {(("researcher", one["id"]), ("institution", one.get("institution_id"))) for one in work["researchers"]}
        self.edges.update((person, place, "affiliated") for person, place in at if place in places and person in people)

    def _named(self, kind: str, work: Mapping[str, Any]) -> list[Thing]:
        """Return the things of a kind that a work names, each once; of 3,000 authors the first 50 and the centre."""
        things = {(kind, one["id"]): one["name"] for one in work.get(PATHS[kind]) or []}
        kept = [thing for n, thing in enumerate(things) if n < MAX_NAMED or thing == self.centre]
        for thing in kept:
            self.labels.setdefault(thing, things[thing])
        return kept

    def rings(self, depth: int) -> list[list[Thing]]:
        """Return the things one step from the centre, those two steps away, and so on; each ring weightiest first."""
        beside: dict[Thing, set[Thing]] = defaultdict(set)
        for source, target, _ in self.edges:
            beside[source].add(target)
            beside[target].add(source)
        reached, rings, ring = {self.centre}, [], {self.centre}
        for _ in range(depth):
            ring = {thing for one in ring for thing in beside[one]} - reached
            reached |= ring
            rings.append(sorted(ring, key=lambda thing: (-self.weights[thing], thing)))
        return rings

    def chosen(self, depth: int, limit: int, kinds: Iterable[str]) -> Result:
        """Return the centre and the weightiest things of these kinds, `limit` nodes in all, with the edges between."""
        wanted = set(kinds)
        near, *further = ([thing for thing in ring if thing[0] in wanted] for ring in self.rings(depth))
        far, room = further[0] if further else [], limit - 1
        inner = fair(near, room - min(len(far), room // 2))
        touching = {self.centre, *inner}
        joined = {thing for a, b, _ in self.edges for thing in (a, b) if a in touching or b in touching}
        outer = fair([thing for thing in far if thing in joined], room - len(inner))
        inner = fair(near, room - len(outer))
        return self._drawn([self.centre, *inner, *outer])

    def _drawn(self, nodes: Sequence[Thing]) -> Result:
        names = unique_names(nodes)
        most = max((self.weights[thing] for thing in nodes[1:]), default=1.0)
        weights = {thing: min(1.0, self.weights[thing] / most) for thing in nodes} | {self.centre: 1.0}
        return {
            "nodes": [
                {"id": names[thing], "kind": thing[0], "label": self.labels[thing], "weight": round(weights[thing], 4)}
                for thing in nodes
            ],
            "edges": [
                {"source": names[source], "target": names[target], "kind": kind, "weight": weight}
                for (source, target, kind), weight in sorted(self.edges.items())
                if source in names and target in names
            ],
        }


def fair(ranked: Sequence[Thing], limit: int) -> list[Thing]:
    """Choose `limit` of these, weightiest first, but no kind more than half while others have some left.

    A prolific researcher's works alone would fill the picture, or the 500 people of one physics collaboration.
    """
    share = max(1, limit // 2)
    first: list[Thing] = []
    rest: list[Thing] = []
    counts: Counter[str] = Counter()
    for thing in ranked:
        counts[thing[0]] += 1
        (first if counts[thing[0]] <= share else rest).append(thing)
    kept = set([*first, *rest][: max(0, limit)])
    return [thing for thing in ranked if thing in kept]


def unique_names(nodes: Iterable[Thing]) -> dict[Thing, str]:
    """Return each thing its own id, or `kind:id` where a thing of another kind before it has that id."""
    names: dict[Thing, str] = {}
    for kind, id_ in nodes:
        name = id_
        while name in names.values():
            name = f"{kind}:{name}"
        names[kind, id_] = name
    return names


def around(
    services: Services, centre: Thing, label: str, *, depth: int = 1, limit: int = 60, kinds: Sequence[str] = KINDS
) -> Result:
    """Return nodes and edges around a thing: by its works, and at depth 2 by those of the people closest to it."""
    graph = Graph(centre, {centre: label})
    for work in _works(services, [centre], MAX_WORKS):
        graph.add(work, 1.0)
    if depth > 1:
        beside = [thing for thing in graph.rings(1)[0] if thing[0] == "researcher"]
        for work in _works(services, beside[:MAX_BESIDE], WORKS_BESIDE):
            # A step further away: 50 works there weigh no more than one here.
            graph.add(work, 0.02)
    return graph.chosen(depth, limit, kinds)


def _works(services: Services, things: Sequence[Thing], size: int) -> list[Result]:
    """Return the newest works of any of these things."""
    if not things:
        return []
    ids = defaultdict(list)
    for kind, id_ in things:
        ids["id" if kind == "work" else f"{PATHS[kind]}.id"].append(id_)
    query = {"bool": {"filter": [{"bool": {"should": [{"terms": {path: found}} for path, found in ids.items()]}}]}}
    order = [{"year": {"order": "desc", "missing": "_last"}}, {"id": "asc"}]
    answer = services.search(services.names.works, {"size": size, "query": query, "sort": order, "_source": SOURCE})
    return [hit["_source"] for hit in answer["hits"]["hits"]]

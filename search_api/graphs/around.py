"""The graph around a work, researcher, topic or institution: nodes and edges that a page draws.

A node has the id of its entity, unless two kinds share one: then the later node is `kind:id`. The centre comes first,
then nodes by how strongly they are connected to it. Every edge joins two nodes of the graph.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mappings.documents import WorkDocument
    from search_api.http.services import Services

Result = dict[str, Any]
#: Kind and id of an entity.
Entity = tuple[str, str]

KINDS = ("work", "researcher", "topic", "institution")
#: Relations between two kinds of entity, named from source to target.
EDGES = ("wrote", "collaborates", "about", "affiliated")
#: Fields of a work that name entities of other kinds.
PATHS = {"researcher": "researchers", "topic": "topics", "institution": "institutions"}
#: Works read around the centre, newest first.
MAX_WORKS = 200
#: At depth 2: researchers next to the centre whose works are read too, and how many works in all.
MAX_NEIGHBOURS = 10
NEIGHBOUR_WORKS = 300
#: Entities of one kind per work; more than 50 authors are not a circle of people who know each other.
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
    """Entities and their relations, collected before the most important ones are chosen."""

    centre: Entity
    labels: dict[Entity, str] = field(default_factory=dict)
    weights: dict[Entity, float] = field(default_factory=lambda: defaultdict(float))
    edges: Counter[tuple[Entity, Entity, str]] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def add(self, work: WorkDocument, share: float) -> None:
        """Add a work and the entities it names, each with weight `share`. A work that was added before is ignored."""
        if work["id"] in self.seen:
            return
        self.seen.add(work["id"])
        node = ("work", work["id"])
        self.labels.setdefault(node, work["title"])
        # A work ranks below the researchers and topics that several works share.
        self.weights[node] += share / 2
        researchers, topics, institutions = (self._named(kind, work) for kind in PATHS)
        for entity in (*researchers, *topics, *institutions):
            self.weights[entity] += share
        self.edges.update((researcher, node, "wrote") for researcher in researchers)
        self.edges.update((entity, topic, "about") for topic in topics for entity in (node, *researchers))
        self.edges.update((a, b, "collaborates") for a, b in combinations(sorted(researchers), 2))
        affiliations = {
            (("researcher", author["id"]), ("institution", author.get("institution_id") or ""))
            for author in work["researchers"]
        }
        self.edges.update(
            (researcher, institution, "affiliated")
            for researcher, institution in affiliations
            if institution in institutions and researcher in researchers
        )

    def _named(self, kind: str, work: WorkDocument) -> list[Entity]:
        """Return the entities of a kind that a work names, each once; of 3,000 authors the first 50 and the centre."""
        named: list[dict[str, str]] = work.get(PATHS[kind]) or []  # type: ignore[assignment]  # the key is a variable
        names = {(kind, entry["id"]): entry["name"] for entry in named}
        kept = [entity for n, entity in enumerate(names) if n < MAX_NAMED or entity == self.centre]
        for entity in kept:
            self.labels.setdefault(entity, names[entity])
        return kept

    def rings(self, depth: int) -> list[list[Entity]]:
        """Return the entities one step from the centre, those two steps away, and so on; heaviest first."""
        neighbours: dict[Entity, set[Entity]] = defaultdict(set)
        for source, target, _ in self.edges:
            neighbours[source].add(target)
            neighbours[target].add(source)
        reached, rings, ring = {self.centre}, [], {self.centre}
        for _ in range(depth):
            ring = {neighbour for entity in ring for neighbour in neighbours[entity]} - reached
            reached |= ring
            rings.append(sorted(ring, key=lambda entity: (-self.weights[entity], entity)))
        return rings

    def chosen(self, depth: int, limit: int, kinds: Iterable[str]) -> Result:
        """Return the centre and the heaviest entities of these kinds, `limit` nodes in all, with the edges between."""
        wanted = set(kinds)
        near, *further = ([entity for entity in ring if entity[0] in wanted] for ring in self.rings(depth))
        far, free = further[0] if further else [], limit - 1
        inner = fair(near, free - min(len(far), free // 2))
        core = {self.centre, *inner}
        joined = {entity for a, b, _ in self.edges for entity in (a, b) if a in core or b in core}
        outer = fair([entity for entity in far if entity in joined], free - len(inner))
        inner = fair(near, free - len(outer))
        return self._serialize([self.centre, *inner, *outer])

    def _serialize(self, nodes: Sequence[Entity]) -> Result:
        ids = unique_ids(nodes)
        most = max((self.weights[entity] for entity in nodes[1:]), default=1.0)
        weights = {entity: min(1.0, self.weights[entity] / most) for entity in nodes} | {self.centre: 1.0}
        return {
            "nodes": [
                {
                    "id": ids[entity],
                    "kind": entity[0],
                    "label": self.labels[entity],
                    "weight": round(weights[entity], 4),
                }
                for entity in nodes
            ],
            "edges": [
                {"source": ids[source], "target": ids[target], "kind": kind, "weight": weight}
                for (source, target, kind), weight in sorted(self.edges.items())
                if source in ids and target in ids
            ],
        }


def fair(ranked: Sequence[Entity], limit: int) -> list[Entity]:
    """Return `limit` of these, heaviest first, but no kind more than half while others have some left.

    Otherwise a prolific researcher's works, or the 500 authors of one physics collaboration, would fill the graph.
    """
    share = max(1, limit // 2)
    first: list[Entity] = []
    rest: list[Entity] = []
    counts: Counter[str] = Counter()
    for entity in ranked:
        counts[entity[0]] += 1
        (first if counts[entity[0]] <= share else rest).append(entity)
    kept = set([*first, *rest][: max(0, limit)])
    return [entity for entity in ranked if entity in kept]


def unique_ids(nodes: Iterable[Entity]) -> dict[Entity, str]:
    """Return the node id of each entity: its own id, or `kind:id` if an earlier one of another kind has that id."""
    ids: dict[Entity, str] = {}
    for kind, id_ in nodes:
        unique = id_
        while unique in ids.values():
            unique = f"{kind}:{unique}"
        ids[kind, id_] = unique
    return ids


def around(
    services: Services, centre: Entity, label: str, *, depth: int = 1, limit: int = 60, kinds: Sequence[str] = KINDS
) -> Result:
    """Return nodes and edges around an entity: by its works, and at depth 2 by those of its closest researchers."""
    graph = Graph(centre, {centre: label})
    for work in _works(services, [centre], MAX_WORKS):
        graph.add(work, 1.0)
    if depth > 1:
        neighbours = [entity for entity in graph.rings(1)[0] if entity[0] == "researcher"]
        for work in _works(services, neighbours[:MAX_NEIGHBOURS], NEIGHBOUR_WORKS):
            # Further away: 50 such works weigh as much as one of the centre.
            graph.add(work, 0.02)
    return graph.chosen(depth, limit, kinds)


def _works(services: Services, entities: Sequence[Entity], size: int) -> list[WorkDocument]:
    """Return the newest works of any of these entities."""
    if not entities:
        return []
    ids = defaultdict(list)
    for kind, id_ in entities:
        ids["id" if kind == "work" else f"{PATHS[kind]}.id"].append(id_)
    any_of = [{"terms": {path: values}} for path, values in ids.items()]
    query = {"bool": {"filter": [{"bool": {"should": any_of}}]}}
    order = [{"year": {"order": "desc", "missing": "_last"}}, {"id": "asc"}]
    response = services.search(services.names.works, {"size": size, "query": query, "sort": order, "_source": SOURCE})
    return [hit["_source"] for hit in response["hits"]["hits"]]

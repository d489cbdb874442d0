"""A graph as a picture for a template: positioned shapes with links, lines between them, and the same as a table."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import url_for

from search_api.web.formatting import plain
from search_api.web.layout import Spot, label_spots, places

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Size of the picture, and margin for the largest shape, in units.
WIDTH, HEIGHT, MARGIN = 760, 480, 22
#: Font size of labels; on phones the picture is half as large, so fewer labels are shown at twice the size.
FONT, FONT_SMALL_SCREEN = 12.5, 26.0
LABELS_SMALL_SCREEN = 6
#: Maximum length of a label.
LABEL_LENGTH = 30
#: Endpoint of the page of a kind of node.
PAGES = {
    "work": "web.work",
    "researcher": "web.researcher",
    "topic": "web.topic",
    "institution": "web.institution",
}
#: Stands for an id in the path of a page; and the characters that werkzeug does not escape in paths and in queries.
PLACEHOLDER = "~id~"
PATH_SAFE, QUERY_SAFE = "!$&'()*+,/:;=@", "!$'()*,/:;?@"
#: Words for an edge in the table, from its source and from its target.
WORDS = {
    "wrote": ("author of", "by"),
    "collaborates": ("co-author of", "co-author of"),
    "about": ("topic:", "topic of"),
    "affiliated": ("affiliation:", "affiliation of"),
}

#: Labels of the kinds of edges in the legend.
EDGE_LABELS = {"wrote": "Author", "collaborates": "Co-authors", "about": "Topic", "affiliated": "Affiliation"}


@dataclass(frozen=True)
class Dot:
    """A node: a shape at (x, y), its label, and its links to its page and to the graph around it."""

    id: str
    kind: str
    name: str
    label: str
    weight: float
    x: int
    y: int
    r: float
    spot: Spot | None
    is_major: bool
    focus: str
    page: str
    is_centre: bool = False


@dataclass(frozen=True)
class Line:
    """An edge; `a` and `b` are positions in the list of nodes."""

    a: int
    b: int
    kind: str
    weight: float


@dataclass(frozen=True)
class Picture:
    """Nodes, with the centre first, and lines."""

    dots: list[Dot]
    lines: list[Line]
    width: int = WIDTH
    height: int = HEIGHT

    def strokes(self) -> dict[tuple[str, float], list[tuple[int, int]]]:
        """Return the connected pairs of nodes by edge kind and stroke width; each pair once, with its heaviest edge.

        The template draws one path per kind and width: a line for each of 1,000 edges would add 100 kB to the page.
        """
        heaviest: dict[tuple[int, int], Line] = {}
        for line in self.lines:
            pair = (min(line.a, line.b), max(line.a, line.b))
            if pair not in heaviest or line.weight > heaviest[pair].weight:
                heaviest[pair] = line
        strokes: dict[tuple[str, float], list[tuple[int, int]]] = {}
        for pair, line in heaviest.items():
            width = 1 if line.weight < 2 else 1.8 if line.weight < 4 else 3
            strokes.setdefault((line.kind, width), []).append(pair)
        return strokes

    def kinds(self) -> set[str]:
        """Return the kinds of nodes in the picture."""
        return {dot.kind for dot in self.dots}

    def edge_kinds(self) -> dict[str, str]:
        """Return the kinds of edges that are drawn, with their labels."""
        drawn = {kind for kind, _ in self.strokes()}
        return {kind: label for kind, label in EDGE_LABELS.items() if kind in drawn}

    @property
    def words(self) -> str:
        """The picture in words."""
        counts = ", ".join(f"{n} {kind if n == 1 else kind + 's'}" for kind, n in self.counts().items() if n)
        return f"{counts or 'No connections'} around {self.dots[0].name}"

    def counts(self) -> dict[str, int]:
        """Return the number of nodes around the centre by kind."""
        counts = dict.fromkeys(PAGES, 0)
        for dot in self.dots[1:]:
            counts[dot.kind] += 1
        return counts

    def rows(self) -> list[tuple[Dot, list[str]]]:
        """Return each node around the centre with its connections in words, those to the centre first."""
        connections: dict[int, list[tuple[int, str]]] = {n: [] for n in range(len(self.dots))}
        for line in self.lines:
            times = f" ({line.weight:g} works)" if line.weight > 1 else ""
            forward, backward = WORDS[line.kind]
            connections[line.a].append((line.b, f"{forward} {self.dots[line.b].name}{times}"))
            connections[line.b].append((line.a, f"{backward} {self.dots[line.a].name}{times}"))
        return [(dot, [words for _, words in sorted(connections[n])]) for n, dot in enumerate(self.dots) if n]


def radius(weight: float) -> float:
    """Return the radius for a weight in [0, 1]: the area grows with the weight."""
    return round(4.5 + 8.5 * sqrt(weight), 1)


def picture(graph: Mapping[str, Any], **options: Any) -> Picture:
    """Return the picture of `{"nodes", "edges"}`; links to other centres keep `options` as parameters."""
    nodes, place = graph["nodes"], {node["id"]: n for n, node in enumerate(graph["nodes"])}
    lines = [
        Line(place[edge["source"]], place[edge["target"]], edge["kind"], edge["weight"]) for edge in graph["edges"]
    ]
    inner = places(
        len(nodes), [(line.a, line.b, line.weight) for line in lines], WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    )
    at = _distinct([(int(x) + MARGIN, int(y) + MARGIN) for x, y in inner])
    radii = [15.0, *(radius(node["weight"]) for node in nodes[1:])]
    names = [plain(node["label"]) for node in nodes]
    labels = [name if len(name) <= LABEL_LENGTH else name[: LABEL_LENGTH - 1].rstrip() + "…" for name in names]
    circles = [(x, y, r) for (x, y), r in zip(at, radii, strict=True)]
    spots = label_spots(circles, labels, FONT, WIDTH, HEIGHT)
    first = slice(LABELS_SMALL_SCREEN)
    large = label_spots(circles[first], labels[first], FONT_SMALL_SCREEN, WIDTH, HEIGHT)
    # The name of the centre is shown on every screen.
    spots[0] = large[0] = large[0] or spots[0]
    # Paths are built once a kind: url_for for each link of 200 nodes took a fifth of the page's time.
    graph_path = url_for("web.graph")
    page_paths = {kind: url_for(endpoint, id_=PLACEHOLDER) for kind, endpoint in PAGES.items()}
    options = {name: value for name, value in options.items() if value is not None}
    dots = [
        Dot(
            node["id"],
            node["kind"],
            names[n],
            labels[n],
            node["weight"],
            *at[n],
            radii[n],
            spots[n],
            n < len(large) and spots[n] is not None and large[n] == spots[n],
            f"{graph_path}?{urlencode({str(node['kind']): _own_id(node), **options}, doseq=True, safe=QUERY_SAFE)}",
            page_paths[node["kind"]].replace(PLACEHOLDER, quote(_own_id(node), safe=PATH_SAFE)),
            n == 0,
        )
        for n, node in enumerate(nodes)
    ]
    return Picture(dots, lines)


def _distinct(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return distinct positions: the script identifies the ends of a line by their position."""
    taken: dict[tuple[int, int], None] = {}
    for place in places:
        x, y = place
        while (x, y) in taken:
            x += 1
        taken[x, y] = None
    return list(taken)


def _own_id(node: Mapping[str, Any]) -> str:
    """Return the entity's id; a node's id starts with its kind if two entities have the same id."""
    return str(node["id"]).removeprefix(f"{node['kind']}:")

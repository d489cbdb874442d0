"""A graph as a picture that a template can draw: shapes with places and links, lines between them, its text twin."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from flask import url_for

from search_api.web.formatting import plain
from search_api.web.layout import Spot, label_spots, places

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Units of the picture, and room at the edges for the largest shape.
WIDTH, HEIGHT, MARGIN = 760, 480, 22
#: Font size of a label; on a phone the picture is half as large, so fewer labels are shown at twice the size.
FONT, FONT_SMALL_SCREEN = 12.5, 26.0
LABELS_SMALL_SCREEN = 6
#: Letters of a label in the picture.
LETTERS = 30
#: Pages of a thing.
PAGES = {
    "work": "web.work",
    "researcher": "web.researcher",
    "topic": "web.topic",
    "institution": "web.institution",
}
#: What an edge says, from its source's side and from its target's.
WORDS = {
    "wrote": ("author of", "by"),
    "collaborates": ("co-author of", "co-author of"),
    "about": ("topic:", "topic of"),
    "affiliated": ("affiliation:", "affiliation of"),
}


@dataclass(frozen=True)
class Dot:
    """A node: a shape of its kind at (x, y), its label, and where it leads."""

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
    """An edge, by the positions of its ends in the list of nodes."""

    a: int
    b: int
    kind: str
    weight: float


@dataclass(frozen=True)
class Picture:
    """Nodes, the centre first, and lines."""

    dots: list[Dot]
    lines: list[Line]
    width: int = WIDTH
    height: int = HEIGHT

    def strokes(self) -> dict[float, list[tuple[int, int]]]:
        """Return the pairs of nodes to join, by how thick the stroke is; each pair once, at its heaviest edge.

        One path for each thickness: a line for each of 1,000 edges would be 100 kB of page.
        """
        heaviest: dict[tuple[int, int], float] = {}
        for line in self.lines:
            pair = (min(line.a, line.b), max(line.a, line.b))
            heaviest[pair] = max(heaviest.get(pair, 0), line.weight)
        strokes: dict[float, list[tuple[int, int]]] = {}
        for pair, weight in heaviest.items():
            strokes.setdefault(1 if weight < 2 else 1.8 if weight < 4 else 3, []).append(pair)
        return strokes

    @property
    def words(self) -> str:
        """Say in one sentence what is to be seen."""
        counts = ", ".join(f"{n} {kind if n == 1 else kind + 's'}" for kind, n in self.counts().items() if n)
        return f"{counts or 'No connections'} around {self.dots[0].name}"

    def counts(self) -> dict[str, int]:
        """Count the nodes around the centre by kind."""
        found = dict.fromkeys(PAGES, 0)
        for dot in self.dots[1:]:
            found[dot.kind] += 1
        return found

    def rows(self) -> list[tuple[Dot, list[str]]]:
        """Return the nodes around the centre with what joins each to others in the picture: the text twin.

        First what joins it to the centre, then to the weightiest others.
        """
        told: dict[int, list[tuple[int, str]]] = {n: [] for n in range(len(self.dots))}
        for line in self.lines:
            times = f" ({line.weight:g} works)" if line.weight > 1 else ""
            there, back = WORDS[line.kind]
            told[line.a].append((line.b, f"{there} {self.dots[line.b].name}{times}"))
            told[line.b].append((line.a, f"{back} {self.dots[line.a].name}{times}"))
        return [(dot, [words for _, words in sorted(told[n])]) for n, dot in enumerate(self.dots) if n]


def radius(weight: float) -> float:
    """Return the radius that makes a shape's area grow with the weight (in [0, 1])."""
    return round(4.5 + 8.5 * sqrt(weight), 1)


def picture(graph: Mapping[str, Any], **more: Any) -> Picture:
    """Lay out `{"nodes", "edges"}`; `more` stays in the addresses that links to other centres lead to."""
    nodes, place = graph["nodes"], {node["id"]: n for n, node in enumerate(graph["nodes"])}
    lines = [
        Line(place[edge["source"]], place[edge["target"]], edge["kind"], edge["weight"]) for edge in graph["edges"]
    ]
    inner = places(
        len(nodes), [(line.a, line.b, line.weight) for line in lines], WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    )
    at = _apart([(int(x) + MARGIN, int(y) + MARGIN) for x, y in inner])
    radii = [15.0, *(radius(node["weight"]) for node in nodes[1:])]
    names = [plain(node["label"]) for node in nodes]
    labels = [name if len(name) <= LETTERS else name[: LETTERS - 1].rstrip() + "…" for name in names]
    circles = [(x, y, r) for (x, y), r in zip(at, radii, strict=True)]
    spots = label_spots(circles, labels, FONT, WIDTH, HEIGHT)
    first = slice(LABELS_SMALL_SCREEN)
    large = label_spots(circles[first], labels[first], FONT_SMALL_SCREEN, WIDTH, HEIGHT)
    # The name of what the picture is about is there on every screen.
    spots[0] = large[0] = large[0] or spots[0]
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
            url_for("web.graph", **{str(node["kind"]): _own_id(node), **more}),
            url_for(PAGES[node["kind"]], id_=_own_id(node)),
            n == 0,
        )
        for n, node in enumerate(nodes)
    ]
    return Picture(dots, lines)


def _apart(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Move a node that has another's place beside it: the script tells the ends of a line by where they are."""
    taken: dict[tuple[int, int], None] = {}
    for place in places:
        x, y = place
        while (x, y) in taken:
            x += 1
        taken[x, y] = None
    return list(taken)


def _own_id(node: Mapping[str, Any]) -> str:
    """Return the thing's id; a node has its kind before it where another thing has the same id."""
    return str(node["id"]).removeprefix(f"{node['kind']}:")

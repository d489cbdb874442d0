"""Layout of a graph: force-directed node positions, and labels that do not overlap.

The layout is deterministic, so that pages can be cached and nodes stay where they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

#: Of 200 nodes, connected ones are .353 as far apart as the mean pair after 60 rounds, .345 after 100, .470 after 20.
#: 3 ms for 60 nodes, 9 ms for 200.
ROUNDS = 60
#: Radians between one node and the next at the start: the golden angle, so that no nodes line up.
GOLDEN = np.float32(np.pi * (3 - np.sqrt(5)))
#: Width of a letter and height of a line, as shares of the font size.
LETTER, LINE = 0.56, 1.25


def places(count: int, edges: Sequence[tuple[int, int, float]], width: float, height: float) -> NDArray[np.float64]:
    """Return positions, float64[count, 2], within the box and with node 0 in the centre.

    Edges are (node, node, weight > 0). Fruchterman and Reingold, "Graph drawing by force-directed placement" (1991):
    all nodes repel each other, edges attract, and steps shrink. A pull to the centre keeps loose nodes in the picture.
    """
    steps = np.arange(count, dtype=np.float32)
    spread = np.sqrt(steps / max(count - 1, 1))
    x, y = np.cos(steps * GOLDEN) * spread, np.sin(steps * GOLDEN) * spread
    ideal = 1.4 / np.sqrt(max(count, 1))
    a, b, pull = _pulls(edges, np.float32(1 / ideal / np.sqrt(max(count, 1))))
    for turn in range(ROUNDS if count > 1 else 0):
        # Two flat arrays are three times as fast as one of pairs.
        across, down = x[:, None] - x, y[:, None] - y
        square = across * across
        square += down * down
        np.maximum(square, np.float32(1e-8), out=square)
        force = np.divide(np.float32(ideal**2), square, out=square)
        move_x, move_y = np.einsum("ij,ij->i", across, force) - 0.6 * x, np.einsum("ij,ij->i", down, force) - 0.6 * y
        # Of 200 nodes, one pair in twenty is connected, so edges are handled one by one instead of as a matrix.
        drawn = pull * np.maximum(np.hypot(x[a] - x[b], y[a] - y[b]), np.float32(1e-4))
        move_x -= np.bincount(a, drawn * (x[a] - x[b]), count)
        move_y -= np.bincount(a, drawn * (y[a] - y[b]), count)
        length = np.maximum(np.hypot(move_x, move_y), 1e-9)
        step = np.minimum(length, 0.12 * (1 - turn / ROUNDS) + 0.004) / length
        x, y = x + move_x * step, y + move_y * step
        x, y = x - x[0], y - y[0]
    return _boxed(np.stack([x, y], axis=1).astype(np.float64), width, height)


def _pulls(
    edges: Sequence[tuple[int, int, float]], unit: np.float32
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return sources, targets and strengths: each connected pair in both directions, by its heaviest edge."""
    heaviest: dict[tuple[int, int], float] = {}
    for a, b, weight in edges:
        for pair in ((a, b), (b, a)):
            heaviest[pair] = max(heaviest.get(pair, 0.0), weight)
    ends = np.array(list(heaviest), dtype=np.intp).reshape(-1, 2)
    weights = np.array(list(heaviest.values()), dtype=np.float32)
    return ends[:, 0], ends[:, 1], ((0.5 + np.log1p(weights) / 2) * unit).astype(np.float32)


def _boxed(at: NDArray[np.float64], width: float, height: float) -> NDArray[np.float64]:
    """Return positions stretched to the box, each half separately, so that node 0 stays in the centre."""
    middle = np.array([width / 2, height / 2])
    for axis in (0, 1):
        for sign in (1, -1):
            side = np.sign(at[:, axis]) == sign
            if side.any():
                at[side, axis] /= np.abs(at[side, axis]).max()
    boxed: NDArray[np.float64] = np.round(at * middle + middle)
    return boxed


class Box(NamedTuple):
    """A rectangle; y counts down."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Return whether two boxes overlap."""
        return self.overlaps_any((other,))

    def overlaps_any(self, others: Iterable[Box]) -> bool:
        """Return whether the box overlaps one of the others. A loop: calls for 30,000 pairs of a graph took 15 ms."""
        left, top, right, bottom = self
        for other_left, other_top, other_right, other_bottom in others:
            if left < other_right and other_left < right and top < other_bottom and other_top < bottom:
                return True
        return False

    def within(self, width: float, height: float) -> bool:
        """Return whether the box is completely in the picture."""
        return self.left >= 0 and self.top >= 0 and self.right <= width and self.bottom <= height


@dataclass(frozen=True)
class Spot:
    """The anchor of a label's text, relative to its node; `em` shifts the line by a share of the font size."""

    x: float
    y: float
    em: float
    anchor: str


def label_spots(
    nodes: Sequence[tuple[float, float, float]], labels: Sequence[str], size: float, width: float, height: float
) -> list[Spot | None]:
    """Return a place for each node's label, or None if there is no space left; the first nodes are served first.

    Nodes are (x, y, radius). A label is right, left, below or above its node and covers no other label. It covers no
    node either, if that is possible; else it may cover nodes after its own, which are less important. Only the label of
    the first node, the centre, may cover any node.
    """
    shapes = [Box(x - r, y - r, x + r, y + r) for x, y, r in nodes]
    spots: list[Spot | None] = []
    placed: list[Box] = []
    for number, (node, label) in enumerate(zip(nodes, labels, strict=True)):
        sides = [
            (spot, box) for spot, box in _sides(*node, len(label) * size * LETTER, size) if box.within(width, height)
        ]
        # Labels are checked first, since they overlap more often than shapes do.
        free = [
            pair
            for pair in sides
            if not pair[1].overlaps_any(placed) and (not number or not pair[1].overlaps_any(shapes[:number]))
        ]
        clear = (pair for pair in free if not pair[1].overlaps_any(shapes))
        chosen = next(clear, free[0] if free else None)
        spots.append(chosen[0] if chosen else None)
        placed += [chosen[1]] if chosen else []
    return spots


def _sides(x: float, y: float, r: float, width: float, size: float) -> list[tuple[Spot, Box]]:
    """Return the four places around a node, best first, each with the box of its text."""
    gap, half, line = r + 4, size * LINE / 2, size * LINE
    return [
        (Spot(gap, 0, 0.35, "start"), Box(x + gap, y - half, x + gap + width, y + half)),
        (Spot(-gap, 0, 0.35, "end"), Box(x - gap - width, y - half, x - gap, y + half)),
        (Spot(0, gap, 0.8, "middle"), Box(x - width / 2, y + gap, x + width / 2, y + gap + line)),
        (Spot(0, -gap, 0, "middle"), Box(x - width / 2, y - gap - line, x + width / 2, y - gap)),
    ]

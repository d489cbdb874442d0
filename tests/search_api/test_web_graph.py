"""The picture of a graph: places, labels, words, and where its shapes lead."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

from mappings import IndexNames
from search_api.app import create_app
from search_api.graphs.search import FINDERS
from search_api.http.errors import RedirectError
from search_api.http.services import Services
from search_api.web.layout import Box, label_spots, places
from search_api.web.picture import HEIGHT, WIDTH, Picture, picture, radius

if TYPE_CHECKING:
    from collections.abc import Iterator

ADA = {"id": "ada-1", "kind": "researcher", "label": "Ada Low", "weight": 1.0}
BO = {"id": "bo-2", "kind": "researcher", "label": "Bo Ek", "weight": 0.6}
TREES = {"id": "local:1", "kind": "work", "label": "On $\\alpha$-trees & <b>", "weight": 0.3}
TOPIC = {"id": "topic:x/y", "kind": "topic", "label": "Trees", "weight": 0.5}
EDGES = [
    {"source": "ada-1", "target": "bo-2", "kind": "collaborates", "weight": 3},
    {"source": "ada-1", "target": "local:1", "kind": "wrote", "weight": 1},
    {"source": "local:1", "target": "topic:x/y", "kind": "about", "weight": 1},
    {"source": "ada-1", "target": "topic:x/y", "kind": "about", "weight": 2},
]


@pytest.fixture(autouse=True)
def request_context() -> Iterator[None]:
    app = create_app(services=Services(None, IndexNames("t-")))  # type: ignore[arg-type]  # nothing is asked of it
    with app.test_request_context("/graph?researcher=ada-1"):
        yield


def drawn(**more: Any) -> Picture:
    return picture({"nodes": [ADA, BO, TREES, TOPIC], "edges": EDGES}, **more)


def star(count: int) -> list[tuple[int, int, float]]:
    return [(0, other, 1.0) for other in range(1, count)]


@pytest.mark.parametrize("count", [1, 2, 30, 200])
def test_every_node_is_in_the_box_and_the_centre_in_the_middle(count: int) -> None:
    at = places(count, star(count), 700, 400)
    assert at.shape == (count, 2)
    assert np.isfinite(at).all()
    assert (at >= 0).all()
    assert (at <= [700, 400]).all()
    assert list(at[0]) == [350, 200]


def test_nodes_keep_apart_and_the_same_graph_gets_the_same_places() -> None:
    at = places(60, star(60), 700, 400)
    closest = min(float(np.hypot(*(at[a] - at[b]))) for a, b in combinations(range(60), 2))
    assert closest > 10
    assert np.array_equal(at, places(60, star(60), 700, 400))


def test_what_is_joined_lies_closer_than_what_is_not() -> None:
    halves = [(a, b, 2.0) for group in (range(1, 8), range(8, 15)) for a, b in combinations(group, 2)]
    at = places(15, [*star(15), *halves], 700, 700)

    def mean(pairs: Any) -> float:
        return float(np.mean([np.hypot(*(at[a] - at[b])) for a, b in pairs]))

    inside = mean((a, b) for a, b, _ in halves)
    across = mean((a, b) for a in range(1, 8) for b in range(8, 15))
    assert inside < 0.7 * across


def test_labels_cover_neither_nodes_nor_each_other_nor_the_edge() -> None:
    nodes = [(float(20 + 60 * n), 50.0, 8.0) for n in range(5)]
    spots = label_spots(nodes, ["a label"] * 5, 12, 300, 100)
    assert any(spots)
    boxes = []
    for (x, y, _), spot in zip(nodes, spots, strict=True):
        if spot:
            long = 7 * 12 * 0.56
            left = {"start": x + spot.x, "end": x + spot.x - long, "middle": x - long / 2}[spot.anchor]
            line = y + spot.y + 12 * spot.em
            boxes.append(Box(left, line - 9, left + long, line))
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    assert all(box.within(300, 100) for box in boxes)
    assert label_spots([(50, 50, 5)], ["x" * 200], 12, 100, 100) == [None]


def test_what_the_picture_is_about_has_its_name_even_among_many() -> None:
    crowd = [(50.0, 50.0, 8.0), *((50.0 + dx, 50.0 + dy, 8.0) for dx in (-20, 20) for dy in (-20, 0, 20))]
    spots = label_spots(crowd, ["the centre"] * 7, 12, 120, 100)
    assert spots[0] is not None


def test_shapes_lead_to_their_graph_and_the_centre_to_its_page() -> None:
    dots = drawn(limit=30, kind=None).dots
    assert [dot.focus for dot in dots[1:]] == [
        "/graph?researcher=bo-2&limit=30",
        "/graph?work=local:1&limit=30",
        "/graph?topic=x/y&limit=30",
    ]
    assert [dot.page for dot in dots] == ["/researchers/ada-1", "/researchers/bo-2", "/works/local:1", "/topics/x/y"]
    assert [dot.is_centre for dot in dots] == [True, False, False, False]
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in dots)


def test_the_area_of_a_shape_grows_with_its_weight() -> None:
    assert radius(0) < radius(0.25) < radius(1.0)
    assert radius(1.0) - radius(0) == pytest.approx(2 * (radius(0.25) - radius(0)), abs=0.11)


def test_the_picture_in_words() -> None:
    found = drawn()
    assert found.words == "1 work, 1 researcher, 1 topic around Ada Low"
    assert picture({"nodes": [ADA], "edges": []}).words == "No connections around Ada Low"
    connections = {dot.id: joined for dot, joined in found.rows()}
    assert connections["bo-2"] == ["co-author of Ada Low (3 works)"]
    assert connections["topic:x/y"] == ["topic of Ada Low (2 works)", "topic of On α-trees & <b>"]  # noqa: RUF001


def test_a_pair_is_joined_once_by_its_heaviest_edge() -> None:
    twice = [*EDGES, {"source": "bo-2", "target": "ada-1", "kind": "about", "weight": 9}]
    strokes = picture({"nodes": [ADA, BO, TREES, TOPIC], "edges": twice}).strokes()
    assert strokes == {
        ("about", 3): [(0, 1)],
        ("wrote", 1): [(0, 2)],
        ("about", 1): [(2, 3)],
        ("about", 1.8): [(0, 3)],
    }


@pytest.mark.parametrize("route", ["/graph", "/api/v1/graph"])
def test_the_graph_of_a_merged_researcher_is_that_of_the_other(route: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def merged(services: Any, given: str) -> Any:
        raise RedirectError("new-1")

    monkeypatch.setitem(FINDERS, "researcher", merged)
    client = create_app(services=Services(None, IndexNames("t-"))).test_client()  # type: ignore[arg-type]
    response = client.get(f"{route}?researcher=old-1&limit=5")
    assert response.status_code == 301
    assert dict(parse_qsl(urlsplit(response.location).query)) == {"researcher": "new-1", "limit": "5"}

"""Which package may import which, as docs/architecture.md draws it; types count. `make imports` prints the graph."""

from __future__ import annotations

import pytest

from tests.import_graph import LAYERS, PACKAGES, ROOT, Import, ImportGraph, cycles


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    return ImportGraph.read()


def test_every_package_is_listed() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= {*PACKAGES, "tests"}


def test_imports_point_down(graph: ImportGraph) -> None:
    assert list(map(str, graph.upward())) == []


def test_no_modules_import_each_other_in_a_circle(graph: ImportGraph) -> None:
    assert cycles(graph.imports) == []


def test_no_subpackages_import_each_other_in_a_circle(graph: ImportGraph) -> None:
    assert cycles(graph.subpackages) == []


def test_a_cycle_is_found_wherever_it_begins() -> None:
    edges = {Import("a", "b"), Import("b", "c"), Import("c", "b"), Import("c", "d"), Import("e", "a")}
    assert cycles(edges) == [["b", "c"]]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("mappings.names", "indexer.run.run"),
        ("search_api.works.search", "indexer.records.work"),
        ("search_api.http.args", "search_api.works"),
        ("search_api.feeds", "search_api.graphs"),
        ("peerscope.settings", "peerscope.engine.node"),
        ("indexer.records.work", "accounts.models"),
    ],
)
def test_an_import_that_points_up_or_aside_is_found(importer: str, imported: str) -> None:
    allowed = Import("search_api.app", "mappings.names")
    graph = ImportGraph(frozenset({Import(importer, imported), allowed}), frozenset())
    assert graph.upward() == [Import(importer, imported)]


def test_a_module_outside_of_all_layers_is_named() -> None:
    graph = ImportGraph(frozenset({Import("unknown.module", "mappings")}), frozenset())
    with pytest.raises(LookupError, match=r"unknown\.module"):
        graph.upward()
    assert len(LAYERS) == 6

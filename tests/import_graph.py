"""Print the import graph of the packages: `python -m tests.import_graph`, or `make imports`.

Imports inside functions and those that only serve type annotations count like any other.
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("accounts", "benchmarks", "indexer", "mappings", "peerscope", "search_api")

#: From top to bottom. A module may import from its own line and from those below; `|` parts those that may not import
#: each other. A name covers all modules below it that no longer name covers.
LAYERS = (
    "peerscope.cli peerscope.__main__ peerscope.demo peerscope.demo_check peerscope.doctor peerscope.evaluation"
    " benchmarks",
    "accounts",
    "search_api | indexer",
    "peerscope.engine peerscope.embedding",
    "mappings peerscope.artifacts peerscope.sample",
    "peerscope",
)
#: The same within packages that are large.
INNER_LAYERS = {
    "search_api": (
        "search_api.app search_api.commands search_api.error_handlers",
        "search_api.web",
        "search_api.graphs | search_api.overview | search_api.feeds | search_api.autocomplete",
        "search_api.institutions",
        "search_api.topics",
        "search_api.researchers",
        "search_api.works",
        "search_api.understanding",
        "search_api.retrieval",
        "search_api.http",
        "search_api",
    ),
    "indexer": (
        "indexer.run",
        "indexer.build",
        "indexer.institutions",
        "indexer.deduplication",
        "indexer.identity",
        "indexer.staging",
        "indexer.sources",
        "indexer.write",
        "indexer.records | indexer.stages",
        "indexer",
    ),
}


@dataclass(frozen=True, order=True)
class Import:
    """A module that imports another."""

    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.importer} -> {self.imported}"


@dataclass(frozen=True)
class ImportGraph:
    """Which module of the packages imports which."""

    imports: frozenset[Import]
    modules: frozenset[str]

    @classmethod
    def read(cls) -> ImportGraph:
        """Read the source files of this project."""
        sys.path.insert(0, str(ROOT))
        graph = grimp.build_graph(*PACKAGES, cache_dir=None)
        return cls(
            frozenset(
                Import(module, imported)
                for module in graph.modules
                for imported in graph.find_modules_directly_imported_by(module)
            ),
            frozenset(graph.modules),
        )

    @cached_property
    def subpackages(self) -> frozenset[Import]:
        """The imports between subpackages; a module directly in a package counts as one."""
        edges = {Import(self.subpackage(edge.importer), self.subpackage(edge.imported)) for edge in self.imports}
        return frozenset(edge for edge in edges if edge.importer != edge.imported)

    @staticmethod
    def subpackage(module: str) -> str:
        """Return the subpackage of a module: the first two parts of its name."""
        return ".".join(module.split(".")[:2])

    def upward(self) -> list[Import]:
        """Return the imports that point up, or sideways over a `|`."""
        return sorted(
            edge
            for edge in self.imports
            for layers in (LAYERS, INNER_LAYERS.get(_package(edge)))
            if layers and not _allowed(layers, edge)
        )


def cycles(edges: Iterable[Import]) -> list[list[str]]:
    """Return the groups of names that reach each other: the strongly connected components (Tarjan)."""
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for edge in sorted(edges):
        targets[edge.importer].append(edge.imported)
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = lowest[name] = len(number)
        stack.append(name)
        for target in targets.get(name, ()):
            if target not in number:
                visit(target)
                lowest[name] = min(lowest[name], lowest[target])
            elif target in stack:
                lowest[name] = min(lowest[name], number[target])
        if lowest[name] == number[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for name in list(targets):
        if name not in number:
            visit(name)
    return sorted(groups)


def _package(edge: Import) -> str:
    """Return the package that an import stays in, else an empty string."""
    importer, imported = (module.split(".")[0] for module in (edge.importer, edge.imported))
    return importer if importer == imported else ""


@cache
def _places(layers: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Return the line of each name of `layers`, and its column between `|`."""
    return {
        name: (line, column)
        for line, layer in enumerate(layers)
        for column, names in enumerate(layer.split("|"))
        for name in names.split()
    }


def _place(layers: tuple[str, ...], module: str) -> tuple[int, int]:
    """Return the place of the longest name that covers a module. Raise `LookupError` if none does."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if place := _places(layers).get(".".join(parts[:length])):
            return place
    raise LookupError(f"{module} is in no layer: see tests/import_graph.py")


def _allowed(layers: tuple[str, ...], edge: Import) -> bool:
    importer, imported = _place(layers, edge.importer), _place(layers, edge.imported)
    return importer[0] < imported[0] or importer == imported


def main() -> None:
    """Print packages, subpackages, cycles and upward imports; exit with 1 if there is one of the last two."""
    graph = ImportGraph.read()
    lines = [f"{len(graph.modules)} modules, {len(graph.imports)} imports"]
    for package in PACKAGES:
        modules = [module for module in graph.modules if module.split(".")[0] == package]
        used = sorted({edge.imported.split(".")[0] for edge in graph.imports if edge.importer in modules} - {package})
        lines.append(f"{package}: {len(modules)} modules, imports {', '.join(used) or 'none of the others'}")
    by_importer: defaultdict[str, list[str]] = defaultdict(list)
    for edge in sorted(graph.subpackages):
        by_importer[edge.importer].append(edge.imported)
    lines += ["", "Subpackages:"]
    lines += [f"  {importer} -> {', '.join(imported)}" for importer, imported in sorted(by_importer.items())]
    problems = {
        "Cycles between modules": [" <-> ".join(group) for group in cycles(graph.imports)],
        "Cycles between subpackages": [" <-> ".join(group) for group in cycles(graph.subpackages)],
        "Upward imports": list(map(str, graph.upward())),
    }
    for title, found in problems.items():
        lines += ["", f"{title}: {len(found)}", *(f"  {problem}" for problem in found)]
    print(*lines, sep=os.linesep)  # noqa: T201
    raise SystemExit(any(problems.values()))


if __name__ == "__main__":
    main()

"""Every regular expression of Peerscope takes time in proportion to the length of a text, whatever the text.

`re` backtracks: a pattern such as `a+b` takes quadratic time for a text of `a`, because it scans to the end from every
position. The test finds all patterns, and builds for each the texts that are likely to make it backtrack: the beginning
of a match, a part of the pattern repeated without end, and no match at the end.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections import defaultdict
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

opcodes, parser, compiler = (importlib.import_module(f"re.{name}") for name in ("_constants", "_parser", "_compiler"))

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("peerscope", "mappings", "indexer", "search_api", "accounts")
#: Functions of `re` whose first argument is a pattern.
FUNCTIONS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
#: Methods that look for a match at every position.
ANYWHERE = {"search", "split", "findall", "finditer", "sub", "subn"}
#: Calls in functions whose pattern is not a constant, as file and function: none of them sees foreign text, or
#: `tests/indexer/sources/test_cost.py` tests it.
DYNAMIC = {
    ("mappings/names.py", "fullmatch"),
}
#: Lengths of texts. A quadratic pattern takes 64 times as long for the second as for the first, a linear one 8 times.
SHORT, LONG = 1_000, 8_000
ALPHABET = "aA1 ._-@(){}[]<>$\\\"'/,;:&#\n\u4e2d\u00b9*"


def _modules() -> Iterator[str]:
    for package in PACKAGES:
        root = importlib.import_module(package)
        yield package
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not any(part in module.name for part in (".__main__", ".migrations")):
                yield module.name


def _patterns_in(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict) and depth < 3:
        for item in (*value.keys(), *value.values()):
            yield from _patterns_in(item, depth + 1)
    elif isinstance(value, tuple | list | set | frozenset) and depth < 3:
        for item in value:
            yield from _patterns_in(item, depth + 1)


def _calls() -> Iterator[tuple[str, ast.Call, bool]]:
    """Yield each call of a function of `re`: its file, the call, and whether it is inside of a function."""
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            inside = {
                id(node)
                for function in ast.walk(tree)
                if isinstance(function, ast.FunctionDef | ast.Lambda)
                for node in ast.walk(function)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{name}" for name in FUNCTIONS}:
                    yield str(file.relative_to(ROOT)), node, id(node) in inside


def _flags(call: ast.Call) -> int:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    names = re.findall(r"re\.(\w+)", " ".join(map(ast.unparse, [*named, *call.args[1:]])))
    return sum({getattr(re, name).value for name in names if isinstance(getattr(re, name), re.RegexFlag)})


def _methods() -> dict[str, set[str]]:
    """Return which methods are used of each variable that may be a pattern, by the variable's name."""
    methods: dict[str, set[str]] = defaultdict(set)
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in FUNCTIONS:
                    methods[ast.unparse(node.value).rpartition(".")[2]].add(node.attr)
    return methods


@cache
def all_patterns() -> dict[str, tuple[re.Pattern[Any], set[str]]]:
    """Return every pattern and the methods that are used of it, by a name that says where it is.

    Patterns in a tuple or a dict are expected to be used in every way.
    """
    patterns: dict[str, tuple[re.Pattern[Any], set[str]]] = {}
    methods = _methods()
    for name in _modules():
        for variable, value in vars(importlib.import_module(name)).items():
            for pattern in _patterns_in(value):
                used = methods[variable] if isinstance(value, re.Pattern) and methods[variable] else ANYWHERE
                patterns[f"{name}.{variable}-{len(patterns)}"] = (pattern, used)
    for file, call, is_inside in _calls():
        if is_inside and isinstance(call.args[0], ast.Constant):
            pattern = re.compile(call.args[0].value, _flags(call))
            patterns[f"{file}-{call.lineno}-{call.col_offset}"] = (pattern, {ast.unparse(call.func)[3:]} - {"compile"})
    return patterns


def _example(nodes: Any, groups: dict[int, str]) -> str:
    """Return a text that matches parsed nodes, with the fewest repetitions but one."""
    return "".join(_of(node, groups) for node in nodes)


def _of(node: Any, groups: dict[int, str]) -> str:
    kind, value = node
    if kind in {opcodes.LITERAL, opcodes.NOT_LITERAL}:
        return chr(value) if kind is opcodes.LITERAL else next(c for c in ALPHABET if ord(c) != value)
    if kind is opcodes.ANY:
        return "a"
    if kind is opcodes.IN:
        return next((character for character in ALPHABET if _is_in(character, value)), "") or _first(value)
    if kind in {opcodes.MAX_REPEAT, opcodes.MIN_REPEAT, opcodes.POSSESSIVE_REPEAT}:
        return _example(value[2], groups) * int(max(1, value[0]))
    if kind is opcodes.SUBPATTERN:
        text = _example(value[3], groups)
        groups[value[0]] = text
        return text
    if kind is opcodes.ATOMIC_GROUP:
        return _example(value, groups)
    if kind is opcodes.BRANCH:
        return _example(value[1][0], groups)
    return str(groups.get(value, "")) if kind is opcodes.GROUPREF else ""


def _is_in(character: str, items: Any) -> bool:
    """Return whether a character is in a class, by matching a pattern with only that class."""
    state = parser.State()
    state.str = ""
    tree = parser.SubPattern(state, [(opcodes.IN, items)])
    return compiler.compile(tree).match(character) is not None


def _first(items: Any) -> str:
    kind, value = next(item for item in items if item[0] is not opcodes.NEGATE)
    return chr(value if kind is opcodes.LITERAL else value[0]) if kind is not opcodes.CATEGORY else "a"


def _sequences(nodes: Any) -> Iterator[Any]:
    """Yield the sequences of nodes in a parsed pattern that repeat something without bound, alternatives separately."""
    if "MAXREPEAT" not in repr(list(nodes)):
        return
    yield list(nodes)
    for kind, value in nodes:
        if kind in {opcodes.MAX_REPEAT, opcodes.MIN_REPEAT, opcodes.POSSESSIVE_REPEAT}:
            yield from _sequences(value[2])
        elif kind is opcodes.SUBPATTERN:
            yield from _sequences(value[3])
        elif kind is opcodes.ATOMIC_GROUP:
            yield from _sequences(value)
        elif kind is opcodes.BRANCH:
            for branch in value[1]:
                yield from _sequences(branch)


def attacks(pattern: re.Pattern[Any]) -> set[tuple[str, str]]:
    """Return pairs of a prefix and a text to repeat: each beginning of a sequence, and each node alone."""
    tree = parser.parse(pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1"))
    pairs: set[tuple[str, str]] = set()
    for nodes in _sequences(tree):
        groups: dict[int, str] = {}
        parts = [_of(node, groups) for node in nodes]
        for end in range(1, len(parts) + 1):
            before, last = "".join(parts[: end - 1]), parts[end - 1]
            pairs |= {("", before + last), (before, last), (before, last + " "), (before, last + "a")}
            pairs |= {(before + last, character) for character in " a1$("}
    return {(prefix, unit) for prefix, unit in pairs if unit}


def _cost(pattern: re.Pattern[Any], method: str, prefix: str, unit: str, length: int) -> float:
    text: Any = prefix + (unit * (length // len(unit) + 1))[:length] + "\0"
    if isinstance(pattern.pattern, bytes):
        text = text.encode("latin-1", "replace")
    began = time.process_time()
    if method in {"match", "fullmatch"}:
        getattr(pattern, method)(text)
    else:
        for _ in pattern.finditer(text):
            pass
    return time.process_time() - began


@pytest.mark.parametrize("name", all_patterns())
def test_a_pattern_takes_linear_time(name: str) -> None:
    pattern, used = all_patterns()[name]
    # `finditer` tries every position, as `sub`, `split` and `search` do.
    methods = (used & {"match", "fullmatch"}) | ({"finditer"} if used & ANYWHERE else set())
    for method, (prefix, unit) in product(sorted(methods), sorted(attacks(pattern))):
        for attempt in range(3):  # what else the machine does may slow down one of the two
            short, long = (_cost(pattern, method, prefix, unit, length) for length in (SHORT, LONG))
            if long <= 20 * short + 0.004:
                break
            assert attempt < 2, f"{long:.3f} s instead of {8 * short:.4f} s for {method} of {prefix!r} + {unit!r} * n"


def test_every_pattern_is_found() -> None:
    """A pattern that is built inside of a function could not be tested."""
    dynamic = {
        (file, call.func.attr)
        for file, call, is_inside in _calls()
        if is_inside and not isinstance(call.args[0], ast.Constant) and isinstance(call.func, ast.Attribute)
    }
    assert dynamic == DYNAMIC
    assert len(all_patterns()) > 100

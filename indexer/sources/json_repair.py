"""Convert JSON records of which some fields do not have the structure of their format.

Such a field is found by leaving out parts of the record until it can be converted, and is then ignored with a warning.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from indexer.records import RecordWarning
from indexer.sources.base import convert_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer.sources.base import Item

    Path = tuple[str | int, ...]

#: Conversions of one record.
_MAX_ATTEMPTS = 200
#: Characters of the JSON of a record that are converted for it in total; a longer record has fewer attempts.
_MAX_CHARACTERS = 5_000_000
#: Fields of one record that are ignored.
_MAX_IGNORED = 20
#: Characters of a value that a warning quotes.
_QUOTED = 80


def convert_json(
    source: str, number: int, convert: Callable[[Any], dict[str, Any]], value: Any, text: str | None = None
) -> Item:
    """Return the Item of a JSON record; fields without which it can be converted are ignored with a warning each."""
    item = convert_record(source, number, convert, value, text)
    if not item.problem or not item.is_work or not isinstance(value, dict):
        return item
    return _Repair(source, number, convert, text).run(value, item)


class _Repair:
    """The search for the fields of a record that prevent its conversion."""

    def __init__(self, source: str, number: int, convert: Callable[[Any], dict[str, Any]], text: str | None) -> None:
        self._source, self._number, self._convert_value, self._text = source, number, convert, text
        self._attempts = 0

    def run(self, value: dict[str, Any], item: Item) -> Item:
        """Return the Item of the record without the fields that prevent its conversion, else the given one."""
        self._attempts = min(_MAX_ATTEMPTS, _MAX_CHARACTERS // len(json.dumps(value)))
        paths = self._paths(value, item.problem or "", _MAX_IGNORED)
        if not paths:
            return item
        warnings, current = [], value
        for path in paths:
            bad = json.dumps(_at(current, path))[:_QUOTED]
            warnings.append(RecordWarning("invalid field", f"{_name(path)} is {bad}; ignored"))
            current = _without(current, path)
        result = convert_record(self._source, self._number, self._convert_value, current, self._text)
        return replace(result, text=item.text, warnings=(*warnings, *result.warnings))

    def _paths(self, value: dict[str, Any], problem: str, limit: int) -> list[Path]:
        """Return the paths of the parts to leave out, one after the other; an empty list if there is no way."""
        changed: list[Path] = []
        for key in value:
            if self._attempts <= 0:
                return []
            other = self._convert(_without(value, (key,))).problem
            if other is None:
                return [self._smallest(value, (key,))]
            # A key that is required is not what is wrong.
            if other != problem and "KeyError" not in other:
                changed.append((key,))
        for path in changed[: limit and 2]:
            first = self._smallest(value, path, problem)
            rest = _without(value, first)
            if paths := self._paths(rest, self._convert(rest).problem or "", limit - 1):
                return [first, *paths]
        return []

    def _convert(self, value: Any) -> Item:
        self._attempts -= 1
        return convert_record(self._source, self._number, self._convert_value, value, self._text)

    def _smallest(self, value: Any, path: Path, problem: str | None = None) -> Path:
        """Return the path of the smallest part inside of one without which there is no problem, or another one."""
        for key in _keys(_at(value, path)):
            if self._attempts <= 0:
                break
            other = self._convert(_without(value, (*path, key))).problem
            if other is None or (problem is not None and other != problem and "KeyError" not in other):
                return self._smallest(value, (*path, key), problem)
        return path


def _keys(value: Any) -> Iterator[str | int]:
    if isinstance(value, dict):
        yield from value
    elif isinstance(value, list):
        yield from range(len(value))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _without(value: Any, path: Path) -> Any:
    """Return a copy of a value without the part at a path; lists of the path get shorter."""
    key, *rest = path
    if isinstance(value, dict):
        return {
            name: _without(inner, tuple(rest)) if name == key else inner
            for name, inner in value.items()
            if rest or name != key
        }
    return [
        _without(inner, tuple(rest)) if number == key else inner
        for number, inner in enumerate(value)
        if rest or number != key
    ]


def _name(path: Path) -> str:
    """Return a path as it is read in messages: `author[2].affiliation`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")

"""Settings of the environment that are numbers: read once, checked, and complained about where somebody can see it.

What is wrong is noted when it is read, which may be while modules are imported, and raised by `check` when a service is
about to start: so it ends in one message, and commands that do not need it still run.
"""

from __future__ import annotations

import os

from peerscope.errors import SettingsError

_wrong: dict[str, str] = {}


def number(name: str, default: float, low: float, high: float) -> float:
    """Return a setting that is a number; the default where it is not set or invalid, which `check` reports."""
    given = os.environ.get(name, "").strip() or str(default)
    _wrong.pop(name, None)
    try:
        value = float(given)
    except ValueError:
        _wrong[name] = f"{name} is {given!r}, not a number"
        return default
    if not low <= value <= high:
        _wrong[name] = f"{name} is {given}; it must lie between {low:g} and {high:g}"
        return default
    return value


def whole(name: str, default: int, low: int, high: int) -> int:
    """Return a setting that is a whole number, as `number` does."""
    value = number(name, default, low, high)
    if value != int(value):
        _wrong[name] = f"{name} is {value:g}; it must be a whole number"
        return default
    return int(value)


def check() -> None:
    """Raise SettingsError when a setting that was read cannot be used."""
    if _wrong:
        raise SettingsError("; ".join(_wrong[name] for name in sorted(_wrong)))

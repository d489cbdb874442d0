"""Peerscope: discovery of research works, and of who works on what.

`peerscope.Client` calls the HTTP API; `peerscope.__version__` is the installed version. Both are loaded on first use,
so that importing the package is cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from peerscope.client import Client

    __version__: str

__all__ = ["Client", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from peerscope.client import Client

        return Client
    if name == "__version__":
        from importlib.metadata import version

        return version("peerscope")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

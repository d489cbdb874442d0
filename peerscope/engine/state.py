"""What is known of the running node, in a small file beside its data, so that the next process finds it.

The file outlives a node that dies, and goes when one is stopped: so it also says whether a node is wanted.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class NodeState:
    """A node that was started. Whether it still runs, its process tells."""

    name: str
    pid: int
    created: float
    """When the process started, in seconds since 1970, as the system tells it."""
    port: int
    heap: int
    """In megabytes."""
    java: str
    version: str
    started_at: str
    """ISO 8601, UTC."""
    detached: bool

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


def state_file(folder: Path) -> Path:
    """Return the path of the state file of a node's folder."""
    return folder / "node.json"


def read_state(folder: Path) -> NodeState | None:
    """Read the state; None when no node was started, or the file cannot be understood."""
    try:
        return NodeState(**json.loads(state_file(folder).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def write_state(folder: Path, state: NodeState) -> None:
    """Write the state, whole or not at all. The caller holds the node's lock."""
    path = state_file(folder)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(state), indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def clear_state(folder: Path) -> None:
    """Forget the node."""
    state_file(folder).unlink(missing_ok=True)

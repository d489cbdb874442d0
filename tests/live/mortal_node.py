"""An OpenSearch that is killed, and comes back where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from peerscope.engine import Node

if TYPE_CHECKING:
    from peerscope.engine import EngineSettings


class MortalNode:
    """A node of one test file, with the same address and data after each start."""

    def __init__(self, settings: EngineSettings) -> None:
        started = Node(settings).start()
        self.node, self.pid, self.url = Node(settings.on_port(started.port)), started.pid, started.url

    def kill(self) -> None:
        process = psutil.Process(self.pid)
        process.kill()
        # A child of ours stays as a zombie until it is waited for.
        process.wait(20)

    def start(self) -> None:
        self.pid = self.node.start().pid

"""Looks after the embedded node while a long job uses it: one that dies is started again where it was."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from peerscope.engine.errors import EngineError
from peerscope.engine.node import Node
from peerscope.engine.settings import EngineSettings
from peerscope.engine.state import read_state

if TYPE_CHECKING:
    from peerscope.settings import Settings

EVERY = 2.0  # seconds between looks


def keep_alive(settings: Settings | EngineSettings | None = None, *, every: float = EVERY) -> threading.Thread | None:
    """Watch over the embedded node from a thread, and start it again when it has died or hangs.

    It comes back on the port that clients know. The thread ends when the node is stopped on purpose, by whomever. There
    is none for a named cluster, which looks after itself, nor when no node runs.
    """
    settings = EngineSettings.from_settings(settings)
    state = None if settings.url else Node(settings).answering()
    if state is None:
        return None
    node = Node(settings.on_port(state.port))
    thread = threading.Thread(target=_watch, args=(node, every), kwargs={"detach": state.detached}, daemon=True)
    thread.start()
    return thread


def _watch(node: Node, every: float, *, detach: bool) -> None:
    while True:
        time.sleep(every)
        try:
            if node.answering():
                continue
            if not read_state(node.place.folder):
                return
            node.start(detach=detach)
        except EngineError:
            logging.getLogger(__name__).exception("OpenSearch is gone and does not start; trying again")

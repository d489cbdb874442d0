"""Looks after the embedded node while a long job uses it: one that dies is started again where it was."""

from __future__ import annotations

import atexit
import logging
import threading

from engine.errors import EngineError
from engine.node import Node
from engine.settings import EngineSettings

#: Seconds between looks.
EVERY = 2.0


def keep_alive(every: float = EVERY) -> threading.Thread | None:
    """Watch over the embedded node from a thread, and start it again when it has died or hangs.

    It comes back on the port that clients know. A named cluster looks after itself, and so does who started no node:
    then there is no thread.
    """
    settings = EngineSettings.from_env()
    state = None if settings.url else Node(settings).answering()
    if state is None:
        return None
    node, ending = Node(settings.on_port(state.port)), threading.Event()
    # Registered after the node's own end, so it runs before: a node that is stopped on purpose stays stopped.
    atexit.register(ending.set)

    def watch() -> None:
        while not ending.wait(every):
            try:
                if not node.answering() and not ending.is_set():
                    node.start(detach=state.detached)
            except EngineError:
                logging.getLogger(__name__).exception("OpenSearch is gone and does not start; trying again")

    thread = threading.Thread(target=watch, name="engine-watch", daemon=True)
    thread.start()
    return thread

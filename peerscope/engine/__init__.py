"""OPENSEARCH: settings, client, the embedded node, readiness.

`connect()` is all that the other rooms need: it gives a client, whether OpenSearch is a cluster somewhere or a child
process on this laptop.
"""

from peerscope.engine.checks import Check, diagnose
from peerscope.engine.circuit_breaker import CircuitOpen, Guard
from peerscope.engine.client import connect
from peerscope.engine.errors import EngineError
from peerscope.engine.node import Node
from peerscope.engine.readiness import wait_until_ready
from peerscope.engine.settings import EngineSettings
from peerscope.engine.watch import keep_alive

__all__ = [
    "Check",
    "CircuitOpen",
    "EngineError",
    "EngineSettings",
    "Guard",
    "Node",
    "connect",
    "diagnose",
    "keep_alive",
    "wait_until_ready",
]

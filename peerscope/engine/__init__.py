"""OpenSearch: settings, clients, the embedded node, and the circuit breaker.

`connect()` returns a client, whether OpenSearch is a cluster or the embedded node on this machine.
"""

from peerscope.engine.checks import Check, diagnose
from peerscope.engine.circuit_breaker import CircuitBreaker, CircuitOpen
from peerscope.engine.client import connect, follow
from peerscope.engine.errors import EngineError
from peerscope.engine.node import Node, NodeWatch, keep_alive
from peerscope.engine.readiness import wait_until_ready
from peerscope.engine.settings import EngineSettings

__all__ = [
    "Check",
    "CircuitBreaker",
    "CircuitOpen",
    "EngineError",
    "EngineSettings",
    "Node",
    "NodeWatch",
    "connect",
    "diagnose",
    "follow",
    "keep_alive",
    "wait_until_ready",
]

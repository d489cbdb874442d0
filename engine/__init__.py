"""OPENSEARCH: settings, client, the embedded node, readiness.

`connect()` is all that the other rooms need: it gives a client, whether OpenSearch is a cluster somewhere or a child
process on this laptop.
"""

from engine.checks import Check, diagnose
from engine.client import connect
from engine.errors import EngineError
from engine.guard import CircuitOpen, Guard
from engine.node import Node
from engine.readiness import wait_until_ready
from engine.settings import EngineSettings
from engine.watch import keep_alive

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

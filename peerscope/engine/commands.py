"""`peerscope engine`: the embedded node in the hands of a person."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.filesize import decimal

from peerscope.commands import pass_settings
from peerscope.engine.client import node_client
from peerscope.engine.logs import follow, last_lines
from peerscope.engine.node import START_TIMEOUT, Node, NodeStatus
from peerscope.engine.readiness import wait_until_ready

if TYPE_CHECKING:
    from peerscope.settings import Settings


@click.group(name="engine")
def engine() -> None:
    """Run the OpenSearch that Peerscope brings along.

    It is used when PEERSCOPE_OPENSEARCH_URL names no cluster. Other commands start it when they need it and end it with
    themselves; started from here, it stays until it is stopped.
    """


@engine.command()
@click.option("--timeout", default=START_TIMEOUT, show_default=True, help="Seconds to wait until it answers.")
@pass_settings
def start(settings: Settings, timeout: float) -> None:
    """Start OpenSearch and leave it running.

    Prints its address. The first time, OpenSearch is fetched (115 MB). PEERSCOPE_HEAP sets its memory (such as 2g),
    PEERSCOPE_ENGINE_PORT its port (9200, or a free one). Starting it twice changes nothing.
    """
    state = Node(settings).start(detach=True, timeout=timeout)
    wait_until_ready(node_client(state), timeout)
    click.echo(state.url)
    if not state.detached:
        click.echo("It was started by another command, and ends with that.", err=True)


@engine.command()
@pass_settings
def stop(settings: Settings) -> None:
    """Stop OpenSearch. What was indexed stays."""
    click.echo("stopped" if Node(settings).stop() else "it was not running")


@engine.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
@pass_settings
def status(settings: Settings, as_json: bool) -> None:
    """Return whether OpenSearch runs, where, and with what."""
    current = Node(settings).status()
    click.echo(json.dumps(asdict(current), default=str, indent=2) if as_json else _describe(current))


@engine.command()
@click.option("-n", "--lines", default=40, show_default=True, help="How many of the last lines to print.")
@click.option("-f", "--follow", "following", is_flag=True, help="Go on printing what is written, until Ctrl-C.")
@pass_settings
def logs(settings: Settings, lines: int, following: bool) -> None:
    """Print the end of OpenSearch's log."""
    path = Node(settings).place.log
    for line in last_lines(path, lines):
        click.echo(line)
    if following:
        for line in follow(path):
            click.echo(line)
    elif not path.exists():
        raise click.ClickException(f"there is no log yet at {path}")


def _describe(status: NodeStatus) -> str:
    rows = {"state": status.state, "folder": status.folder, "log": status.log}
    if node := status.node:
        rows |= {
            "address": node.url,
            "version": node.version,
            "process": f"{node.pid}, {'stays' if node.detached else 'ends with the command that started it'}",
            "started": node.started_at,
            "memory": f"{decimal(status.memory or 0)}, of it up to {node.heap} MB heap",
            "java": node.java,
        }
    return "\n".join(f"{name:8}  {value}" for name, value in rows.items())

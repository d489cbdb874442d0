"""`peerscope engine`: start, stop and inspect the bundled OpenSearch."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.filesize import decimal

from peerscope.commands import pass_settings
from peerscope.engine.client import node_client
from peerscope.engine.logs import follow, last_lines
from peerscope.engine.node import START_TIMEOUT, Node, NodeStatus
from peerscope.engine.readiness import wait_until_ready
from peerscope.terminal import echo, echo_json

if TYPE_CHECKING:
    from peerscope.settings import Settings


@click.group(name="engine")
def engine() -> None:
    """Manage the bundled OpenSearch.

    It is used unless PEERSCOPE_OPENSEARCH_URL is set to a cluster. Other commands start it when needed and stop it when
    they end; started here, it runs until it is stopped.
    """


@engine.command()
@click.option("--timeout", default=START_TIMEOUT, show_default=True, help="Seconds to wait for its answer.")
@pass_settings
def start(settings: Settings, timeout: float) -> None:
    """Start OpenSearch and leave it running.

    Prints its address. The first start downloads OpenSearch (115 MB). PEERSCOPE_HEAP sets its heap (such as 2g),
    PEERSCOPE_ENGINE_PORT its port (by default 9200 or the next free one). Has no effect if it already runs.
    """
    state = Node(settings).start(detach=True, timeout=timeout)
    wait_until_ready(node_client(state.url), timeout)
    echo(state.url)
    if not state.detached:
        echo("It was started by another command and will stop with that.", err=True)


@engine.command()
@pass_settings
def stop(settings: Settings) -> None:
    """Stop OpenSearch. The index is kept."""
    echo("Stopped." if Node(settings).stop() else "It was not running.")


@engine.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_settings
def status(settings: Settings, as_json: bool) -> None:
    """Show whether OpenSearch runs, with its address, process and memory."""
    current = Node(settings).status()
    if as_json:
        echo_json(asdict(current), default=str)
    else:
        echo(_describe(current))


@engine.command()
@click.option("-n", "--lines", default=40, show_default=True, help="Number of lines to print.")
@click.option("-f", "--follow", "following", is_flag=True, help="Continue with new lines until Ctrl-C.")
@pass_settings
def logs(settings: Settings, lines: int, following: bool) -> None:
    """Print the end of OpenSearch's log."""
    path = Node(settings).place.log
    for line in last_lines(path, lines):
        echo(line)
    if following:
        for line in follow(path):
            echo(line)
    elif not path.exists():
        raise click.ClickException(f"There is no log yet at {path}.")


def _describe(status: NodeStatus) -> str:
    rows = {"state": status.state, "folder": status.folder, "log": status.log}
    if node := status.node:
        rows |= {
            "address": node.url,
            "version": node.version,
            "process": f"{node.pid}, {'runs until stopped' if node.detached else 'stops with its starter'}",
            "started": node.started_at,
            "memory": f"{decimal(status.memory or 0)}, of which up to {node.heap} MB heap",
            "java": node.java,
        }
    return "\n".join(f"{name:8}  {value}" for name, value in rows.items())

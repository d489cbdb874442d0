"""`peerscope demo`: indexes the sample and serves it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from peerscope import engine, sample
from peerscope.commands import pass_settings
from peerscope.demo_check import ask_all, wait_until_ready
from search_api.commands import serve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from peerscope.settings import Settings

#: Prefix of the sample's indices, so that it never mixes with what a user has indexed.
DEMO_PREFIX = "peerscope-demo-"


@click.command(short_help="Index the sample that ships with Peerscope and serve it.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--check", is_flag=True, help="Ask the main questions over HTTP, print the answers, and exit.")
@click.pass_context
@pass_settings
def demo(settings: Settings, context: click.Context, port: int, check: bool) -> None:
    """Index the sample that ships with Peerscope and serve it: from nothing to answers in one command.

    The sample is indexed under its own prefix (peerscope-demo-), so that your own index is not touched.
    """
    # `serve` finds these settings in the context; the commands in other processes take them from their environment.
    context.obj = settings.model_copy(update={"index_prefix": DEMO_PREFIX})
    environment = {**os.environ, "PEERSCOPE_INDEX_PREFIX": DEMO_PREFIX}
    engine.connect(context.obj)
    # In another process, so that the server's workers do not inherit the memory that indexing needed.
    indexed = subprocess.run(command("index", str(sample.WORKS)), env=environment, check=False)  # noqa: S603 (ourselves)
    if indexed.returncode:
        raise SystemExit(indexed.returncode)
    if check:
        _check(port, environment)
    else:
        context.invoke(serve, host="127.0.0.1", port=port)


def command(*words: str) -> list[str]:
    """Return the command line that runs this program again."""
    return [sys.executable, "-m", "peerscope", *words]


def _check(port: int, environment: Mapping[str, str]) -> None:
    """Serve in another process, ask it every question, and end it. Raises `NoAnswerError`."""
    base = f"http://127.0.0.1:{port}"
    quiet = {**environment, "PEERSCOPE_LOG": "off"}  # the request log would mix with the answers
    server = subprocess.Popen(command("serve", "--port", str(port)), env=quiet)  # noqa: S603 (ourselves)
    try:
        wait_until_ready(base, alive=lambda: server.poll() is None)
        ask_all(base)
    finally:
        server.terminate()
        server.wait(timeout=30)

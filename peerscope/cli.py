"""The one command, `peerscope`: wires the rooms' commands together."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from accounts.admin.commands import audit, claims, domains, people
from accounts.commands import accounts
from accounts.follows.commands import digest
from accounts.moderation.commands import reports
from indexer.identity.commands import duplicates, why_merged
from indexer.run.commands import index, rollback, runs
from peerscope import embedding, engine, sample
from peerscope.demo_check import NoAnswerError, ask_all, wait_until_ready
from peerscope.engine.commands import engine as engine_group
from peerscope.evaluation.commands import evaluate
from search_api.commands import engine_or_fail, search, serve, similar

#: The sample has indices of its own, so that it never mixes with what a person has indexed.
DEMO_PREFIX = "peerscope-demo-"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="peerscope")
def main() -> None:
    """Discover research: who works on this, what else is like this, and which researchers are like this one."""


@main.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen at.")
@click.option("--check", is_flag=True, help="Ask the main questions over HTTP, print the answers, and end.")
@click.pass_context
def demo(context: click.Context, port: int, check: bool) -> None:
    """Index the sample that ships with Peerscope and serve it: one command from nothing to answers.

    The sample goes into indices of its own (peerscope-demo-...); what you have indexed yourself is not touched.
    """
    os.environ["PEERSCOPE_INDEX_PREFIX"] = DEMO_PREFIX
    engine_or_fail()
    # In a process of its own, so that the server's workers do not carry what indexing needed.
    indexed = subprocess.run(command("index", str(sample.WORKS)), check=False)  # noqa: S603 (ourselves)
    if indexed.returncode:
        raise SystemExit(indexed.returncode)
    if check:
        _check(port)
    else:
        context.invoke(serve, host="127.0.0.1", port=port)


def command(*words: str) -> list[str]:
    """Return the command line that runs this program again."""
    return [sys.executable, "-m", "peerscope", *words]


def _check(port: int) -> None:
    """Serve in another process, ask it everything, and end it."""
    base = f"http://127.0.0.1:{port}"
    # Its log would stand between the answers.
    quiet = {**os.environ, "PEERSCOPE_LOG": "off"}
    server = subprocess.Popen(command("serve", "--port", str(port)), env=quiet)  # noqa: S603 (ourselves)
    try:
        wait_until_ready(base, alive=lambda: server.poll() is None)
        ask_all(base)
    except NoAnswerError as error:
        raise click.ClickException(str(error)) from error
    finally:
        server.terminate()
        server.wait(timeout=30)


@main.command()
def doctor() -> None:
    """Look at everything Peerscope needs on this machine, and say what is missing."""
    checks: list[engine.Check | embedding.Check] = [*engine.diagnose(), *embedding.diagnose()]
    for check in checks:
        mark = click.style("ok     ", fg="green") if check.ok else click.style("problem", fg="red")
        click.echo(f"{mark}  {check.name}: {check.detail}")
    if not all(check.ok for check in checks):
        raise SystemExit(1)


for part in (engine_group, index, runs, rollback, why_merged, duplicates, serve, search, similar, evaluate, accounts):
    main.add_command(part)
for part in (claims, domains, people, audit, reports, digest):
    main.add_command(part)

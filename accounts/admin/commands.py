"""`peerscope audit`: the audit log at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from accounts.admin import service
from accounts.terminal import pass_database
from peerscope.terminal import echo, json_text

if TYPE_CHECKING:
    from accounts.database import Database


@click.command()
@click.option("-n", "count", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Rows to show.")
@click.option("--action", default="", help="Prefix of the action, such as `claim.`.")
@click.option("--target", default="", help="Id of the target.")
@click.option("--actor", default="", help="Id of the acting account.")
@pass_database
def audit(database: Database, count: int, action: str, target: str, actor: str) -> None:
    """Show the audit log, newest first."""
    filters = {"action": action, "target": target, "actor": actor}
    with database.read() as session:
        for row in service.list_audit(session, filters, per_page=count)["results"]:
            detail = json_text(row.detail) if row.detail else ""
            echo(f"{row.at:%Y-%m-%d %H:%M:%S}  {row.actor_id or 'system'}  {row.action}  {row.target}  {detail}")
